# SPDX-License-Identifier: Apache-2.0
"""
The success model: a logistic regression on grasp features, fitted to judged grasps.

It predicts the probability of passing six forces, the test of DexGraspBench in MuJoCo. ``dexlite
calibrate`` fits it; the JSON file beside this module holds the current fit and names its data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from dexlite_ros.errors import FileError
from dexlite_ros.files import read_json, write_json
from dexlite_ros.plan import GraspFeatures

FORMAT = 'dexlite_ros/success_model'
VERSION = 1
DEFAULT = Path(__file__).with_name('success_model.json')
FEATURES = tuple(each.name for each in fields(GraspFeatures))


@dataclass(frozen=True)
class SuccessModel:
    """p = 1 / (1 + exp(-(bias + weights . features)))."""

    weights: dict[str, float]
    """Weight of each feature by name, per unit of the feature."""
    bias: float
    fitted_on: dict[str, str | int | float]
    """The data it was fitted to, and the quality of the fit; informative only."""

    def probability(self, features: GraspFeatures) -> Tensor:
        """Return for each grasp the predicted probability that it holds (B,)."""
        weights = torch.tensor([self.weights[name] for name in FEATURES])
        matrix = features.matrix()
        return torch.sigmoid(matrix @ weights.to(matrix) + self.bias)

    def write(self, path: str | Path) -> None:
        """Write the model as JSON."""
        write_json(path, {'format': FORMAT, 'version': VERSION, **asdict(self)})

    @classmethod
    def read(cls, path: str | Path = DEFAULT) -> SuccessModel:
        """
        Read a model.

        :raises FileError: missing, not a success model, or for other features
        """
        content = read_json(path, FORMAT, VERSION)
        try:
            model = cls(
                {name: float(value) for name, value in content['weights'].items()},
                float(content['bias']), content['fitted_on'])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FileError(path, f'it holds no success model: {error!r}') from error
        if set(model.weights) != set(FEATURES):
            raise FileError(
                path, f'its features are {sorted(model.weights)}, not {sorted(FEATURES)}')
        return model

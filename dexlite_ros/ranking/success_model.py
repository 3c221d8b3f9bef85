# SPDX-License-Identifier: Apache-2.0
"""
The success model: several small networks from features and conditions to a probability.

Each was fitted to grasps of other objects, so where they disagree too little of the kind was seen.
``dexlite calibrate`` fits them; the files in ``success_models`` hold the current fits and name
their data. Letters: B grasps, M networks, F inputs, H hidden units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
import hashlib
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
import torch
from torch import Tensor

from dexlite_ros.conditions import Conditions
from dexlite_ros.errors import FileError
from dexlite_ros.features import GraspFeatures
from dexlite_ros.files import read_json, replaced, write_json
from dexlite_ros.hand.description import HandDescription

FORMAT = 'dexlite_ros/success_model'
VERSION = 2
MODELS = Path(__file__).with_name('success_models')
"""Folder of the models that come with the package, named after their hands."""
GENERIC = MODELS / 'generic.json'
"""The one fitted to grasps of several hands, without their joints."""
FEATURES = tuple(each.name for each in fields(GraspFeatures))
CONDITIONS = ('position_error', 'rotation_error', 'friction', 'mass')
"""The last inputs, as ``Conditions.inputs`` returns them."""
NEVER = -20.0
"""Log-odds of a grasp whose features cannot be computed."""
CLIPPED = 4.0
"""Number of standard deviations at which an input is clipped."""


@dataclass(frozen=True)
class Prediction:
    """The probability that each of B grasps holds, and how certain it is."""

    logit: Tensor
    """(B,) mean log-odds over the networks, and over the surfaces that the object may have."""
    deviation: Tensor
    """(B,) standard deviation of the log-odds over them."""

    @property
    def probability(self) -> Tensor:
        """The probability (B,) that a grasp holds."""
        return torch.sigmoid(self.logit)

    def __getitem__(self, index: Tensor) -> Prediction:
        """Select grasps."""
        return Prediction(self.logit[index], self.deviation[index])

    @classmethod
    def mixed(cls, parts: Sequence[Prediction], weights: Tensor) -> Prediction:
        """Return the mean of several, by weight; where they differ, the deviation is larger."""
        share = (weights / weights.sum())[:, None]
        logits = torch.stack([each.logit for each in parts])
        mean = (share * logits).sum(0)
        own = torch.stack([each.deviation for each in parts])
        return cls(mean, (share * (own.square() + (logits - mean).square())).sum(0).sqrt())

    def lower_bound(self, caution: float) -> Tensor:
        """Return the probability (B,) at so many deviations below the mean log-odds."""
        return torch.sigmoid(self.logit - caution * self.deviation)


@dataclass(frozen=True)
class SuccessModel:
    """M networks with two hidden layers each."""

    weights: dict[str, Tensor]
    """``mean``, ``scale`` (F,) of the inputs; ``first`` (M, F, H), ``second`` (M, H, H), ``last``
    (M, H, 1), and their ``_bias`` (M, 1, ...)."""
    fitted_on: dict[str, str | int | float]
    """The data it was fitted to, and the quality of the fit; informative only."""
    hand: str = ''
    """Name of the hand whose grasps it was fitted to; empty: several."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal digits."""
        return hashlib.sha256(save(self.weights)).hexdigest()

    def fits(self, hand: HandDescription) -> bool:
        """Return whether it was fitted to grasps of this hand, or of the hand that it mirrors."""
        return self.hand == hand.original_name

    def predict(
        self, features: GraspFeatures, joints: Tensor, conditions: Conditions
    ) -> Prediction:
        """
        Return what is expected of B grasps; one with NaN among its features will not hold.

        :param joints: (B, J) at the grasp stage [rad]; a model of several hands looks at none
        """
        matrix = features.matrix()
        known = matrix.new_tensor(conditions.inputs()).expand(len(matrix), -1)
        joints = joints[:, :len(self.weights['mean']) - len(FEATURES) - len(CONDITIONS)]
        return self.predict_inputs(torch.cat([matrix, joints.to(matrix), known], 1))

    def predict_inputs(self, inputs: Tensor) -> Prediction:
        """
        Return what is expected of B grasps.

        :param inputs: (B, F), the features in their order, the joints, and the conditions
        """
        logits = self.logits(self.scaled(inputs)).nan_to_num(NEVER)
        return Prediction(logits.mean(0), logits.std(0, correction=0))

    def scaled(self, inputs: Tensor) -> Tensor:
        """Return inputs (B, F) in standard deviations from their means, clipped."""
        mean, scale = (self.weights[name].to(inputs) for name in ('mean', 'scale'))
        return ((inputs - mean) / scale).clamp(-CLIPPED, CLIPPED)

    def logits(
        self, scaled: Tensor, dropout: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """
        Return the log-odds (M, B) of each network.

        :param dropout: share of the hidden units that a fit leaves out at random
        """
        hidden = scaled
        for layer in ('first', 'second'):
            weights, bias = (self.weights[name].to(scaled) for name in (layer, f'{layer}_bias'))
            hidden = torch.nn.functional.silu(hidden @ weights + bias)
            if dropout:
                kept = torch.rand(hidden.shape, generator=generator) >= dropout
                hidden = hidden * kept / (1.0 - dropout)
        last, bias = (self.weights[name].to(scaled) for name in ('last', 'last_bias'))
        return (hidden @ last + bias)[..., 0]

    def write(self, path: str | Path) -> None:
        """Write the model as PATH, a JSON file, with its weights as .safetensors beside it."""
        path = Path(path)
        with replaced(_weights(path)) as temporary:
            temporary.write_bytes(save(
                {name: value.contiguous() for name, value in self.weights.items()}))
        write_json(path, {
            'format': FORMAT, 'version': VERSION, 'weights': self.digest,
            'hand': self.hand,
            'features': FEATURES, 'conditions': CONDITIONS, 'fitted_on': self.fitted_on})

    @classmethod
    def of(cls, hand: HandDescription) -> SuccessModel:
        """Return the model of a hand, or of its original; without one, that of several hands."""
        path = MODELS / f'{hand.original_name}.json'
        return cls.read(path if path.is_file() else GENERIC)

    @classmethod
    def read(cls, path: str | Path) -> SuccessModel:
        """
        Read a model.

        :raises FileError: missing, not a success model, for other features, or with other weights
        """
        path = Path(path)
        content = read_json(path, FORMAT, VERSION)
        for name, mine in (('features', FEATURES), ('conditions', CONDITIONS)):
            if content.get(name) != list(mine):
                raise FileError(path, f'its {name} are {content.get(name)}, not {list(mine)}')
        try:
            model = cls(load_file(_weights(path)), dict(content['fitted_on']), content['hand'])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise FileError(path, f'it holds no success model: {error!r}') from error
        _check(path, model, content)
        return model


def _weights(path: Path) -> Path:
    return path.with_suffix('.safetensors')


def _check(path: Path, model: SuccessModel, content: dict[str, Any]) -> None:
    """Raise an error if weights do not fit the file that describes them."""
    if model.digest != content.get('weights'):
        raise FileError(_weights(path), f'these are not the weights that {path.name} describes')

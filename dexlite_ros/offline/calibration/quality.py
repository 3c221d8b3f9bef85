# SPDX-License-Identifier: Apache-2.0
"""How well a success model tells grasps that hold from others, on objects left out of its fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.calibration.examples import Examples
from dexlite_ros.offline.calibration.fitting import fit, FitSettings
from dexlite_ros.offline.evaluation.figures import Calibration, calibration_of

FOLDS = 5
BEST = (1, 5, 20)


@dataclass(frozen=True)
class Quality:
    """Of the predictions for one kind of scene and one level of conditions."""

    kind: str
    level: str
    grasps: int
    scenes: int
    held: float
    """Share of all grasps that held."""
    auc: float
    """Area under the ROC curve; NaN if all held, or none."""
    auc_within: float
    """Mean over scenes of the area among their grasps, where some held and some did not."""
    calibration: Calibration
    best: tuple[float, ...]
    """Mean share that held of the first 1, 5, 20 by prediction, over scenes."""


def predicted_unseen(examples: Examples, settings: FitSettings) -> NDArray[np.float64]:
    """
    Return the probability (N,) of each example from a model that never saw its object.

    :raises InvalidRequest: with fewer objects than folds
    """
    objects = len(set(examples.object))
    if objects < FOLDS:
        raise InvalidRequest('labels', f'{objects} objects', f'{FOLDS} objects or more')
    probability = np.zeros(len(examples))
    folds = GroupKFold(FOLDS).split(examples.inputs, groups=examples.object)
    for train, test in folds:
        model = fit(examples[train], settings)
        found = model.predict_inputs(torch.from_numpy(examples.inputs[test]))
        probability[test] = found.probability.numpy()
    return probability


def qualities(examples: Examples, probability: NDArray[np.float64]) -> list[Quality]:
    """
    Return the quality for each kind of scene and level, over grasps that a search found.

    :param probability: (N,) predictions
    """
    found = []
    for kind in sorted(set(examples.kind)):
        for level in dict.fromkeys(examples.level):
            own = (examples.kind == kind) & (examples.level == level) & examples.found
            if own.any():
                found.append(_quality(examples[own], probability[own]))
    return found


def _quality(examples: Examples, probability: NDArray[np.float64]) -> Quality:
    held = examples.held
    within, best = [], []
    for scene in np.unique(examples.scene):
        own = examples.scene == scene
        order = np.argsort(-probability[own], kind='stable')
        best.append([held[own][order][:count].mean() for count in BEST])
        area = _area(held[own], probability[own])
        within += [] if np.isnan(area) else [area]
    return Quality(
        str(examples.kind[0]), str(examples.level[0]), len(examples), len(best),
        float(held.mean()), _area(held, probability),
        float(np.mean(within)) if within else float('nan'),
        calibration_of(probability, held.astype(float)), tuple(np.mean(best, 0).tolist()))


def _area(held: NDArray[np.float32], probability: NDArray[np.float64]) -> float:
    truth = held > 0.5
    if truth.all() or not truth.any():
        return float('nan')
    return float(roc_auc_score(truth, probability))

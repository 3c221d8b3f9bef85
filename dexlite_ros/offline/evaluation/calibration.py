# SPDX-License-Identifier: Apache-2.0
"""Fit the success model to judged grasps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation.figures import calibration_of, outcomes, PREDICTED, read_cell
from dexlite_ros.ranking.success_model import FEATURES, SuccessModel

FOLDS = 10
PENALTY = 0.3
"""Inverse strength of the penalty on standardised weights (scikit-learn's C)."""


@dataclass(frozen=True)
class Calibration:
    """A success model, and the influence of each of its features."""

    model: SuccessModel
    influence: dict[str, float]
    """Change of the log-odds per standard deviation of the feature, by name, largest first."""


def calibrate(evaluations: list[Path]) -> Calibration:
    """
    Return a model fitted to the six-force verdicts of evaluations.

    Its reported quality (area under the curve, calibration error) is cross-validated over objects.

    :param evaluations: folders written by ``dexlite evaluate``
    :raises InvalidRequest: when there are too few judged grasps to learn from
    """
    rows = list(_rows(evaluations))
    if not rows:
        raise InvalidRequest('evaluations', [str(each) for each in evaluations],
                             'folders with judged grasps that have features')
    groups = np.array([name for name, _, _ in rows])
    features = np.array([row for _, row, _ in rows])
    passed = np.array([verdict for _, _, verdict in rows])
    unseen = _unseen(groups, features, passed)
    judged = calibration_of(unseen, passed.astype(float))
    weights, bias, _ = fit(features, passed)
    names = sorted(set(groups))
    model = SuccessModel(dict(zip(FEATURES, weights.tolist())), bias, {
        'objects': len(names), 'grasps': len(rows), 'success': round(float(passed.mean()), 4),
        'unseen_auc': round(float(roc_auc_score(passed, unseen)), 4),
        'unseen_ece': round(judged.error, 4), 'unseen_brier': round(judged.brier, 4),
        'names': ' '.join(names)})
    influence = weights * features.std(0)
    return Calibration(model, {
        FEATURES[index]: float(influence[index]) for index in np.argsort(-np.abs(influence))})


def _unseen(
    groups: NDArray[Any], features: NDArray[Any], passed: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the probability (N,) of each grasp from a model that never saw its object."""
    failing, holding = (len(set(names)) for names in (groups[~passed], groups[passed]))
    if min(failing, holding) < 2:
        raise InvalidRequest(
            'evaluations', f'{holding} objects that were held, {failing} that were not',
            'at least two of each')
    probability = np.zeros(len(groups))
    # Every fold has objects that fail, so that no fit sees only successes.
    folds = StratifiedGroupKFold(min(FOLDS, failing, holding))
    for train, test in folds.split(features, passed, groups):
        probability[test] = fit(features[train], passed[train])[2](features[test])
    return probability


def fit(
    features: NDArray[Any], passed: NDArray[Any]
) -> tuple[NDArray[Any], float, Callable[[NDArray[Any]], NDArray[Any]]]:
    """Return weights (F,), bias, and the function from features (N, F) to probabilities (N,)."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))
    pipeline.fit(features, passed)
    scaler, regression = (step for _, step in pipeline.steps)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    return weights, bias, lambda new: pipeline.predict_proba(new)[:, 1]


def _rows(folders: list[Path]) -> Iterator[tuple[str, list[float], bool]]:
    """Yield object, features and verdict of every grasp of evaluations."""
    for folder in folders:
        for path in sorted((folder / 'cells').glob('*.json')):
            cell = {} if path.name.endswith('.grasps.json') else read_cell(path)
            if not cell.get('grasps') or 'features' not in cell['grasps'][0]:
                continue
            if PREDICTED[0] not in cell['grasps'][0]['verdicts']:
                raise InvalidRequest(
                    'evaluations', str(folder), f'evaluations whose --tests had {PREDICTED[0]}')
            if set(cell['grasps'][0]['features']) != set(FEATURES):
                raise InvalidRequest(
                    'evaluations', str(folder), 'evaluations with the features of this release: '
                    'repeat them')
            for grasp, held in zip(cell['grasps'], outcomes(cell, PREDICTED[0])):
                yield cell['object'], [grasp['features'][name] for name in FEATURES], bool(held)

"""``dexlite calibrate``: teach the success model from judged grasps."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation_figures import calibration_of, outcomes, PREDICTED, read_cell
from dexlite_ros.ranking.success_model import DEFAULT, FEATURES, SuccessModel

FOLDS = 10
PENALTY = 0.3
"""Inverse strength of the penalty on standardised weights (scikit-learn's C)."""


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite calibrate``."""
    parser = argparse.ArgumentParser(
        prog='dexlite calibrate', description='Fit the model of success to the six-force verdicts '
        'of evaluations, and tell how well it predicts objects it was not fitted to.')
    parser.add_argument('evaluations', nargs='+', type=Path,
                        help='folders that dexlite evaluate wrote; never those to report on')
    parser.add_argument('--output', type=Path, default=DEFAULT,
                        help='where the model goes (the one the planner uses)')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite calibrate``."""
    args = parser().parse_args(argv)
    rows = list(_rows(args.evaluations))
    if not rows:
        raise InvalidRequest('evaluations', [str(each) for each in args.evaluations],
                             'folders with judged grasps that have features')
    groups = np.array([name for name, _, _ in rows])
    features = np.array([row for _, row, _ in rows])
    passed = np.array([verdict for _, _, verdict in rows])
    objects, failing, holding = (
        len(set(names)) for names in (groups, groups[~passed], groups[passed]))
    if min(failing, holding) < 2:
        raise InvalidRequest(
            'evaluations', f'{holding} objects that were held, {failing} that were not',
            'at least two of each')
    unseen = np.zeros(len(rows))
    # Every fold has objects that fail, so that no fit sees successes alone.
    folds = StratifiedGroupKFold(min(FOLDS, failing, holding))
    for train, test in folds.split(features, passed, groups):
        unseen[test] = fit(features[train], passed[train])[2](features[test])
    judged = calibration_of(unseen, passed.astype(float))
    fitted_on = {
        'objects': objects, 'grasps': len(rows), 'success': round(float(passed.mean()), 4),
        'unseen_auc': round(float(roc_auc_score(passed, unseen)), 4),
        'unseen_ece': round(judged.error, 4), 'unseen_brier': round(judged.brier, 4),
        'names': ' '.join(sorted(set(groups)))}
    weights, bias, _ = fit(features, passed)
    SuccessModel(dict(zip(FEATURES, weights.tolist())), bias, fitted_on).write(args.output)
    scale = features.std(0)
    for index in np.argsort(-np.abs(weights * scale)):
        print(f'{FEATURES[index]:<20} {weights[index] * scale[index]:+6.2f} per deviation')
    print(', '.join(f'{name} {value}' for name, value in fitted_on.items() if name != 'names'))
    print(f'model: {args.output}')
    return 0


def fit(features: NDArray, passed: NDArray) -> tuple[NDArray, float, object]:
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
            if PREDICTED not in cell['grasps'][0]['verdicts']:
                raise InvalidRequest(
                    'evaluations', str(folder), f'evaluations whose --tests had {PREDICTED}')
            for grasp, held in zip(cell['grasps'], outcomes(cell, PREDICTED)):
                yield cell['object'], [grasp['features'][name] for name in FEATURES], bool(held)

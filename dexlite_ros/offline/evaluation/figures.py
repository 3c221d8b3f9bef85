# SPDX-License-Identifier: Apache-2.0
"""
From cells to figures: success by rank, intervals, calibration, failure reasons.

Objects count equally: figures are means over objects of means over an object's cells. A cell
without grasps counts as a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from dexlite_ros.errors import FileError

PREDICTED = ('six-forces', 'table-lift', 'noise', 'table-lift-noise')
"""The tests that predicted probabilities are compared with, the first that was made; of those with
a perturbed wrist only if the planner was told of it are they about the same."""
BINS = 10
"""Number of equally wide bins of predicted probability."""
LENGTHS = ('penetration', 'self_penetration', 'finger_distance', 'finger_spread')
"""Figures of a grasp that are lengths, in metres."""
QUICK = {'six-forces-quick': 'six-forces', 'lift-quick': 'lift'}
"""The full test behind each quick one."""
ALL = 10_000
"""More grasps than any cell has."""
Content = dict[str, Any]
"""Content of a cell's file."""


@dataclass(frozen=True)
class Share:
    """A mean over objects with its 95 % interval, by bootstrap over objects."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """Agreement of predicted probabilities with outcomes."""

    error: float
    """Expected calibration error: mean of |predicted - happened| over bins, weighted by count."""
    brier: float
    """Mean squared difference of probability and outcome."""
    predicted: NDArray[np.float64]
    """(BINS,) mean prediction of each bin; NaN for an empty one."""
    happened: NDArray[np.float64]
    """(BINS,) success rate in each bin."""
    count: NDArray[np.int64]
    """(BINS,) number of grasps in each bin."""


def read_cell(path: Path) -> Content:
    """
    Return the content of a cell's file.

    :raises FileError: when the file cannot be read as a cell
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FileError(path, str(error)) from error


def outcomes(cell: Content, test: str) -> NDArray[np.bool_]:
    """Return (K,) whether each grasp of a cell passed a test, best first."""
    return np.array([each['verdicts'][test]['passed'] for each in cell['grasps']], bool)


def success(cells: list[Content], test: str, best: int = ALL) -> Share:
    """Return the share of the ``best`` grasps of each cell that passed."""
    return share(list(by_object(cells, lambda cell: rate(cell, test, best)).values()))


def rate(cell: Content, test: str, best: int = ALL) -> float:
    """
    Return the share of a cell's ``best`` grasps that passed; 0 without grasps.

    In a scene, grasps that are missing among the wanted ones count as failed.
    """
    passed = outcomes(cell, test)[:best]
    wanted = cell.get('wanted')
    count = len(passed) if wanted is None else min(best, wanted)
    return float(passed.sum() / count) if count else 0.0


def any_passed(cell: Content, test: str, best: int = ALL) -> float:
    """Return 1 if any of the ``best`` grasps of a cell passed, else 0."""
    return float(outcomes(cell, test)[:best].any())


def share(values: list[float]) -> Share:
    """Return the mean of per-object values, with its interval."""
    mean = float(np.mean(values))
    if len(values) < 2 or np.ptp(values) == 0:
        return Share(mean, mean, mean)
    interval = bootstrap(
        (values,), np.mean, n_resamples=5000, method='percentile',
        rng=np.random.default_rng(0)).confidence_interval
    return Share(mean, float(interval.low), float(interval.high))


def by_object(
    cells: list[Content], figure: Callable[[Content], float]
) -> dict[str, float]:
    """Return the mean of a figure over each object's cells; NaN cells are left out."""
    values: dict[str, list[float]] = {}
    for cell in cells:
        values.setdefault(cell['object'], []).append(figure(cell))
    means = {}
    for name, row in values.items():
        known = [value for value in row if np.isfinite(value)]
        means[name] = float(np.mean(known)) if known else np.nan
    return means


def mean_of_grasps(cells: list[Content], name: str) -> float:
    """Return the mean over objects of one of the grasps' figures."""
    def of_cell(cell: Content) -> float:
        values = [each[name] for each in cell['grasps']]
        return float(np.mean(values)) if values else np.nan

    return _mean_of_known(by_object(cells, of_cell))


def median_of_grasps(cells: list[Content], name: str) -> float:
    """Return the median of a figure over all grasps, robust to outliers; NaN without grasps."""
    values = [
        each[name] for cell in cells for each in cell['grasps'] if each.get(name) is not None]
    return float(np.median(values)) if values else np.nan


def mean_of_cells(cells: list[Content], name: str) -> float:
    """Return the mean over objects of a cell's figure, such as 'diversity' or 'seconds'."""
    def of_cell(cell: Content) -> float:
        value = cell['plan'].get(name, cell.get(name))
        return np.nan if value is None else float(value)

    return _mean_of_known(by_object(cells, of_cell))


def _mean_of_known(values: dict[str, float]) -> float:
    known = [value for value in values.values() if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def reasons(cells: list[Content], test: str) -> Counter[str]:
    """Return the number of failures in a test, by reason; in scenes 'missing' is one."""
    found = Counter(
        each['verdicts'][test]['reason'] for cell in cells for each in cell['grasps']
        if not each['verdicts'][test]['passed'])
    missing = sum(
        cell['wanted'] - len(cell['grasps']) for cell in cells if cell.get('wanted') is not None)
    return found + Counter({'missing': missing})


def by_pattern(cells: list[Content], test: str) -> dict[str, dict[str, int]]:
    """Return how many grasps of each contact pattern were returned, and passed a test."""
    found: dict[str, Counter[str]] = {}
    for cell in cells:
        for each in cell['grasps']:
            if 'contact_pattern' in each:
                found.setdefault(each['contact_pattern'], Counter()).update(
                    returned=1, held=int(each['verdicts'][test]['passed']))
    return {name: dict(found[name]) for name in sorted(found)}


def disagreement(cells: list[Content], quick: str) -> dict[str, int]:
    """Return how many grasps pass only the quick test or only the full one, and are judged."""
    pairs = [(each['verdicts'][quick]['passed'], each['verdicts'][QUICK[quick]]['passed'])
             for cell in cells for each in cell['grasps']]
    return {
        'only_quick': sum(short and not full for short, full in pairs),
        'only_full': sum(full and not short for short, full in pairs), 'grasps': len(pairs)}


def calibration(cells: list[Content], test: str) -> Calibration | None:
    """Return the calibration of the predicted probabilities; None without predictions."""
    pairs = [
        (each['success_probability'], each['verdicts'][test]['passed'])
        for cell in cells for each in cell['grasps']
        if each.get('success_probability') is not None]
    if not pairs:
        return None
    return calibration_of(*(np.array(column, float) for column in zip(*pairs)))


def calibration_of(
    predicted: NDArray[np.float64], passed: NDArray[np.float64]
) -> Calibration:
    """Return the calibration of predictions (N,) in [0, 1] against outcomes (N,), 0 or 1."""
    place = np.minimum((predicted * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    with np.errstate(invalid='ignore'):
        mean_predicted = np.bincount(place, predicted, BINS) / count
        mean_passed = np.bincount(place, passed, BINS) / count
    gap = np.nan_to_num(np.abs(mean_predicted - mean_passed))
    return Calibration(
        float((gap * count).sum() / count.sum()), float(np.mean((predicted - passed) ** 2)),
        mean_predicted, mean_passed, count)

# SPDX-License-Identifier: Apache-2.0
"""Judge grasps of a dataset again with the full tests, using only the dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import torch

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.dataset.checks import Content
from dexlite_ros.offline.dataset.store import held
from dexlite_ros.offline.physics.judge import judge
from dexlite_ros.offline.workers.processes import run_tasks

FULL_TESTS = ('six-forces', 'lift')


@dataclass(frozen=True)
class Rejudged:
    """Grasps of one object at one scale."""

    pieces: list[NDArray[np.float64]]
    grasps: StagedGrasp
    keys: list[str]


def rejudge(
    content: Content, count: int, rng: np.random.Generator, workers: int, limit: float = 0.0
) -> dict[str, bool]:
    """
    Return, by key, whether ``count`` random grasps that held before hold again.

    :param limit: time that the grasps of one object may take; longer counts as not held [s]
    """
    good = np.flatnonzero(held(content.grasps))
    rows = np.sort(rng.choice(good, min(count, len(good)), replace=False))
    verdicts: dict[str, bool] = {}
    for task, passed in run_tasks(
            _again, _tasks(content, rows), workers=workers, unit='object', limit=limit,
            late=lambda task, _: [False] * len(task.keys)):
        verdicts |= dict(zip(task.keys, passed))
    return verdicts


def _tasks(content: Content, rows: NDArray[np.int64]) -> list[Rejudged]:
    """Return the grasps to judge, grouped by object and scale."""
    table: pa.Table = content.grasps.take(rows)
    names, scales = table['object'].to_pylist(), table['scale'].to_pylist()
    tasks = []
    for name, scale in sorted(set(zip(names, scales))):
        members = [
            int(row) for row, *key in zip(rows, names, scales) if tuple(key) == (name, scale)]
        tasks.append(Rejudged(
            [piece * scale for piece in content.prepared[name].pieces],
            content.staged[torch.tensor(members)], [content.keys[row] for row in members]))
    return tasks


def _again(task: Rejudged) -> list[bool]:
    """Judge the grasps of one object; called by workers."""
    verdicts = [list(judge(task.grasps, task.pieces, test)) for test in FULL_TESTS]
    return [all(each.passed for each in row) for row in zip(*verdicts)]

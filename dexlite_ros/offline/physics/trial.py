"""Judge a set of grasps by several tests, in parallel, into a file that later runs complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.physics.judge import find_test, judge, TestName
from dexlite_ros.offline.physics.protocols import Verdict
from dexlite_ros.offline.physics.verdict_file import read_verdicts, Verdicts, write_verdicts
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.plan_file import GraspSet

CHUNK = 5
"""Grasps in a task: few, so that little is lost, enough to be worth a scene."""
SAVE_EVERY = 5.0
"""Time between writings of the file [s]."""


@dataclass(frozen=True)
class Trial:
    """Grasps of one object, and the tests they are put to."""

    grasp_set: GraspSet
    pieces: list[NDArray[np.float64]]
    """Corners (V, 3) of the object's convex pieces, in the frame of the grasps [m]."""
    tests: tuple[TestName, ...]
    table: float | None = None
    """Height of the table the object stands on [m]; only lifting knows it. None: none."""
    seed: int = 0
    """Of the noise."""

    def key(self) -> str:
        """Return a short name of all that decides the verdicts."""
        arrays = [part.numpy().tobytes() for batch in vars(self.grasp_set.grasps).values()
                  for part in vars(batch).values()]
        return fingerprint(
            *arrays, *(np.asarray(each).tobytes() for each in self.pieces),
            [(name, find_test(name).key()) for name in self.tests], self.table, self.seed)


@dataclass(frozen=True)
class JudgeTask:
    """Some grasps of one object for one test."""

    test: str
    first: int
    grasps: StagedGrasp
    pieces: list[NDArray[np.float64]]
    hand: str
    table: float | None
    seed: int


def judge_all(
    trial: Trial, workers: int = 0, output: Path | None = None
) -> dict[str, list[Verdict]]:
    """
    Return the verdict of every test on every grasp, by name of the test.

    :param workers: processes; 0: one per CPU
    :param output: a file that is kept up to date and completed by later runs; None: none
    :raises InvalidRequest: when the file belongs to another trial
    """
    key = trial.key()
    verdicts = _known(trial, key, output)
    saved = time.monotonic()
    try:
        tasks = list(_missing(trial, verdicts))
        for task, row in run_tasks(judge_task, tasks, workers=workers, unit='task'):
            verdicts[task.test][task.first:task.first + len(row)] = row
            if output and time.monotonic() > saved + SAVE_EVERY:
                write_verdicts(output, key, verdicts)
                saved = time.monotonic()
    finally:
        if output:
            write_verdicts(output, key, verdicts)
    return {name: [each for each in row if each is not None] for name, row in verdicts.items()}


def judge_task(task: JudgeTask) -> list[Verdict]:
    """Return the verdicts of one task; workers call it."""
    return list(judge(
        task.grasps, task.pieces, task.test, hand=task.hand, table=task.table, seed=task.seed,
        first=task.first))


def _known(trial: Trial, key: str, output: Path | None) -> Verdicts:
    """Return what the file says already, and None for everything else."""
    if not output or not output.exists():
        count = len(trial.grasp_set.grasps)
        return {name: [None] * count for name in trial.tests}
    known, verdicts = read_verdicts(output)
    if known != key:
        raise InvalidRequest(
            'output', str(output), 'a new path: the file answers another question')
    return verdicts


def _missing(trial: Trial, verdicts: Verdicts) -> Iterator[JudgeTask]:
    """Yield what is still to be judged."""
    grasps, hand = trial.grasp_set.grasps, trial.grasp_set.hand
    for name, row in verdicts.items():
        for first in range(0, len(grasps), CHUNK):
            if None in row[first:first + CHUNK]:
                yield JudgeTask(
                    name, first, grasps[first:first + CHUNK], trial.pieces, hand, trial.table,
                    trial.seed)

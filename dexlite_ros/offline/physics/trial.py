# SPDX-License-Identifier: Apache-2.0
"""Judge all grasps of a set in several tests with worker processes, resuming from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import math
from pathlib import Path
import time

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.physics.closing import TIMED_OUT, Verdict
from dexlite_ros.offline.physics.judge import (
    Conditions,
    find_test,
    GraspTest,
    judge,
    TestName,
    USUAL,
)
from dexlite_ros.offline.physics.verdict_file import read_verdicts, Verdicts, write_verdicts
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.plan_file import GraspSet

CHUNK = 5
"""Grasps per task: few, so that little is lost, but enough to amortise a scene."""
SAVE_EVERY = 5.0
"""Minimum time between writes of the file [s]."""


@dataclass(frozen=True)
class Trial:
    """Grasps of one object, and the tests to run on them."""

    grasp_set: GraspSet
    pieces: list[NDArray[np.float64]]
    """Corners (V, 3) of the object's convex pieces, in the frame of the grasps [m]."""
    tests: tuple[TestName, ...]
    table: float | None = None
    """Height of the table in the lift test [m]; None: no table."""
    seed: int = 0
    """Seed of the noise."""
    conditions: Conditions = USUAL
    """Mass and friction, where they are not those of the tests."""

    def test(self, name: str) -> GraspTest:
        """
        Return one of the tests, in the world of this trial.

        :raises InvalidRequest: for a friction in a test that has its own
        """
        return find_test(name).under(self.conditions)

    def worlds(self) -> dict[str, dict[str, float]]:
        """Return the object's mass [kg] and the friction coefficient in every test."""
        settings = {name: self.test(name).simulation for name in self.tests}
        return {name: {'mass': each.mass, 'friction': each.friction}
                for name, each in settings.items()}

    def key(self) -> str:
        """Return a short hash of everything that determines the verdicts."""
        arrays = [part.numpy().tobytes() for batch in vars(self.grasp_set.grasps).values()
                  for part in vars(batch).values()]
        return fingerprint(
            *arrays, *(np.asarray(each).tobytes() for each in self.pieces),
            [(name, self.test(name).key()) for name in self.tests], self.table, self.seed)


@dataclass(frozen=True)
class JudgeTask:
    """Some grasps of one object for one test."""

    test: str
    first: int
    grasps: StagedGrasp
    pieces: list[NDArray[np.float64]]
    hand: HandDescription
    table: float | None
    seed: int
    conditions: Conditions


def judge_all(
    trial: Trial, workers: int = 0, output: Path | None = None, limit: float = 0.0
) -> dict[str, list[Verdict]]:
    """
    Return the verdict of every test on every grasp, by name of the test.

    :param workers: worker processes; 0: one per CPU
    :param limit: time that a few grasps may take in one test; they then fail as 'timed out',
        and are judged again when the file is resumed [s]. 0: any time
    :param output: file to keep up to date and resume from; None: no file
    :raises InvalidRequest: when the file belongs to another trial
    """
    key = trial.key()
    verdicts = _known(trial, key, output)
    saved = time.monotonic()
    try:
        tasks = list(_missing(trial, verdicts))
        for task, row in run_tasks(
                judge_task, tasks, workers=workers, unit='task', limit=limit, late=_timed_out):
            verdicts[task.test][task.first:task.first + len(row)] = row
            if output and time.monotonic() > saved + SAVE_EVERY:
                write_verdicts(output, key, verdicts, trial.worlds())
                saved = time.monotonic()
    finally:
        if output:
            write_verdicts(output, key, verdicts, trial.worlds())
    return {name: [each for each in row if each is not None] for name, row in verdicts.items()}


def judge_task(task: JudgeTask) -> list[Verdict]:
    """Return the verdicts of one task; called by workers."""
    return list(judge(
        task.grasps, task.pieces, task.test, hand=task.hand, table=task.table, seed=task.seed,
        first=task.first, conditions=task.conditions))


def _timed_out(task: JudgeTask, _: str) -> list[Verdict]:
    return [Verdict(False, TIMED_OUT, math.nan, math.nan)] * len(task.grasps)


def _known(trial: Trial, key: str, output: Path | None) -> Verdicts:
    """Return the verdicts already in the file, and None for all others."""
    if not output or not output.exists():
        count = len(trial.grasp_set.grasps)
        return {name: [None] * count for name in trial.tests}
    known, verdicts = read_verdicts(output)
    if known != key:
        raise InvalidRequest(
            'output', str(output), 'a new path: the file answers another question')
    return {
        name: [None if each is None or each.reason == TIMED_OUT else each for each in row]
        for name, row in verdicts.items()}


def _missing(trial: Trial, verdicts: Verdicts) -> Iterator[JudgeTask]:
    """Yield the tasks that are still missing."""
    grasps, hand = trial.grasp_set.grasps, find_hand(trial.grasp_set.hand)
    for name, row in verdicts.items():
        for first in range(0, len(grasps), CHUNK):
            if None in row[first:first + CHUNK]:
                yield JudgeTask(
                    name, first, grasps[first:first + CHUNK], trial.pieces, hand, trial.table,
                    trial.seed, trial.conditions)

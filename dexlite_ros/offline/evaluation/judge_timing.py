# SPDX-License-Identifier: Apache-2.0
"""Timing of the judge: the quick tests, as generation runs them, and the full ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.object.mug import mug
from dexlite_ros.offline.evaluation.timing import Case
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.physics.judge import judge_together
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

PAIRS = {'quick': ('six-forces-quick', 'lift-quick'), 'full': ('six-forces', 'lift')}
"""Six forces and lift, in both forms."""


def judge_cases(seed: int, count: int = 20) -> list[Case]:
    """
    Return the judging of grasps of a mug by six forces and a lift.

    :param seed: seed of the planner that makes the grasps
    :param count: number of grasps
    """
    mesh = mug()
    grasps = GraspPlanner(device='cpu').plan(
        mesh, PlanRequest(max_grasps=count, seed=seed)).grasps
    pieces = convex_pieces(mesh)
    return [
        Case(f'judge {len(grasps)} grasps, {name} tests', len(grasps),
             partial(_judge, grasps, pieces, tests)) for name, tests in PAIRS.items()]


def _judge(
    grasps: StagedGrasp, pieces: list[NDArray[np.float64]], tests: tuple[str, ...]
) -> int:
    """Return how many grasps pass all tests."""
    return sum(
        all(verdict.passed for verdict in row) for row in judge_together(grasps, pieces, tests))

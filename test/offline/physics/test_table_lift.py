# SPDX-License-Identifier: Apache-2.0
"""Lifting from a table, as in DexGraspBench."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.support import Plane
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.physics.hand_motion import CLOSING
from dexlite_ros.offline.physics.judge import judge, perturbed
from dexlite_ros.offline.physics.protocols import TABLE_LIFT, table_lift
from dexlite_ros.offline.physics.simulation import GraspScene
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

CAN = trimesh.creation.cylinder(0.03, 0.12).apply_translation([0.0, 0.0, 0.06])
PIECES = convex_pieces(CAN)


@pytest.fixture(scope='module')
def grasps() -> StagedGrasp:
    """Return the best four grasps of a can on a table at z = 0."""
    plan = GraspPlanner(device='cpu').plan(
        CAN, PlanRequest(max_grasps=4), support=Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    return plan.grasps


def scene(**arguments) -> GraspScene:
    """Return the can on its table."""
    return GraspScene(SHADOW_RIGHT, PIECES, table=0.0, **arguments)


def away(grasps: StagedGrasp, shift: float) -> StagedGrasp:
    """Move the hand along x at every stage [m]."""
    return grasps.each(lambda batch: replace(
        batch, translation=batch.translation + torch.tensor([shift, 0.0, 0.0])))


def test_a_firm_grasp_takes_the_object_along(grasps):
    """The object ends where it was, 10 cm higher."""
    verdicts = list(judge(grasps, PIECES, 'table-lift', table=0.0))
    held = [each for each in verdicts if each.passed]
    assert len(held) >= 3
    for each in held:
        assert each.reason == 'held' and each.moved < CLOSING.move_max
        assert each.rise == pytest.approx(1.0, abs=0.5)


def test_a_hand_that_grasps_nothing_leaves_the_object(grasps):
    """The object stands where it stood: 10 cm too low."""
    verdict = table_lift(scene(), away(grasps, 0.5), 0)
    assert not verdict.passed and verdict.reason == 'dropped'
    assert verdict.moved == pytest.approx(TABLE_LIFT.height, abs=0.002)
    assert verdict.rise == pytest.approx(0.0, abs=0.02)


def test_the_weight_acts_while_the_hand_closes(grasps):
    """Over a table that is too low, the object has fallen before the hand rises."""
    low = GraspScene(SHADOW_RIGHT, PIECES, table=-0.2)
    verdict = table_lift(low, away(grasps, 0.5), 0)
    # 1 N on 0.1 kg: 0.2 m take 0.2 s.
    assert verdict.reason == 'moved in squeeze'
    assert verdict.moved == pytest.approx(0.3, abs=0.01)


def test_what_stands_around_is_not_passed_through(grasps):
    """A wall through the pregrasp is an overlap; one far away changes nothing."""
    wrist = grasps.pregrasp.translation[0].numpy()
    block = trimesh.creation.box((0.05, 0.05, 0.05)).vertices
    with_block = table_lift(scene(fixed=[block + wrist]), grasps, 0)
    assert with_block.reason == 'overlap'
    alone, apart = (
        table_lift(scene(fixed=fixed), grasps, 0) for fixed in ([], [block + [2.0, 0.0, 0.0]]))
    assert apart.passed == alone.passed and apart.moved == pytest.approx(alone.moved, abs=1e-3)


def test_there_has_to_be_a_table(grasps):
    """Without one there is nothing to lift from."""
    with pytest.raises(InvalidRequest, match='table'):
        list(judge(grasps, PIECES, 'table-lift'))


def test_mild_noise_is_bounded(grasps):
    """Each axis of the wrist's error stays within its bound, and reaches near it."""
    rng = np.random.default_rng(0)
    one = grasps[[0]]
    shifts, angles = [], []
    for _ in range(300):
        moved = perturbed(one, 0.005, 0.1, rng, bounded=True)
        # The rotation turns about the wrist's own origin.
        shifts.append((moved.grasp.translation - one.grasp.translation)[0].numpy())
        turn = moved.grasp.rotation[0] @ one.grasp.rotation[0].T
        angles.append(float(((turn.trace() - 1.0) / 2.0).clamp(-1.0, 1.0).arccos()))
    assert 0.0045 < np.abs(shifts).max() <= 0.005
    assert 0.12 < max(angles) <= 0.1 * np.sqrt(3.0) + 1e-6

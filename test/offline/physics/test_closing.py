# SPDX-License-Identifier: Apache-2.0
"""Other ways to close: gently, stopping at contact, with a soft wrist."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.physics.closing import squeeze
from dexlite_ros.offline.physics.closing_choice import Closing, FEELING
from dexlite_ros.offline.physics.feeling_fingers import stop_at_contact
from dexlite_ros.offline.physics.judge import Conditions, judge, TESTS
from dexlite_ros.offline.physics.simulation import GraspScene, SimulationSettings
from dexlite_ros.offline.physics.touch import held_back, tip_forces
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

BALL = trimesh.creation.icosphere(3, 0.03)
PIECES = [np.asarray(BALL.vertices)]
WAYS = [Closing(way, wrist) for way in ('straight', 'touch', 'stop') for wrist in (
    'stiff', 'soft')]


@pytest.fixture(scope='module')
def grasps() -> StagedGrasp:
    """Return the three best grasps of a ball."""
    return GraspPlanner(device='cpu').plan(
        BALL, PlanRequest(num_candidates=128, max_grasps=3)).grasps


def closed(
    grasps: StagedGrasp, closing: Closing, mass: float = 0.1
) -> tuple[GraspScene, GraspBatch]:
    """Return the scene after the hand has squeezed an object [kg], and what was commanded."""
    scene = GraspScene(SHADOW_RIGHT, PIECES, SimulationSettings(mass=mass), closing=closing)
    scene.pose(grasps.pregrasp, 0)
    return scene, squeeze(scene, grasps, 0)


def beside(grasps: StagedGrasp, shift: torch.Tensor) -> StagedGrasp:
    """Return the grasps moved by (3,) at every stage [m]."""
    return grasps.each(lambda batch: replace(
        batch, translation=batch.translation + shift.to(batch.translation)))


@pytest.mark.parametrize('closing', WAYS, ids=lambda each: f'{each.way}-{each.wrist}')
def test_good_grasps_hold_however_the_hand_closes(grasps, closing):
    """Two of three at least, and the wrist ends where it is commanded."""
    conditions = Conditions(closing=closing)
    passed = [each.passed for each in judge(
        grasps, PIECES, 'six-forces-quick', conditions=conditions)]
    assert sum(passed) >= 2
    scene, last = closed(grasps, closing)
    np.testing.assert_allclose(scene.palm_position, last.translation[0], atol=2e-3)


def test_the_usual_way_keeps_its_keys_and_other_ways_have_their_own():
    """Verdicts that are known already stay valid."""
    usual = TESTS['noise']
    assert usual.under(Conditions()).key() == usual.key()
    assert 'straight' not in usual.key() and 'Closing(' not in usual.key()
    keys = {usual.under(Conditions(closing=closing)).key() for closing in WAYS}
    assert len(keys) == len(WAYS)


def test_a_late_finger_is_waited_for(grasps):
    """With the wrist 6 mm beside, late fingers go on while those that feel the ball wait."""
    fingers = np.array([name[3:5] for name in SHADOW_RIGHT.joint_names])
    apart = []
    for shift in 0.006 * torch.cat([torch.eye(3), -torch.eye(3)]).double():
        moved = beside(grasps, shift)
        scene = GraspScene(
            SHADOW_RIGHT, PIECES, SimulationSettings(), closing=Closing('stop'))
        scene.pose(moved.pregrasp, 0)
        stopped, _ = stop_at_contact(scene, moved, 0)
        way = (moved.grasp.joints - moved.pregrasp.joints)[0].double().numpy()
        gone = (stopped.joints - moved.pregrasp.joints)[0].double().numpy()
        shares = [gone[own] @ way[own] / (way[own] @ way[own])
                  for own in (fingers == name for name in ('FF', 'MF', 'RF', 'LF', 'TH'))]
        assert min(shares) > 0.8, 'as far as the grasp, or nearly'
        apart.append(max(shares) - min(shares))
    assert np.mean(apart) > 0.05


def test_a_soft_wrist_yields(grasps):
    """Beside a heavy ball the wrist gives way instead, and is firm afterwards."""
    moved = beside(grasps, torch.tensor([0.0, 0.0, 0.008]))
    stiff, commanded = closed(moved, Closing(), 20.0)
    soft, _ = closed(moved, Closing(wrist='soft'), 20.0)
    aim = commanded.translation[0].numpy()
    assert np.linalg.norm(soft.palm_position - aim) > 2 * np.linalg.norm(
        stiff.palm_position - aim)
    before = soft.palm_position
    soft.step(0.5)
    assert np.linalg.norm(soft.palm_position - before) < 2e-3


def test_a_free_hand_with_a_soft_wrist_follows(grasps):
    """Without contact the springs bring it where it is told to be."""
    away = beside(grasps, torch.tensor([0.0, 0.0, 0.5]))
    scene, last = closed(away, Closing(wrist='soft'))
    scene.step(0.3)
    np.testing.assert_allclose(scene.palm_position, last.translation[0], atol=1e-3)


def test_fingers_feel_the_object_and_nothing_else(grasps):
    """In a firm grasp more than one, the thumb among them; far away none, even in motion."""
    scene, _ = closed(grasps, Closing())
    for felt in tip_forces(scene) > FEELING.touched, held_back(scene) > FEELING.resisted:
        assert felt.sum() >= 2 and felt[-1]
    away = beside(grasps, torch.tensor([0.0, 0.0, 0.5]))
    scene, last = closed(away, Closing())
    assert (tip_forces(scene) == 0).all() and (held_back(scene) < FEELING.resisted).all()
    for way in 'touch', 'stop':
        _, slow = closed(away, Closing(way))
        # Nothing is met on the way, so the late fingers go all of it.
        more = FEELING.late * (grasps.squeeze.joints[0] - grasps.grasp.joints[0])
        torch.testing.assert_close(slow.joints[0], last.joints[0] + more)


@pytest.mark.parametrize('floor', [None, -0.1], ids=['floating', 'above a table'])
def test_a_soft_wrist_carries_the_hand(grasps, floor):
    """Gravity does not pull it down, and it ends as firm as it was."""
    away = beside(grasps, torch.tensor([0.0, 0.0, 0.5]))
    scene = GraspScene(SHADOW_RIGHT, PIECES, table=floor, closing=Closing(wrist='soft'))
    scene.pose(away.pregrasp, 0)
    scene.set_gravity(True)
    height, damping = scene.palm_position[2], scene.model.dof_damping.copy()
    scene.soften_wrist()
    scene.step(1.0)
    assert abs(scene.palm_position[2] - height) < 1e-3
    scene.stiffen_wrist()
    np.testing.assert_array_equal(scene.model.dof_damping, damping)
    assert (scene.data.xfrc_applied[1:] == 0).all()

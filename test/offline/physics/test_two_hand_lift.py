# SPDX-License-Identifier: Apache-2.0
"""Two hands lift a box together; what is slippery stays where it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.hand.known_hands import DEFAULT_PAIR, find_hand
from dexlite_ros.offline.physics.closing_choice import SoftWristSettings
from dexlite_ros.offline.physics.pair_judge import PairTrial
from dexlite_ros.offline.physics.simulation import SimulationSettings
from dexlite_ros.offline.physics.two_hand_scene import TwoHandScene
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.two_hands.settings import ArmSettings, PairSettings, TwoHandSettings
from dexlite_ros.two_hands.two_hand_planner import TwoHandPlanner

BOX = trimesh.creation.box((0.3, 0.25, 0.2))
TRIAL = PairTrial(tuple(map(find_hand, DEFAULT_PAIR)), [np.asarray(BOX.vertices)])


@pytest.fixture(scope='module')
def grasps():
    """Return the best pair for a box of 30 cm and 1 kg."""
    settings = TwoHandSettings(pairs=PairSettings(screened=128, shortlist=24), threads=1)
    plan = TwoHandPlanner(*DEFAULT_PAIR, settings).plan(
        BOX, PlanRequest(num_candidates=96, max_grasps=1))
    return plan.first.grasps, plan.second.grasps


def test_a_box_is_lifted(grasps):
    """By about as much as the hands rise, without turning."""
    (verdict,) = TRIAL.judge(grasps)
    assert verdict.passed and 0.8 < verdict.rise < 1.1 and verdict.turned < 0.2


def test_a_slippery_one_is_not(grasps):
    """Nor is one without a squeeze."""
    (slippery,) = replace(TRIAL, simulation=SimulationSettings(mass=1.0, friction=0.1)).judge(
        grasps)
    assert not slippery.passed and slippery.rise < 0.5
    loose = tuple(replace(each, squeeze=each.grasp) for each in grasps)
    (dropped,) = TRIAL.judge(loose)
    assert not dropped.passed and dropped.reason == 'dropped'


def test_hands_in_the_table_overlap(grasps):
    """The test does not begin where a hand would be inside something else."""
    (verdict,) = replace(TRIAL, table=0.08).judge(grasps)
    assert verdict.reason == 'overlap'
    assert TRIAL.key(grasps) != replace(TRIAL, table=0.08).key(grasps)


def test_the_world_is_that_of_one_hand_twice(grasps):
    """Masses, limits and motors of each hand are as if it were alone, and the object has its."""
    scene = TwoHandScene(
        TRIAL.hands, TRIAL.pieces, SimulationSettings(mass=1.0), -0.1, SoftWristSettings())
    model = scene.model
    assert model.body('object').mass[0] == pytest.approx(1.0)
    for hand, prefix in zip(TRIAL.hands, ('first_', 'second_')):
        for link in hand.links:
            assert model.body(prefix + link.name).mass[0] == pytest.approx(link.mass)
        for joint in hand.joints:
            assert model.joint(prefix + joint.name).range == pytest.approx(
                (joint.lower, joint.upper))
    scene.pose(tuple(each.grasp for each in grasps), 0)
    for held, each in zip(scene.hands, grasps):
        pose = held.link_poses()[held.hand.palm_link]
        torch.testing.assert_close(
            torch.from_numpy(pose[:3, 3]), each.grasp.translation[0], atol=1e-6, rtol=0)


def test_arms_are_as_planned_for():
    """The springs of the simulation are those that the squeeze is computed for."""
    planned, simulated = ArmSettings(), SoftWristSettings()
    assert planned.stiffness == simulated.stiffness
    assert planned.turn_stiffness == simulated.turn_stiffness

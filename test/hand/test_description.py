# SPDX-License-Identifier: Apache-2.0
"""A description contains all data about a hand, so another hand needs only a description."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from three_finger_hand import FINGERS, THREE_FINGER_HAND, TIPS
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings

BALL = 0.032
NEAR = SqueezeSettings().contact_threshold
ALL = pytest.mark.parametrize('hand', [*HANDS.values(), THREE_FINGER_HAND], ids=lambda h: h.name)


@ALL
def test_links_belong_to_fingers(hand: HandDescription):
    """Each finger is a chain from the palm, which belongs to none; every finger has a tip."""
    fingers = {hand.finger(link) for link in hand.link_names[1:]}
    assert hand.finger(hand.palm_link) == hand.palm_link not in fingers
    assert all(hand.parents[hand.link_names.index(finger)] == 0 for finger in fingers)
    assert {hand.finger(tip) for tip in hand.tip_links} == fingers


@ALL
def test_patterns_and_open_posture_are_the_hands_own(hand: HandDescription):
    """Usual patterns include all tips, others one at least; the open posture is within limits."""
    patterns, usual = hand.contact_patterns, ('tips', 'tips_palm', 'wrap')
    assert set(usual) <= patterns.keys()
    assert all(set(hand.tip_links) <= set(patterns[name]) for name in usual)
    assert all(len(links) >= 2 and set(hand.tip_links) & set(links) for links in patterns.values())
    assert all(joint.lower <= joint.open <= joint.upper for joint in hand.joints)


@ALL
def test_regions_lie_on_the_palmar_side(hand: HandDescription):
    """In the open hand every tip has points that may touch, all of them on the palmar side."""
    geometry = HandGeometry(HandKinematics(hand))
    opened = torch.tensor([[joint.open for joint in hand.joints]])
    placed = geometry(GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], opened))
    for index, link in enumerate(geometry.group_links):
        number = hand.link_names.index(link)
        chosen = placed.points[0, geometry.candidates[index].unique()]
        local = (chosen - placed.poses.position[0, number]) @ placed.poses.rotation[0, number]
        points = local.double().numpy()
        assert len(points) >= 1
        for space in hand.region(link).side:
            assert (points @ np.array(space.normal) > space.offset - 1e-5).all()


def test_patterns_name_regions():
    """A pattern with a link that has no contact region is rejected."""
    with pytest.raises(ValueError, match='wrong.*elbow'):
        replace(THREE_FINGER_HAND, contact_patterns={'wrong': ('elbow',)})


@ALL
def test_a_hand_moves_as_mujoco_says(hand: HandDescription):
    """Link positions of random postures agree with MuJoCo's within a micrometre."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(hand))
    data = mujoco.MjData(model)
    kinematics = HandKinematics(hand)
    draw = torch.rand(20, len(hand.joints), generator=torch.Generator().manual_seed(0))
    joints = kinematics.lower + (kinematics.upper - kinematics.lower) * draw
    poses = kinematics(GraspBatch(torch.zeros(20, 3), torch.eye(3).expand(20, 3, 3), joints))
    for index in range(20):
        data.qpos[:] = joints[index].double().numpy()
        mujoco.mj_kinematics(model, data)
        found = [data.body(name).xpos for name in hand.link_names]
        np.testing.assert_allclose(poses.position[index].numpy(), found, atol=1e-6)


@ALL
def test_a_hand_comes_to_rest_where_it_is_commanded(hand: HandDescription):
    """From the zero of its joints it goes to the open posture and stays, without gravity."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(hand))
    model.opt.gravity[:] = 0.0
    data = mujoco.MjData(model)
    data.qpos[:] = [joint.open for joint in hand.joints]
    mujoco.mj_forward(model, data)
    goal = data.actuator_length.copy()
    mujoco.mj_resetData(model, data)
    data.ctrl[:] = goal
    mujoco.mj_step(model, data, 1500)
    assert np.isfinite(data.qpos).all() and np.abs(data.qvel).max() < 1e-2
    np.testing.assert_allclose(data.actuator_length, goal, atol=0.02)


def test_another_hand_plans():
    """The planner needs nothing but the description to hold a ball with three fingers."""
    planner = GraspPlanner(
        PlannerSettings.for_method('hull', num_candidates=96), 'cpu', THREE_FINGER_HAND)
    ball = trimesh.creation.icosphere(subdivisions=4, radius=BALL)
    plan = planner.plan(ball, PlanRequest(max_grasps=3))
    assert (plan.hand, plan.hand_link, len(plan.joint_names)) == ('three_finger', 'palm', 6)
    assert len(plan) == 3 and (plan.metrics.penetration < 0.003).all()
    assert [each.code for each in plan.report.warnings] == ['score_of_other_hands']
    lower, upper = (torch.tensor([getattr(joint, side) for joint in THREE_FINGER_HAND.joints])
                    for side in ('lower', 'upper'))
    for batch in vars(plan.grasps).values():
        assert (batch.joints >= lower - 1e-6).all() and (batch.joints <= upper + 1e-6).all()
    for contacts in plan.contacts:
        assert {THREE_FINGER_HAND.finger(link) for link in contacts.links} >= {
            f'{finger}_proximal' for finger in FINGERS}
        assert set(contacts.links) & set(TIPS)
        assert ((contacts.points.norm(dim=1) - BALL).abs() < NEAR + 1e-3).all()
        assert contacts.forces.sum(0).norm() < 0.1 * contacts.forces.norm(dim=1).sum()

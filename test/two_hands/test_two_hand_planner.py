# SPDX-License-Identifier: Apache-2.0
"""Pairs of grasps of large objects: opposite, clear of each other, pressing as planned."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import Cancelled, InvalidRequest, NoGraspFound
from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.plan import TwoHandPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.two_hands.settings import Burden, GRAVITY, PairSettings, TwoHandSettings
from dexlite_ros.two_hands.two_hand_planner import TwoHandPlanner

BOX = trimesh.creation.box((0.3, 0.25, 0.2)).apply_translation((0.5, 0.1, 0.9))
FEW = PlanRequest(num_candidates=96, max_grasps=3)


@pytest.fixture(scope='module')
def planner() -> TwoHandPlanner:
    """Return a planner of both Shadow Hands that looks at few pairs."""
    pairs = PairSettings(screened=128, shortlist=24)
    return TwoHandPlanner(*DEFAULT_PAIR, TwoHandSettings(pairs=pairs, threads=1))


@pytest.fixture(scope='module')
def plan(planner) -> TwoHandPlan:
    """Return pairs for a box 30 cm long, away from the origin."""
    return planner.plan(BOX, FEW)


def test_hands_are_on_opposite_sides(plan):
    """Each pair's contacts are on two opposite faces of the box, above its support."""
    assert 1 <= len(plan) <= 3 and len(plan.first) == len(plan.second)
    assert (plan.first.hand, plan.second.hand) == DEFAULT_PAIR
    for first, second in zip(plan.first.contacts, plan.second.contacts):
        # Thumbs may rest on an edge.
        assert (first.normals.mean(0) @ second.normals.mean(0)) < -0.5
        for each in (first, second):
            assert trimesh.proximity.closest_point(BOX, each.points.numpy())[1].max() < 0.006
            assert each.points[:, 2].min() > BOX.bounds[0, 2]


def test_forces_balance_the_weight(plan):
    """What both hands exert adds up to the weight, and is ranked by what is left."""
    for first, second in zip(plan.first.contacts, plan.second.contacts):
        net = first.forces.sum(0) + second.forces.sum(0)
        torch.testing.assert_close(
            net, torch.tensor([0.0, 0.0, GRAVITY], dtype=net.dtype), atol=0.2, rtol=0)
    assert (plan.metrics.residual.diff() >= 0).all()
    assert (plan.first.score.diff() <= 0).all() and plan.mass == 1.0


def test_wrists_press_towards_each_other(plan):
    """The squeeze moves both wrists inwards by the force divided by the arm's stiffness."""
    arm = TwoHandSettings().arm
    for hand in plan.plans:
        moved = hand.grasps.squeeze.translation - hand.grasps.grasp.translation
        force = torch.stack([each.forces.sum(0) for each in hand.contacts])
        torch.testing.assert_close(moved, force / arm.stiffness, atol=1e-5, rtol=1e-3)
    inwards = [each.grasps.squeeze.translation for each in plan.plans]
    outside = [each.grasps.grasp.translation for each in plan.plans]
    assert ((inwards[0] - inwards[1]).norm(dim=1) < (outside[0] - outside[1]).norm(dim=1)).all()


def test_hands_are_clear(plan):
    """Of each other, of the support, and at the pregrasp of the object."""
    assert (plan.metrics.hand_clearance >= 0.01).all()
    for hand in plan.plans:
        assert (hand.metrics.pregrasp_clearance >= 0.01).all()
        assert (hand.metrics.support_clearance >= 0).all()
        assert hand.success_probability.isnan().all()


def test_the_same_seed_gives_the_same_pairs(planner, plan):
    """To the last bit."""
    again = planner.plan(BOX, FEW)
    for one, other in zip(plan.plans, again.plans):
        assert torch.equal(one.grasps.squeeze.joints, other.grasps.squeeze.joints)
    assert torch.equal(plan.metrics.residual, again.metrics.residual)


def test_what_cannot_be_carried_is_refused(planner):
    """With the reason: no sides, too heavy, walls all around."""
    with pytest.raises(NoGraspFound, match='no two opposite sides'):
        planner.plan(trimesh.creation.box((0.4, 0.3, 0.005)), FEW)
    with pytest.raises(NoGraspFound, match='of the weight of 18 kg unbalanced'):
        planner.plan(BOX, FEW, Burden(18.0))
    cage = trimesh.creation.box(BOX.extents + 0.08).apply_translation(BOX.bounds.mean(0))
    with pytest.raises(NoGraspFound):
        planner.plan(BOX, FEW, obstacles=cage.sample(8000, seed=0))


def test_wrong_requests(planner):
    """A mass that is none, a direction that is none, and an approach, which a pair has not."""
    for mass in (0.0, -1.0, float('nan'), 21.0):
        with pytest.raises(InvalidRequest, match='mass'):
            Burden(mass)
    with pytest.raises(InvalidRequest, match='down'):
        Burden(1.0, np.zeros(3))
    with pytest.raises(InvalidRequest, match='friction'):
        Burden(1.0, friction=0.0)
    with pytest.raises(InvalidRequest, match='approach_direction'):
        planner.plan(BOX, PlanRequest(approach_direction=np.array([1.0, 0.0, 0.0])))
    with pytest.raises(Cancelled):
        planner.plan(BOX, FEW, should_stop=lambda: True)


def test_one_hand_would_do(planner, plan):
    """It is said of what a hand spans and carries, and of nothing else."""
    slim = trimesh.creation.box((0.35, 0.12, 0.2))
    codes = [each.code for each in planner.plan(slim, FEW, Burden(0.5)).report.warnings]
    assert codes == ['one_hand_suffices']
    assert not plan.report.warnings
    heavy = planner.plan(slim, replace(FEW, num_candidates=128), Burden(2.5))
    assert not heavy.report.warnings

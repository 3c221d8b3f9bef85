# SPDX-License-Identifier: Apache-2.0
"""Placed hands know what they touch, and how they press on it."""

from fields import ball_field
from hands import geometry, random_grasps
import pytest
import torch
import trimesh

from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import squeeze_forces, SqueezeSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer

RADIUS = 0.035


@pytest.fixture(scope='module')
def energy() -> GraspEnergy:
    """Return the energy of the hand on a ball, in double precision."""
    return GraspEnergy(geometry(), ball_field(RADIUS), EnergySettings()).double()


@pytest.fixture(scope='module')
def placed(energy) -> PlacedGrasps:
    """Return refined grasps of the ball, and one in the air, where they are."""
    ball = trimesh.creation.icosphere(radius=RADIUS)
    start = hull_starts(
        geometry().kinematics, ball.vertices, 8, torch.Generator().manual_seed(0))
    refined = PostOptimizer(energy, OptimizerSettings(iterations=40)).refine(
        start.to(torch.float64), energy.active_groups(['tips'] * 8)).grasps
    away = random_grasps(1)
    away.translation[:] = 1.0
    return energy.place(type(refined).cat([refined, away]))


def test_contacts_are_points_of_the_hand(placed):
    """Each group's nearest point is as far from the ball as its gap says, along the normal."""
    near = placed.contact_gap < 0.02  # within the grid of the field
    point, normal = placed.contacts.point[near], placed.contacts.normal[near]
    assert near.any(1)[:-1].all() and not near[-1].any()
    torch.testing.assert_close(
        point.norm(dim=1) - RADIUS, placed.contact_gap[near], rtol=0, atol=1e-3)
    assert ((normal * torch.nn.functional.normalize(point, dim=1)).sum(1) > 0.99).all()
    assert (placed.contact_gap >= placed.gap.amin(1, keepdim=True) - 1e-12).all()


def test_touching_is_what_is_near(placed):
    """Exactly the groups below the threshold are active, none of a hand in the air."""
    for threshold in (0.001, 0.01):
        active = placed.touching(threshold).active
        assert torch.equal(active.bool(), placed.contact_gap < threshold)
        assert not active[-1].any()
    assert placed.touching(0.01).active.sum() > placed.touching(0.001).active.sum()


def test_selecting_is_placing_the_selected(energy, placed):
    """A part of a batch is what that part alone would be."""
    index = torch.tensor([3, 1])
    part, alone = placed[index], energy.place(placed.grasps[index])
    assert len(part) == 2
    torch.testing.assert_close(part.gap, alone.gap)
    torch.testing.assert_close(part.contacts.point, alone.contacts.point)
    torch.testing.assert_close(part.hand.poses.position, alone.hand.poses.position)


def test_squeeze_forces_are_balanced_cones(energy, placed):
    """Forces sum to the total, push inwards within friction, and an idle hand presses nowhere."""
    settings = SqueezeSettings(total_force=10.0)
    squeeze = squeeze_forces(placed, energy, settings)
    holding = squeeze[:-1]
    push = -(holding.forces * holding.contacts.normal).sum(-1)
    some = holding.contacts.active.any(1)
    assert some.all() and (push >= 0).all()
    torch.testing.assert_close(push.sum(1), torch.full((8,), 10.0, dtype=torch.float64))
    across = (holding.forces + push[..., None] * holding.contacts.normal).norm(dim=-1)
    assert (across <= settings.forces.friction * push + 1e-9).all()
    assert (squeeze.forces[-1] == 0).all()

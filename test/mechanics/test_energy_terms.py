# SPDX-License-Identifier: Apache-2.0
"""Each energy term is zero at its ideal, and its gradient agrees with finite differences."""

from fields import ball_field, random_points
from hands import difference, geometry, random_grasps, slope
import pytest
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics import energy_terms
from dexlite_ros.mechanics.contact_forces import balance, equilibrium_residual, ForceLimits
from dexlite_ros.mechanics.energy_terms import EnergyTerms, EnergyWeights
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy


def energy(**settings: object) -> GraspEnergy:
    """Return the energy of the hand on a ball of 4 cm radius, in double precision."""
    return GraspEnergy(geometry(), ball_field(0.04), EnergySettings(**settings)).double()


def near_grasps(count: int, seed: int = 0) -> GraspBatch:
    """Return random hands near the ball."""
    grasps = random_grasps(count, seed)
    direction = torch.nn.functional.normalize(grasps.translation, dim=1)
    joints = grasps.joints.clone()
    joints[:, 0] += 0.6  # beyond its limit for some
    return GraspBatch(0.1 * direction, grasps.rotation, joints)


def test_weights_name_the_terms():
    """Every term has a weight of the same name; the dexlite preset is 1, 100, 100, 10, 1."""
    names = list(EnergyWeights.__dataclass_fields__)
    assert names == list(EnergyTerms.__dataclass_fields__)
    seed = EnergyWeights.dexlite()
    assert [seed.force_closure, seed.contact_distance, seed.penetration, seed.self_penetration,
            seed.joint_limits] == [1, 100, 100, 10, 1]
    assert seed.equilibrium == 0


def test_total_is_the_weighted_sum():
    """Each weight multiplies its own term only."""
    terms = EnergyTerms(*(torch.tensor([float(i)]) for i in range(1, 8)))
    weights = EnergyWeights(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    assert terms.total(weights) == sum(i * i for i in range(1, 8))


def test_force_closure_of_known_contacts():
    """Opposing contacts give 0; a single contact gives its squared unit force and moment."""
    point = torch.tensor([[[0.02, 0.0, 0.0], [-0.02, 0.0, 0.0]]])
    normal = torch.nn.functional.normalize(point, dim=-1)
    both, one = torch.ones(1, 2), torch.tensor([[1.0, 0.0]])
    centre = torch.zeros(3)
    assert energy_terms.force_closure(point, normal, both, centre) == 0
    torch.testing.assert_close(
        energy_terms.force_closure(point, normal, one, centre), torch.ones(1))
    aside = torch.tensor([0.0, 0.03, 0.0])
    torch.testing.assert_close(
        energy_terms.force_closure(point, normal, one, aside), torch.tensor([1 + 0.03**2]))


def test_hinges_have_their_margin():
    """Penetration counts gaps below the margin, contact distance deviations on both sides."""
    gap = torch.tensor([[-0.002, 0.0, 0.0005, 0.01]])
    torch.testing.assert_close(
        energy_terms.penetration(gap, 0.001), torch.tensor([0.003 + 0.001 + 0.0005]))
    torch.testing.assert_close(
        energy_terms.contact_distance(gap, torch.tensor([[1.0, 0.0, 0.0, 1.0]]), 0.001),
        torch.tensor([0.003 + 0.009]))


def test_joint_limits_are_zero_inside():
    """Inside the range the term is 0, outside it is the excess."""
    kinematics = geometry().kinematics
    inside = random_grasps(20).joints
    assert (energy_terms.joint_limits(inside, kinematics.lower, kinematics.upper) == 0).all()
    outside = kinematics.upper[None] + 0.1
    torch.testing.assert_close(
        energy_terms.joint_limits(outside, kinematics.lower, kinematics.upper),
        torch.tensor([2.2], dtype=torch.float64))


def test_a_hand_far_away_pays_for_distance_only():
    """Far from the object nothing penetrates; the contact distance is the remaining gap."""
    grasps = random_grasps(1)
    far = GraspBatch(
        torch.tensor([[0.0, 0.0, 0.6]], dtype=torch.float64), grasps.rotation,
        0.2 * geometry().kinematics.upper[None].clamp(min=0))
    whole = energy()
    terms = whole(far, whole.active_groups(['tips'])).terms
    assert terms.penetration == 0 and terms.joint_limits == 0
    assert terms.contact_distance > 5 * 0.3


@pytest.mark.parametrize('term', [
    'contact_distance', 'penetration', 'self_penetration', 'joint_limits'])
def test_terms_have_their_gradient(term):
    """Through hand and field, each term's gradient agrees with finite differences."""
    whole = energy()
    active = whole.active_groups(['wrap'] * 6)
    grasps = near_grasps(6)

    def function(moved):
        return getattr(whole(moved, active).terms, term)

    value = function(grasps)
    assert (value > 0).any()
    torch.testing.assert_close(
        slope(function, grasps), difference(function, grasps, 1e-8), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('term', ['force_closure', 'equilibrium'])
def test_contact_terms_have_their_gradient(term):
    """
    On a ball, the gradients of terms that need normals agree with finite differences.

    Curvature is a central difference over 4 mm of a grid, so they agree to a few per cent.
    """
    whole = energy()
    hand = whole.geometry
    direction = random_points(4 * len(hand.point_radius), 1.0).view(4, -1, 3)
    direction[..., 2] = direction[..., 2].abs() + 1.0  # one-sided: out of balance
    direction = direction / direction.norm(dim=-1, keepdim=True)
    points = (0.04 + hand.point_radius[:, None]) * direction
    centre = torch.tensor([0.0, 0.01, 0.0], dtype=torch.float64)
    chosen = hand.candidates[:5, 0].expand(4, 5)
    active = torch.ones(4, 5, dtype=torch.float64)

    def function(moved):
        gap = whole.field(moved) - hand.point_radius
        _, contacts = whole.contacts(moved, gap, active, chosen=chosen)
        if term == 'force_closure':
            return energy_terms.force_closure(contacts.point, contacts.normal, active, centre)
        force = balance(contacts, centre, ForceLimits(), steps=1000)
        return equilibrium_residual(contacts, force, centre)

    leaf = points.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function(leaf).sum(), leaf)
    step = 1e-4 * random_points(points[..., 0].numel(), 1.0, seed=2).view_as(points)
    change = function(points + step) - function(points - step)
    expected = 2 * (gradient * step).sum((1, 2))
    torch.testing.assert_close(expected, change, rtol=0.1, atol=1e-3 * float(change.abs().max()))


def test_terms_do_not_depend_on_batch_mates():
    """A grasp has the same energy terms alone as in a batch."""
    whole = energy(weights=EnergyWeights(force_closure=1.0))
    active = whole.active_groups(['tips', 'wrap', 'tips_palm'])
    grasps = near_grasps(3)
    together = whole(grasps, active).terms
    alone = whole(grasps[[1]], active[[1]]).terms
    for name, value in vars(alone).items():
        torch.testing.assert_close(value, getattr(together, name)[[1]])


def test_obstacles_push_the_hand_away():
    """Close to an obstacle the term is positive, and its gradient points towards the obstacle."""
    whole = GraspEnergy(
        geometry(), ball_field(0.04), EnergySettings(), ball_field(0.02)).double()
    grasps = GraspBatch(*(part for part in vars(near_grasps(1)).values()))
    inside = GraspBatch(torch.zeros(1, 3, dtype=torch.float64), grasps.rotation, grasps.joints)
    far = GraspBatch(
        torch.tensor([[0.9, 0.0, 0.0]], dtype=torch.float64), grasps.rotation, grasps.joints)
    active = whole.active_groups(['tips'])
    assert whole(inside, active).terms.obstacles > 0
    assert whole(far, active).terms.obstacles == 0

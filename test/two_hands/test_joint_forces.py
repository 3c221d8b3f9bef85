# SPDX-License-Identifier: Apache-2.0
"""Two hands balance what one cannot."""

import pytest
import torch

from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.two_hands.joint_forces import carried, joined, loads
from dexlite_ros.two_hands.settings import Burden, GRAVITY, PairSettings

CENTRE = torch.zeros(3)
DOWN = torch.tensor([0.0, 0.0, -1.0])
SETTINGS = PairSettings()


def patch(side: float, height: float = 0.0, half: float = 0.15) -> ContactBatch:
    """Return four contacts, 6 cm apart, on the side of a box that is 2 ``half`` wide [m]."""
    y, z = torch.meshgrid(torch.tensor([-0.03, 0.03]), torch.tensor([-0.03, 0.03]), indexing='ij')
    point = torch.stack([torch.full((4,), side * half), y.flatten(), z.flatten() + height], 1)
    normal = torch.tensor([side, 0.0, 0.0]).expand(4, 3)
    return ContactBatch(point[None], normal[None], torch.ones(1, 4))


def carry(first: ContactBatch, second: ContactBatch, **burden: float) -> tuple:
    """Return forces and residual of one pair."""
    hands = torch.tensor([0] * 4 + [1] * 4)
    return carried(joined(first, second), hands, CENTRE, DOWN, Burden(**burden), SETTINGS)


def test_opposite_patches_carry():
    """Their forces cancel the weight and each other, within the cones, in half for each hand."""
    forces, residual = carry(patch(-1.0), patch(1.0))
    assert residual < 1e-3
    torch.testing.assert_close(forces.sum(1)[0], torch.tensor([0.0, 0.0, GRAVITY]),
                               atol=0.02, rtol=0)
    torch.testing.assert_close(forces[0, :4, 2].sum(), forces[0, 4:, 2].sum())
    push = forces[0, :, 0].abs()
    assert (forces[0, :, 1:].norm(dim=1) <= 0.4001 * push).all()


def test_hands_on_one_side_do_not():
    """Neither two hands on the same side, nor one that touches nothing."""
    assert carry(patch(1.0), patch(1.0))[1] > 0.5
    nothing = ContactBatch(patch(-1.0).point, patch(-1.0).normal, torch.zeros(1, 4))
    assert carry(nothing, patch(1.0))[1] > 0.5


def test_what_is_slippery_or_heavy_is_not_carried():
    """The press grows with the load until the contacts' limit is reached."""
    pair = patch(-1.0), patch(1.0)
    light, heavy = (
        float(carry(*pair, mass=mass)[0][0, :4, 0].sum()) for mass in (0.5, 1.0))
    assert heavy == pytest.approx(2 * light, rel=0.05)
    assert carry(*pair, friction=0.05)[1] > 0.3
    assert carry(*pair, mass=15.0)[1] > 0.3


def test_loads_are_the_weight_and_pushes_from_all_sides():
    """Seven loads: the first is the weight, the mean as well, the others half a weight beside."""
    found = loads(DOWN, 2.0, 0.5)
    weight = 2.0 * GRAVITY * DOWN
    torch.testing.assert_close(found[0], weight)
    torch.testing.assert_close(found.mean(0), weight)
    torch.testing.assert_close((found[1:] - weight).norm(dim=1), torch.full((6,), GRAVITY))


def test_the_mirror_image_of_a_pair_is_as_good():
    """With the hands exchanged, forces are mirrored and the residual is the same."""
    first, second = patch(-1.0, 0.02), patch(1.0, -0.01)
    flip = torch.tensor([-1.0, 1.0, 1.0])
    swapped = [ContactBatch(each.point * flip, each.normal * flip, each.active)
               for each in (second, first)]
    forces, residual = carry(first, second, mass=3.0)
    image, same = carry(*swapped, mass=3.0)
    torch.testing.assert_close(same, residual, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(image.roll(4, 1) * flip, forces, atol=1e-2, rtol=1e-3)

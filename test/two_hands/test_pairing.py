# SPDX-License-Identifier: Apache-2.0
"""Which grasps of two hands belong together, and how far the hands are apart."""

import pytest
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT
from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.two_hands.pairing import best_pairs, different, hand_clearance
from dexlite_ros.two_hands.settings import Burden, PairSettings

DOWN = torch.tensor([0.0, 0.0, -1.0])


def patches(sides: list[float], heights: list[float]) -> ContactBatch:
    """Return a patch of four contacts for each side and height of a box 30 cm wide [m]."""
    corner = torch.tensor([[0.0, y, z] for y in (-0.03, 0.03) for z in (-0.03, 0.03)])
    place = torch.tensor([[0.15 * side, 0.0, z] for side, z in zip(sides, heights)])
    normal = torch.tensor([[side, 0.0, 0.0] for side in sides])[:, None].expand(-1, 4, 3)
    return ContactBatch(place[:, None] + corner, normal, torch.ones(len(sides), 4))


def still(hand, *places: list[float]) -> StagedGrasp:
    """Return open hands at places [m], the same at all stages."""
    batch = GraspBatch(
        torch.tensor(places), torch.eye(3).expand(len(places), 3, 3),
        torch.zeros(len(places), len(hand.joints)))
    return StagedGrasp(batch, batch, batch)


def test_opposite_grasps_are_paired():
    """Those on opposite sides balance, those on one side do not, and the best come first."""
    first, second = patches([-1.0, 1.0], [0.0, 0.02]), patches([1.0, -1.0], [0.02, 0.0])
    pairs = best_pairs(first, second, torch.zeros(3), DOWN, Burden(), PairSettings())
    assert len(pairs) == 4 and (pairs.residual.diff() >= 0).all()
    opposite = pairs.first == pairs.second
    assert opposite.tolist() == [True, True, False, False]
    assert (pairs.residual[:2] < 1e-2).all() and (pairs.residual[2:] > 0.5).all()


def test_few_are_screened():
    """The balance is computed for the most promising pairs only."""
    first, second = patches([-1.0] * 5, [0.02 * k for k in range(5)]), patches([1.0], [0.0])
    pairs = best_pairs(first, second, torch.zeros(3), DOWN, Burden(), PairSettings(screened=2))
    assert len(pairs) == 2 and 0 in pairs.first.tolist()


def test_distance_between_hands():
    """It falls by what one hand moves towards the other, and is negative where they overlap."""
    hands = SHADOW_LEFT, SHADOW_RIGHT
    geometries = [HandGeometry(HandKinematics(hand)) for hand in hands]
    staged = [still(hands[0], *[[0.0, 0.0, 0.0]] * 3),
              still(hands[1], [0.3, 0.0, 0.0], [0.25, 0.0, 0.0], [0.02, 0.0, 0.0])]
    far, near, inside = hand_clearance(staged, geometries).tolist()
    assert far - near == pytest.approx(0.05, abs=1e-5) and inside < 0 < near
    squeezed = StagedGrasp(staged[1].grasp, staged[1].grasp, staged[1].grasp[[2, 2, 2]])
    assert (hand_clearance([staged[0], squeezed], geometries) < 0).all()


def test_alike_pairs_are_left_out():
    """Both palms must be near those of a better pair; what does not pass is never taken."""
    first = still(SHADOW_LEFT, [0.0, 0, 0], [0.01, 0, 0], [0.01, 0, 0], [0.5, 0, 0])
    second = still(SHADOW_RIGHT, [1.0, 0, 0], [1.01, 0, 0], [1.3, 0, 0], [1.0, 0, 0])
    passing = torch.ones(4, dtype=torch.bool)
    assert different([first, second], passing, 9, 0.02).tolist() == [0, 2, 3]
    assert different([first, second], passing, 2, 0.02).tolist() == [0, 2]
    passing[0] = False
    assert different([first, second], passing, 9, 0.02).tolist() == [1, 2, 3]

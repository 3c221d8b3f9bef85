# SPDX-License-Identifier: Apache-2.0
"""The straight way of the open hand to its pregrasp."""

from fields import ball_field
import numpy as np
import torch

from dexlite_ros.approach import approach, LENGTH, ROOM
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.planner_settings import CLEAR
from dexlite_ros.refinement.rounds import hand_details

FINE = hand_details(HandKinematics(SHADOW_RIGHT))['fine']
HAND = SHADOW_RIGHT
OPEN = torch.tensor([[joint.open for joint in HAND.joints]])


def open_hand(height: float) -> GraspBatch:
    """Return an open hand above the origin, its palm looking down."""
    # The palm's -y becomes -z of the world.
    turn = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]])
    return GraspBatch(torch.tensor([[0.0, 0.1, height]]), turn, OPEN)


def energy(walls: np.ndarray | None) -> GraspEnergy:
    """Return the energy on a ball of 3 cm, maybe among obstacles (M, 3) [m]."""
    field: DistanceField = ball_field(0.03)
    around = None if walls is None else Obstacles.around(
        walls, np.array([[-0.03] * 3, [0.03] * 3])).field
    return GraspEnergy(FINE, field, CLEAR, around)


def test_the_free_hand_comes_where_its_palm_looks():
    """Nothing is in the way of a hand that moves palm first, so nothing else is tried."""
    found = approach(open_hand(0.1), energy(None), None)
    torch.testing.assert_close(
        found.direction, torch.tensor([[0.0, 0.0, -1.0]]), rtol=0, atol=1e-6)
    assert float(found.clearance) > ROOM


def test_what_is_above_makes_it_come_from_the_side():
    """Under a shelf the hand comes with its fingers first; it keeps clear of the shelf."""
    x, y = np.meshgrid(np.arange(-0.2, 0.2, 0.004), np.arange(-0.2, 0.2, 0.004))
    shelf = np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.19)], 1)
    hands = open_hand(0.13)
    found = approach(hands, energy(shelf), None)
    fingers = hands.rotation[0] @ torch.tensor(HAND.finger_direction)
    assert float(found.direction[0] @ fingers) > 0.9
    back = hands.translation - LENGTH * found.direction
    points = FINE(GraspBatch(back, hands.rotation, hands.joints)).points[..., 2]
    assert float((points + FINE.point_radius).max()) < 0.19
    assert float(found.clearance) > 0.0


def test_a_hand_that_is_enclosed_has_no_way():
    """With walls on all sides the clearance is negative, whichever direction is taken."""
    grid = np.stack(np.meshgrid(*[np.arange(-0.24, 0.25, 0.006)] * 3), -1).reshape(-1, 3)
    walls = grid[np.abs(grid).max(1) > 0.15]
    found = approach(open_hand(0.1), energy(walls), torch.tensor([0.0, 0.0, 1.0]))
    assert float(found.clearance) < 0.0

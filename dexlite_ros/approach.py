# SPDX-License-Identifier: Apache-2.0
"""
The straight way of the open hand to its pregrasp.

An arm brings the open hand near the object and then moves it straight to the pregrasp, as MoveIt's
``pre_grasp_approach`` does. Of a few directions the one with the most room is taken.
Letters: K grasps, D directions, S steps, P points of the hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.mechanics.grasp_energy import GraspEnergy

LENGTH = 0.1
"""Length of the straight way to the pregrasp [m]."""
STEPS = 5
"""Places on it at which the hand is looked at."""
ROOM = 0.02
"""Distance from everything that counts as enough [m]; of ways with that, the first is taken."""


@dataclass(frozen=True)
class Approach:
    """The ways of K open hands."""

    direction: Tensor
    """(K, 3) unit vector along which the open hand moves to its pregrasp."""
    clearance: Tensor
    """(K,) smallest signed distance to object, obstacles and support before it is there [m]."""

    def __getitem__(self, index: Tensor) -> Approach:
        """Select grasps."""
        return Approach(self.direction[index], self.clearance[index])


def approach(pregrasp: GraspBatch, energy: GraspEnergy, up: Tensor | None) -> Approach:
    """
    Return the ways of K open hands.

    :param energy: provides the hand, the object and the obstacles
    :param up: (3,) normal of the support; None: there is none, and no way from above is tried
    """
    with torch.no_grad():
        points = energy.geometry(pregrasp).points
        directions = _directions(pregrasp, energy.geometry.kinematics.description, up)
        back = torch.linspace(LENGTH / STEPS, LENGTH, STEPS).to(points)
        room = torch.stack([
            torch.stack([
                _nearest(points - step * along[:, None], energy) for step in back]).amin(0)
            for along in directions.unbind(1)], 1)
        best = room.clamp(max=ROOM).argmax(1)
        hands = torch.arange(len(best), device=best.device)
        return Approach(directions[hands, best], room[hands, best])


def _directions(hands: GraspBatch, hand: HandDescription, up: Tensor | None) -> Tensor:
    """Return the directions (K, D, 3) to be tried: where palm and fingers point, and down."""
    palm, fingers = (
        hands.rotation @ torch.tensor(axis).to(hands.rotation)
        for axis in (hand.palmar_direction, hand.finger_direction))
    tried = [palm, palm + fingers, fingers]
    if up is not None:
        down = -up.to(palm).expand_as(palm)
        tried = [*tried, down, palm + down, fingers + down]
    return torch.nn.functional.normalize(torch.stack(tried, 1), dim=2)


def _nearest(points: Tensor, energy: GraspEnergy) -> Tensor:
    """Return the distance (K,) of hands, given by points (K, P, 3), to what is nearest [m]."""
    distance = energy.field.value(points)
    if energy.obstacles is not None:
        distance = torch.minimum(distance, energy.obstacles.value(points))
    nearest: Tensor = (distance - energy.geometry.point_radius).amin(1)
    return nearest

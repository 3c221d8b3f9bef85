# SPDX-License-Identifier: Apache-2.0
"""
The terms of the grasp energy, one pure function each.

Every term has one value per grasp (B,), unweighted and not negative; 0 means that there is nothing
to improve. The same functions are used to train, refine, filter and rank. Letters: B grasps, C
contacts, P points of the hand, Q pairs of its capsules, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.linalg import cross


@dataclass(frozen=True)
class EnergyTerms:
    """The terms of B grasps, each (B,)."""

    force_closure: Tensor
    equilibrium: Tensor
    contact_distance: Tensor
    penetration: Tensor
    self_penetration: Tensor
    joint_limits: Tensor
    obstacles: Tensor

    def total(self, weights: EnergyWeights) -> Tensor:
        """Return the weighted sum (B,); terms of weight 0 are left out."""
        total = torch.zeros_like(self.penetration)
        for name, weight in vars(weights).items():
            if weight:
                total = total + weight * getattr(self, name)
        return total


@dataclass(frozen=True)
class EnergyWeights:
    """One weight per term of the same name; lengths are in metres, forces are unit forces."""

    force_closure: float = 0.0
    equilibrium: float = 10.0
    contact_distance: float = 100.0
    penetration: float = 100.0
    self_penetration: float = 10.0
    joint_limits: float = 1.0
    obstacles: float = 100.0

    @classmethod
    def dexlite(cls) -> EnergyWeights:
        """Return the weights of DexGraspNet and DexLite: 1, 100, 100, 10, 1."""
        return cls(force_closure=1.0, equilibrium=0.0)


def force_closure(
    point: Tensor,  # (B, C, 3) [m]
    normal: Tensor,  # (B, C, 3)
    active: Tensor,  # (B, C)
    centre: Tensor,  # (3,) [m]
) -> Tensor:
    """
    Return |G c|^2, with the grasp map G = [I; [p]x] and c the unit forces along inward normals.

    Without friction; 0 when these unit forces cancel. Liu et al. 2021, as used by DexGraspNet.
    """
    push = -normal * active[..., None]
    net: Tensor = push.sum(1)
    moment: Tensor = cross(point - centre, push).sum(1)
    return net.square().sum(-1) + moment.square().sum(-1)


def contact_distance(gap: Tensor, active: Tensor, margin: float = 0.0) -> Tensor:
    """
    Return the sum over active contacts of |gap - margin| [m].

    :param gap: (B, C) signed distance between contact and object [m]
    :param margin: gap that counts as touching [m]
    """
    return ((gap - margin).abs() * active).sum(-1)


def penetration(gap: Tensor, margin: float = 0.0) -> Tensor:
    """
    Return the sum over the hand's points of max(0, margin - gap) [m].

    :param gap: (B, P) signed distance between the hand's points and the object, or the obstacles
        around it [m]
    """
    return (margin - gap).clamp(min=0).sum(-1)


def self_penetration(gap: Tensor, margin: float = 0.0) -> Tensor:
    """
    Return the sum over pairs of the hand's capsules of max(0, margin - gap) [m].

    :param gap: (B, Q) distance between the capsules' surfaces [m]
    """
    return (margin - gap).clamp(min=0).sum(-1)


def joint_limits(joints: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """
    Return the sum over joints of max(0, lower - q) + max(0, q - upper) [rad].

    :param joints: (B, J) joint angles q [rad]
    :param lower: (J,) lower limits [rad]
    :param upper: (J,) upper limits [rad]
    """
    return (torch.relu(lower - joints) + torch.relu(joints - upper)).sum(-1)

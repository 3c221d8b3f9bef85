# SPDX-License-Identifier: Apache-2.0
"""The hand and random postures for tests."""

from functools import lru_cache

import roma
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT


@lru_cache
def geometry() -> HandGeometry:
    """Return the hand in double precision, for finite differences."""
    return HandGeometry(HandKinematics(SHADOW_RIGHT)).double()


def random_grasps(count: int, seed: int = 0) -> GraspBatch:
    """Return grasps with random wrist poses within 20 cm and random joints within limits."""
    generator = torch.Generator().manual_seed(seed)
    kinematics = geometry().kinematics
    draw = torch.rand(count, 22, generator=generator, dtype=torch.float64)
    joints = kinematics.lower + (kinematics.upper - kinematics.lower) * draw
    turn = 2 * torch.randn(count, 3, generator=generator, dtype=torch.float64)
    shift = 0.1 * torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return GraspBatch(shift, roma.rotvec_to_rotmat(turn), joints)


def moved(grasps: GraspBatch, step: torch.Tensor) -> GraspBatch:
    """Return grasps moved along (B, 6 + J): translation, left rotation vector, joints."""
    return GraspBatch(
        grasps.translation + step[:, :3],
        roma.rotvec_to_rotmat(step[:, 3:6]) @ grasps.rotation,
        grasps.joints + step[:, 6:])


def slope(function: object, grasps: GraspBatch) -> torch.Tensor:
    """Return the gradient (B, 6 + J) of a (B,) function with respect to steps of ``moved``."""
    step = torch.zeros(len(grasps), 28, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(moved(grasps, step)).sum(), step)
    return gradient


def difference(function: object, grasps: GraspBatch, size: float = 1e-6) -> torch.Tensor:
    """Return the central differences (B, 6 + J) of a (B,) function along the same steps."""
    columns = []
    for axis in range(28):
        step = torch.zeros(len(grasps), 28, dtype=torch.float64)
        step[:, axis] = size
        with torch.no_grad():
            ahead, behind = function(moved(grasps, step)), function(moved(grasps, -step))
        columns.append((ahead - behind) / (2 * size))
    return torch.stack(columns, 1)

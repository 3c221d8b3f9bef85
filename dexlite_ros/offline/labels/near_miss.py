# SPDX-License-Identifier: Apache-2.0
"""Grasps that differ a little from good ones: what a score must tell apart from them."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.rotations import rotvec_to_rotmat

SHIFT_MIN, SHIFT_MAX = 0.0025, 0.005
"""The wrist moves by a length between these, in a random direction [m] ..."""
TURN = math.radians(2.5)
"""... and turns by this angle about a random axis [rad] ..."""
JOINTS = 0.05
"""... and each joint by up to this much [rad]."""


def near_miss(
    grasp: StagedGrasp, hand: HandDescription, rng: np.random.Generator
) -> StagedGrasp:
    """
    Return one grasp with its wrist and joints moved a little, at every stage alike.

    Coupled joints move together, and all stay within their limits.

    :param grasp: a batch of one
    """
    shift = _direction(rng) * rng.uniform(SHIFT_MIN, SHIFT_MAX)
    turn = rotvec_to_rotmat(torch.from_numpy(TURN * _direction(rng)))
    bend = rng.uniform(-JOINTS, JOINTS, len(hand.joint_names))
    for first, second in hand.coupled_indices:
        bend[second] = bend[first]
    lower, upper = (torch.tensor([getattr(joint, name) for joint in hand.joints])
                    for name in ('lower', 'upper'))
    moved = grasp.each(lambda batch: batch.perturbed(
        torch.from_numpy(shift).to(batch.translation), turn.to(batch.rotation)))
    return moved.each(lambda batch: _bent(
        batch, torch.from_numpy(bend), lower.to(batch.joints), upper.to(batch.joints)))


def _bent(batch: GraspBatch, bend: Tensor, lower: Tensor, upper: Tensor) -> GraspBatch:
    joints = (batch.joints + bend.to(batch.joints)).clamp(lower, upper)
    return replace(batch, joints=joints)


def _direction(rng: np.random.Generator) -> np.ndarray:
    """Return a random unit vector (3,)."""
    vector = rng.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))

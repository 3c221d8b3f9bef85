# SPDX-License-Identifier: Apache-2.0
"""
Grasps as network inputs and outputs: vectors of numbers of similar magnitude.

The palm's position is relative to the origin; the network decides where that is. Letters: B
grasps, J joints.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.rotations import special_gramschmidt

Rotation = Literal['euler', '6d']
LENGTH = 0.1
"""Unit of length in the vectors: about the size of an object [m]."""


class PoseCode(nn.Module):
    """Encodes grasps of one hand as vectors (B, 6 + J) or (B, 9 + J), and back; differentiable."""

    _middle: Tensor
    _half: Tensor

    def __init__(self, hand: HandDescription, rotation: Rotation = '6d') -> None:
        """
        Set the layout: position / ``LENGTH``, rotation, joints scaled from limits to [-1, 1].

        :param rotation: 'euler': three extrinsic xyz angles divided by pi; '6d': the first two
            columns of the rotation matrix (Zhou et al. 2019), which is continuous
        """
        super().__init__()
        self.rotation = rotation
        limits = torch.tensor([(joint.lower, joint.upper) for joint in hand.joints])
        self.register_buffer('_middle', limits.mean(1), persistent=False)
        self.register_buffer('_half', (limits[:, 1] - limits[:, 0]) / 2, persistent=False)

    @property
    def size(self) -> int:
        """Length of a grasp's vector."""
        return 3 + (3 if self.rotation == 'euler' else 6) + len(self._middle)

    def encode(self, grasps: GraspBatch) -> Tensor:
        """Return the vectors of grasps relative to the origin."""
        if self.rotation == 'euler':
            import roma  # Slow to import, and only for this layout.

            turn = roma.rotmat_to_euler('xyz', grasps.rotation) / torch.pi
        else:
            turn = grasps.rotation[:, :, :2].mT.flatten(1)
        joints = (grasps.joints - self._middle) / self._half
        return torch.cat([grasps.translation / LENGTH, turn, joints], dim=1)

    def decode(self, vector: Tensor) -> GraspBatch:
        """Return the grasps of vectors; joints may be outside their limits."""
        split = self.size - len(self._middle)
        turn = vector[:, 3:split]
        if self.rotation == 'euler':
            import roma

            rotation = roma.euler_to_rotmat('xyz', turn * torch.pi)
        else:
            rotation = special_gramschmidt(turn.unflatten(1, (2, 3)).mT)
        return GraspBatch(
            vector[:, :3] * LENGTH, rotation, vector[:, split:] * self._half + self._middle)

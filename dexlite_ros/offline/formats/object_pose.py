# SPDX-License-Identifier: Apache-2.0
"""The pose of an object in another project's file, and grasps in the object's own frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import roma
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch

LENGTH_TOLERANCE = 1e-3
"""Tolerated deviation of a quaternion's length from 1."""
MATRIX_TOLERANCE = 1e-4
"""Tolerated deviation of the entries of R^T R and of the last row of a matrix."""


@dataclass(frozen=True)
class ObjectPoses:
    """Poses of B objects in the frames of their grasps; p_grasps = rotation @ p_object + t."""

    rotation: Tensor
    """(B, 3, 3)"""
    translation: Tensor
    """(B, 3) [m]"""

    @classmethod
    def read(cls, value: object) -> ObjectPoses:
        """
        Return one pose (B = 1).

        :param value: position [m] and quaternion wxyz as 7 numbers, or a 4 x 4 matrix
        :raises ValueError: when it is neither, or not rigid
        """
        try:
            numbers = torch.from_numpy(np.array(value, dtype=np.float64))
        except TypeError as error:
            raise ValueError(f'it is not numbers: {value!r}') from error
        if numbers.shape not in ((7,), (4, 4)) or not numbers.isfinite().all():
            raise ValueError(
                f'it is neither 7 finite numbers (position, quaternion wxyz) nor 4 x 4: {value!r}')
        if numbers.shape == (7,):
            return cls(_from_quat(numbers[3:])[None], numbers[None, :3])
        return cls(_from_matrix(numbers)[None], numbers[None, :3, 3])

    @classmethod
    def cat(cls, poses: list[ObjectPoses]) -> ObjectPoses:
        """Join poses in order."""
        return cls(torch.cat([each.rotation for each in poses]),
                   torch.cat([each.translation for each in poses]))

    def in_object_frame(self, grasps: GraspBatch) -> GraspBatch:
        """Return B grasps in the frame of their object."""
        back = self.rotation.mT
        return grasps.transformed(back, -(back @ self.translation[:, :, None]).squeeze(2))


def _from_quat(quat_wxyz: Tensor) -> Tensor:
    """Return a rotation (3, 3)."""
    length = float(quat_wxyz.norm())
    if abs(length - 1) > LENGTH_TOLERANCE:
        raise ValueError(f'it is not rigid: its quaternion has length {length:g}, not 1')
    return roma.unitquat_to_rotmat(roma.quat_wxyz_to_xyzw(quat_wxyz / length))


def _from_matrix(matrix: Tensor) -> Tensor:
    """Return the rotation (3, 3) of a rigid transform (4, 4)."""
    block = matrix[:3, :3]
    stretch = (block.mT @ block - torch.eye(3).to(block)).abs().max()
    last = (matrix[3] - torch.tensor([0.0, 0.0, 0.0, 1.0]).to(matrix)).abs().max()
    if stretch > MATRIX_TOLERANCE or last > MATRIX_TOLERANCE or block.det() < 0:
        raise ValueError(
            f'it is not rigid, but scales, shears or mirrors: {matrix.tolist()}')
    return roma.special_procrustes(block)

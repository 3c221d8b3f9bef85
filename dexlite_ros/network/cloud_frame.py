# SPDX-License-Identifier: Apache-2.0
"""
The frame in which the network sees a cloud: its own, or one along the cloud's principal axes.

Along its principal axes a cloud looks the same in every orientation, so the network need not learn
each of them. Three axes allow four right-handed frames, one of which is chosen at random. Letters:
O clouds, P points, B grasps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch

FrameKind = Literal['given', 'principal']


@dataclass(frozen=True)
class CloudFrames:
    """One frame for each of O clouds: p_cloud = rotation @ p_frame + centre."""

    centre: Tensor
    """(O, 3) [m]"""
    rotation: Tensor
    """(O, 3, 3)"""

    @classmethod
    def along(
        cls, points: Tensor, kind: FrameKind, generator: torch.Generator | None = None
    ) -> CloudFrames:
        """
        Return the frames of clouds (O, P, 3), with their centres as origins.

        :param generator: on the points' device; decides the signs of the principal axes
        """
        centre = points.mean(1)
        count = len(points)
        if kind == 'given':
            return cls(centre, torch.eye(3).to(points).expand(count, 3, 3))
        offset = points - centre[:, None]
        axes = torch.linalg.eigh(offset.mT @ offset).eigenvectors
        signs = torch.randint(
            0, 2, (count, 1, 2), generator=generator, device=points.device) * 2 - 1
        return cls(centre, _right_handed(axes[:, :, :2] * signs))

    @classmethod
    def every(cls, points: Tensor, kind: FrameKind) -> CloudFrames:
        """Return all frames of one cloud (P, 3): its own, or the four along its axes."""
        if kind == 'given':
            return cls.along(points[None], kind)
        frame = cls.along(points[None], kind, torch.Generator(points.device).manual_seed(0))
        signs = frame.rotation.new_tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]])
        return cls(
            frame.centre.expand(4, -1),
            _right_handed(frame.rotation[:, :, :2] * signs[:, None]))

    def seen(self, points: Tensor) -> Tensor:
        """Return points (O, P, 3) expressed in the frames [m]."""
        return (points - self.centre[:, None]) @ self.rotation

    def grasps_seen(self, grasps: GraspBatch, cloud: Tensor) -> GraspBatch:
        """Return B grasps expressed in the frames; ``cloud`` (B,) is the cloud of each."""
        around = replace(grasps, translation=grasps.translation - self.centre[cloud])
        return around.transformed(self.rotation[cloud].mT)

    def grasps_given(self, grasps: GraspBatch, cloud: Tensor) -> GraspBatch:
        """Return B grasps, given in the frames, in the clouds' own coordinates."""
        return grasps.transformed(self.rotation[cloud], self.centre[cloud])


def _right_handed(axes: Tensor) -> Tensor:
    """Return the rotations (O, 3, 3) whose first two columns are orthogonal axes (O, 3, 2)."""
    third = torch.linalg.cross(axes[:, :, 0], axes[:, :, 1], dim=1)
    return torch.cat([axes, third[:, :, None]], 2)

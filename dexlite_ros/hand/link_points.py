# SPDX-License-Identifier: Apache-2.0
"""
Points fixed to the links of a hand, with the analytic J^T as their gradient.

Letters: B grasps, L links, J joints, P points.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import cross_matrix, HandKinematics, LinkPoses


class LinkPoints(nn.Module):
    """
    P points, each fixed to a link of a hand.

    One matrix product places the points of all links: each row block of ``_spread`` holds the
    homogeneous local coordinates of one link's points and is zero elsewhere. The result is stored
    by coordinate, which makes distance field queries faster.
    """

    link: Tensor
    local: Tensor
    moving: Tensor
    _spread: Tensor

    def __init__(self, kinematics: HandKinematics, link: Tensor, local: Tensor) -> None:
        """
        Attach points to links.

        :param link: (P,) index of each point's link
        :param local: (P, 3) position in that link's frame [m]
        """
        super().__init__()
        count = len(link)
        spread = torch.zeros(len(kinematics.description.links), 4, count)
        spread[link, :3, torch.arange(count)] = local.to(torch.float32)
        spread[link, 3, torch.arange(count)] = 1.0
        self.register_buffer('link', link, persistent=False)
        self.register_buffer('local', local.to(torch.float32), persistent=False)
        self.register_buffer('moving', kinematics.joints_moving(link).cpu(), persistent=False)
        self.register_buffer('_spread', spread.flatten(0, 1), persistent=False)

    def __len__(self) -> int:
        return len(self.link)

    def place(self, poses: LinkPoses) -> Tensor:
        """Return the points (B, P, 3) in the object frame [m]."""
        transform = torch.cat([poses.rotation, poses.position[..., None]], -1)  # (B, L, 3, 4)
        return (transform.transpose(1, 2).flatten(2) @ self._spread).mT

    def forward(
        self, kinematics: HandKinematics, grasps: GraspBatch
    ) -> tuple[Tensor, LinkPoses]:
        """
        Return points (B, P, 3) in the object frame [m], and the link poses.

        The points are differentiable in the grasps, the poses are not. The gradient with respect
        to a rotation is tangent to SO(3), which is all that a step on rotations can use.
        """
        world, rotation, position = _PointsOnLinks.apply(  # type: ignore[no-untyped-call]
            grasps.translation, grasps.rotation, grasps.joints, kinematics, self)
        return world, LinkPoses(rotation.detach(), position.detach())


class _PointsOnLinks(torch.autograd.Function):
    """Points fixed to links, with the analytic J^T as gradient instead of a graph per link."""

    @staticmethod
    def forward(
        ctx: Any, translation: Tensor, rotation: Tensor, joints: Tensor,
        kinematics: HandKinematics, points: LinkPoints,
    ) -> tuple[Tensor, Tensor, Tensor]:
        poses = kinematics(GraspBatch(translation, rotation, joints))
        world = points.place(poses)
        ctx.kinematics, ctx.moving = kinematics, points.moving
        ctx.save_for_backward(world, poses.rotation, poses.position)
        return world, poses.rotation, poses.position

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_unused: Any) -> tuple[Tensor | None, ...]:
        world, rotation, position = ctx.saved_tensors
        poses = LinkPoses(rotation, position)
        forces = ctx.kinematics.joint_torques(poses, ctx.moving, world, gradient)
        # The matrix whose inner product with [w]x R equals w . moment for every w.
        wrist = 0.5 * cross_matrix(forces.moment) @ rotation[:, 0]
        return forces.force, wrist, forces.torque, None, None

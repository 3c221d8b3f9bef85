# SPDX-License-Identifier: Apache-2.0
"""
Batched forward kinematics and the transposed Jacobian.

Letters: B grasps, L links, J joints, P points on links. Everything is expressed in the
object frame, the frame of the grasps' wrist poses.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.rotations import unitquat_to_rotmat


@dataclass(frozen=True)
class LinkPoses:
    """Where the links of B hands are: p_object = rotation @ p_link + position."""

    rotation: Tensor
    """(B, L, 3, 3)"""
    position: Tensor
    """(B, L, 3) [m]"""

    def __getitem__(self, index: slice | Tensor) -> LinkPoses:
        """Select hands."""
        return LinkPoses(self.rotation[index], self.position[index])


@dataclass(frozen=True)
class LinkMotions:
    """How each link but the root moves on its parent, in the order of the description."""

    joint: Tensor
    """(L - 1,) index of the joint."""
    offset: Tensor
    """(L - 1, 3) position in the parent's frame [m]."""
    turns: Tensor
    """(L - 1, 3, 3, 3) A, B and C of the rotation R(q) = A + sin q B + (1 - cos q) C."""
    axis: Tensor
    """(L - 1, 3) unit, in the link's frame."""


@dataclass(frozen=True)
class GraspForces:
    """Generalised forces on B hands: an energy's gradient, or the effect of contact forces."""

    force: Tensor
    """(B, 3) on the wrist [N]."""
    moment: Tensor
    """(B, 3) about the wrist's origin [N m]."""
    torque: Tensor
    """(B, J) on the joints [N m]."""


class HandKinematics(nn.Module):
    """
    Link poses from wrist pose and joints, and J^T f for forces f at points on links.

    Uses one batched product per level of the kinematic tree instead of a loop over links.
    """

    lower: Tensor
    upper: Tensor
    carries: Tensor
    coupled: Tensor
    joint_link: Tensor
    joint_axis: Tensor
    _order: Tensor
    _parents: Tensor
    _constant: Tensor
    _sine: Tensor
    _cosine: Tensor
    _offset: Tensor
    _axis: Tensor
    _joint: Tensor

    def __init__(self, description: HandDescription) -> None:
        super().__init__()
        self.description = description
        links = description.links
        depth = _depths(description.parents)
        order = sorted(range(len(links)), key=lambda index: depth[index])
        rank = {link: position for position, link in enumerate(order)}
        levels = _levels(description.parents, depth, order, rank)
        self._level_sizes = [len(parents) for parents in levels]
        self._register('_parents', [each for parents in levels for each in parents], torch.long)
        self._register('_order', [rank[index] for index in range(len(links))], torch.long)
        moved = [links[index] for index in order[1:]]
        joint_of = {link.name: joint for link, joint in description.moving_links}
        quat_wxyz = torch.tensor([link.quat_wxyz for link in moved], dtype=torch.float64)
        offset = unitquat_to_rotmat(
            torch.nn.functional.normalize(quat_wxyz.roll(-1, dims=1), dim=1))
        axis = torch.tensor(
            [joint_of[link.name].axis for link in moved], dtype=torch.float64)
        axis = axis / axis.norm(dim=1, keepdim=True)
        cross = cross_matrix(axis)
        # Rodrigues' formula including the fixed offset: R(q) = A + sin q B + (1 - cos q) C.
        self._register('_constant', offset)
        self._register('_sine', offset @ cross)
        self._register('_cosine', offset @ cross @ cross)
        self._register('_offset', [link.position for link in moved])
        self._register('_axis', axis)
        names = description.joint_names
        self._register('_joint', [
            names.index(joint_of[link.name].name) for link in moved], torch.long)
        jointed = [description.link_names.index(name) for name in joint_of]
        self._register('joint_link', jointed, torch.long)
        self._register('joint_axis', [joint.axis for joint in description.joints])
        self.joint_axis = self.joint_axis / self.joint_axis.norm(dim=1, keepdim=True)
        self._register('lower', [joint.lower for joint in description.joints])
        self._register('upper', [joint.upper for joint in description.joints])
        self._register('carries', _ancestry(description.parents)[jointed])
        self._register('coupled', description.coupled_indices, torch.long)

    def _register(
        self, name: str, values: object, dtype: torch.dtype = torch.float32
    ) -> None:
        self.register_buffer(name, torch.as_tensor(values, dtype=dtype), persistent=False)

    def forward(self, grasps: GraspBatch) -> LinkPoses:
        """
        Return the link poses of B grasps, differentiable.

        :param grasps: B grasps; joints (B, J) [rad] in the description's order
        """
        angle = grasps.joints[:, self._joint, None, None]  # (B, L-1, 1, 1)
        turn = self._constant + angle.sin() * self._sine + (1 - angle.cos()) * self._cosine
        rotations = [grasps.rotation[:, None]]
        positions = [grasps.translation[:, None]]
        start = 0
        for parents in self._parents.split(self._level_sizes):
            stop = start + len(parents)
            parent_rotation = rotations[-1][:, parents]
            shift = (parent_rotation @ self._offset[start:stop, :, None]).squeeze(-1)
            positions.append(positions[-1][:, parents] + shift)
            rotations.append(parent_rotation @ turn[:, start:stop])
            start = stop
        return LinkPoses(
            torch.cat(rotations, 1)[:, self._order], torch.cat(positions, 1)[:, self._order])

    def link_motions(self) -> LinkMotions:
        """Return how each link but the root moves on its parent."""
        below = self._order[1:] - 1
        turns = torch.stack([self._constant, self._sine, self._cosine], 1)
        return LinkMotions(
            self._joint[below], self._offset[below], turns[below], self._axis[below])

    def joints_moving(self, link: Tensor) -> Tensor:
        """Return (..., J): 1 where a joint moves the link of the given index (...), else 0."""
        return self.carries.T[link]

    def joint_torques(
        self,
        poses: LinkPoses,
        moving: Tensor,  # (P, J) or (B, P, J)
        point: Tensor,  # (B, P, 3)
        force: Tensor,  # (B, P, 3)
    ) -> GraspForces:
        """
        Return J^T f: the generalised forces of forces [N] at points [m] fixed to links.

        A joint is loaded by the forces on its own link and on all links beyond it:

            tau_j = a_j . sum_p (x_p - o_j) x f_p = a_j . (sum_p x_p x f_p - o_j x sum_p f_p) ,

        a_j its axis, o_j its origin, the sums over the points it moves. The right-hand side needs
        two matrix products for all joints.

        :param moving: 1 where a joint moves the point: ``joints_moving`` of the points' links
        """
        moment = _cross_many(point, force)
        total_force = (force.mT @ moving).mT  # (B, J, 3)
        total_moment = (moment.mT @ moving).mT
        about = total_moment - torch.linalg.cross(poses.position[:, self.joint_link], total_force)
        wrist_force = force.sum(1)
        wrist_moment = moment.sum(1) - torch.linalg.cross(poses.position[:, 0], wrist_force)
        torque = (self.world_axes(poses) * about).sum(-1)
        return GraspForces(wrist_force, wrist_moment, torque)

    def contact_jacobian(
        self, poses: LinkPoses, link: Tensor, point: Tensor, normal: Tensor
    ) -> Tensor:
        """
        Return the contact Jacobian (B, C, 4, J): velocity and spin per joint velocity.

        :param link: (C,) index of the link that carries each contact
        :param point: (B, C, 3) position of the contact [m]
        :param normal: (B, C, 3) unit; the spin is the link's angular velocity about it
        """
        axes = self.world_axes(poses)[:, None]  # (B, 1, J, 3)
        arm = point[:, :, None] - poses.position[:, None, self.joint_link]
        velocity = torch.linalg.cross(axes.expand_as(arm), arm)
        spin = (axes * normal[:, :, None]).sum(-1, keepdim=True)
        return (torch.cat([velocity, spin], -1) * self.joints_moving(link)[:, :, None]).mT

    def world_axes(self, poses: LinkPoses) -> Tensor:
        """Return the unit joint axes (B, J, 3) in the object frame."""
        return (poses.rotation[:, self.joint_link] @ self.joint_axis[:, :, None]).squeeze(-1)

    def limit_margin(self, joints: Tensor) -> Tensor:
        """Return the smallest distance (B,) of joints (B, J) to their limits [rad]."""
        return torch.minimum(joints - self.lower, self.upper - joints).amin(1)

    def clamp(self, joints: Tensor) -> Tensor:
        """Return joints (B, J) clamped to their limits [rad]."""
        return torch.minimum(torch.maximum(joints, self.lower), self.upper)

    def couple(self, values: Tensor) -> Tensor:
        """Return values per joint (B, J), both values of each coupled pair set to their mean."""
        if len(self.coupled) == 0:
            return values
        pairs = self.coupled.to(values.device)
        mean = values[:, pairs].mean(-1, keepdim=True).expand(-1, -1, 2)
        return values.index_copy(1, pairs.flatten(), mean.flatten(1))


def _cross_many(first: Tensor, second: Tensor) -> Tensor:
    """Return the cross product (B, P, 3); faster than torch's if stored by coordinate."""
    ax, ay, az = first.unbind(-1)
    bx, by, bz = second.unbind(-1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], 1).mT


def cross_matrix(vector: Tensor) -> Tensor:
    """Return [v]x (..., 3, 3), for which [v]x w = v x w."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    rows = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1)
    return rows.view(*rows.shape[:-1], 3, 3)


def _depths(parents: tuple[int, ...]) -> list[int]:
    depth: list[int] = []
    for parent in parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    return depth


def _levels(
    parents: tuple[int, ...], depth: list[int], order: list[int], rank: dict[int, int]
) -> list[list[int]]:
    """Return, per level below the root, the position of each link's parent one level up."""
    levels = []
    for level in range(1, max(depth) + 1):
        first_above = sum(d < level - 1 for d in depth)
        members = [index for index in order if depth[index] == level]
        levels.append([rank[parents[index]] - first_above for index in members])
    return levels


def _ancestry(parents: tuple[int, ...]) -> Tensor:
    """Return (L, L): 1 where the row's link is the column's link or an ancestor of it."""
    carried = torch.eye(len(parents))
    for child, parent in enumerate(parents):
        if parent >= 0:
            carried[:, child] = torch.maximum(carried[:, child], carried[:, parent])
    return carried

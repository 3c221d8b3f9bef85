# SPDX-License-Identifier: Apache-2.0
"""
The stiffness with which squeezing fingers hold an object: a linear, quasi-static model.

Each joint is a spring with torque k times the angle between command and joint; a coupled pair is a
spring on the sum of its joints. At a contact, link and object move together in all directions and,
as for soft fingers, also rotate together about the normal. A small twist x of the object about its
centre of mass therefore moves the contacts by G x and is resisted by the wrench

    K x = (G^T (J C J^T + c)^-1 G + K_f) x ,

where J is the contact Jacobian, C the compliance of the joints, c that of the contacts, and K_f
the effect of the contact forces as the object rotates under them (forces that push past each other
topple it). A negative eigenvalue of K means that the grasp is unstable. Letters: B grasps, C
contacts, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dexlite_ros.hand.kinematics import cross_matrix, HandKinematics, LinkPoses
from dexlite_ros.mechanics.contact_forces import ContactBatch, TORQUE_LENGTH


@dataclass(frozen=True)
class StiffnessSettings:
    """Spring constants of the model."""

    joint: float = 5.0
    """Gain of the position controllers [N m/rad]."""
    pair_difference: float = 0.3
    """Resistance of the two joints of one motor to moving in opposite directions [N m/rad]."""
    contact: float = 2e4
    """[N/m]"""
    contact_twist: float = 1.0
    """About a contact's normal [N m/rad]."""
    floor: float = 20.0
    """Added in every direction, so that a free object moves far but not infinitely [N/m]."""


@dataclass(frozen=True)
class GraspStiffness:
    """B linear models of held objects; twists are (translation, rotation) about the CoM."""

    total: Tensor
    """(B, 6, 6) wrench per twist [N/m, N, N m/rad]."""
    contact_motion: Tensor
    """(B, 4C, 6) motion of contacts per twist: translation of the point, spin about the normal."""
    contact_stiffness: Tensor
    """(B, 4C, 4C) forces at the contacts per motion of the contacts."""

    def eigenvalues(self) -> Tensor:
        """Return (B, 6) eigenvalues of K, ascending; rotations are scaled by 0.05 m [N/m]."""
        scale = self.total.new_tensor([1.0] * 3 + [1 / TORQUE_LENGTH] * 3)
        stiffness: Tensor = torch.linalg.eigvalsh(self.total * scale[:, None] * scale)
        return stiffness

    def response(self, wrench: Tensor, floor: float) -> Tensor:
        """
        Return the twists (B, 6, N) that wrenches (B, 6, N) cause [m, rad].

        :param floor: stiffness added in every direction [N/m]
        """
        ground = self.total.new_tensor([floor] * 3 + [floor * TORQUE_LENGTH ** 2] * 3)
        twist: Tensor = torch.linalg.solve(self.total + ground.diag(), wrench)
        return twist


def grasp_stiffness(
    poses: LinkPoses,
    contacts: ContactBatch,
    forces: Tensor,
    link: Tensor,
    centre: Tensor,
    kinematics: HandKinematics,
    settings: StiffnessSettings,
) -> GraspStiffness:
    """
    Return the stiffness of B grasps.

    :param poses: link poses of the hands
    :param forces: (B, C, 3) force of the hand on the object at each contact [N]
    :param link: (C,) index of the link each contact is on
    :param centre: (3,) centre of mass of the object [m]
    """
    active = contacts.active[..., None]
    jacobian = kinematics.contact_jacobian(poses, link, contacts.point, contacts.normal)
    jacobian = (jacobian * active[..., None]).flatten(1, 2)  # (B, 4C, J)
    compliance = torch.linalg.inv(_joint_stiffness(kinematics, settings).to(jacobian))
    soft = jacobian.new_tensor([1 / settings.contact] * 3 + [1 / settings.contact_twist])
    soft = soft.repeat(active.shape[1]).diag()
    contact_stiffness = torch.linalg.inv(jacobian @ compliance @ jacobian.mT + soft)
    arm = (contacts.point - centre) * active
    eye = torch.eye(3).to(arm).expand(*arm.shape[:2], 3, 3)
    motion = torch.cat([
        torch.cat([eye * active[..., None], -cross_matrix(arm)], -1),
        torch.cat([torch.zeros_like(arm), contacts.normal * active], -1)[..., None, :],
    ], -2).flatten(1, 2)  # (B, 4C, 6)
    total = motion.mT @ contact_stiffness @ motion
    # As the object rotates, its contact points move while the forces keep their direction.
    turned = torch.einsum('bci,bcj->bij', arm, forces)
    topple = turned.diagonal(dim1=1, dim2=2).sum(-1)[:, None, None] * torch.eye(3).to(arm)
    total[:, 3:, 3:] += topple - 0.5 * (turned + turned.mT)
    return GraspStiffness(total, motion, contact_stiffness)


def _joint_stiffness(kinematics: HandKinematics, settings: StiffnessSettings) -> Tensor:
    """Return the joint stiffness matrix (J, J) [N m/rad]."""
    hand = kinematics.description
    stiffness = settings.joint * torch.eye(len(hand.joint_names))
    same = settings.joint + settings.pair_difference
    across = settings.joint - settings.pair_difference
    for first, second in hand.coupled_indices:
        stiffness[first, first] = stiffness[second, second] = same
        stiffness[first, second] = stiffness[second, first] = across
    return stiffness

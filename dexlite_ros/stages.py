# SPDX-License-Identifier: Apache-2.0
"""
From a touching grasp to the three stages that a position controller executes.

Squeeze: the joints are commanded past contact by

    dq = J^T f / k ,

with the contact Jacobian J, the contact forces f [N] and the stiffness k of the controllers
[N m/rad], so that their torques produce the forces. A hand that merely touches exerts no force.
Pregrasp: the fingers open and the wrist retreats along the distance field until the hand is clear
of the object. Letters: K grasps, G contact groups, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.mechanics import energy_terms
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import SqueezeForces
from dexlite_ros.plan import Contacts


@dataclass(frozen=True)
class StageSettings:
    """How far the hand opens for the pregrasp."""

    clearance: float = 0.012
    """Gap that the pregrasp aims at [m], slightly more than the 1 cm that the filter requires."""
    opening_steps: int = 60
    opening_step: float = 0.02
    """Step of the joints while opening [rad]; times ``wrist_share``: step of the wrist [m]."""
    wrist_share: float = 0.03


@dataclass(frozen=True)
class Staged:
    """K grasps in three stages, and the forces that the squeeze is meant to exert."""

    grasps: StagedGrasp
    squeeze: SqueezeForces
    pregrasp_clearance: Tensor
    """(K,) smallest distance from the open hand to the object [m]."""

    def __getitem__(self, index: Tensor) -> Staged:
        """Select grasps."""
        return Staged(
            self.grasps[index], self.squeeze[index], self.pregrasp_clearance[index])


def stage(
    placed: PlacedGrasps, squeeze: SqueezeForces, energy: GraspEnergy, settings: StageSettings
) -> Staged:
    """
    Return the three stages of K grasps, with joints within limits and coupled pairs equal.

    :param squeeze: forces that the squeeze stage should exert
    :param energy: provides the hand and the object
    """
    kinematics = energy.geometry.kinematics
    torque = kinematics.joint_torques(
        placed.hand.poses, kinematics.joints_moving(energy.geometry.group_link),
        squeeze.contacts.point, squeeze.forces).torque
    # One motor drives both joints of a pair: each makes half of its motion, at their mean torque.
    push = torque / squeeze.stiffness
    push[:, kinematics.coupled.flatten()] /= 2
    push = kinematics.couple(push)
    grasps = placed.grasps
    pressing = replace(
        grasps, joints=kinematics.couple(kinematics.clamp(grasps.joints + push)))
    pregrasp, clearance = open_hand(grasps, energy, settings)
    return Staged(StagedGrasp(pregrasp, grasps, pressing), squeeze, clearance)


def open_hand(
    grasps: GraspBatch, energy: GraspEnergy, settings: StageSettings
) -> tuple[GraspBatch, Tensor]:
    """
    Return open hands near K grasps, and their distance (K,) to the object [m].

    Descends the penetration with a margin of ``clearance``, so that the motion back to the grasp
    is short and collision-free. The step with the largest distance is kept.
    """
    kinematics = energy.geometry.kinematics
    now = best = grasps
    moving = torch.arange(len(grasps), device=grasps.translation.device)
    enough = settings.clearance - 0.0005
    best_clearance = torch.full_like(grasps.translation[:, 0], -torch.inf)
    for _ in range(settings.opening_steps):
        leaves = [part.detach().requires_grad_() for part in vars(now).values()]
        hand = energy.geometry(GraspBatch(*leaves))
        gap = energy.gap(hand)
        clearance = gap.detach().min(1).values
        self_gap = energy.geometry.capsule_gaps(hand)
        cost = (settings.clearance - gap).clamp(min=0).square().sum(-1)
        obstacle_gap = energy.obstacle_gap(hand)
        if obstacle_gap is not None:
            near = energy.settings.obstacle_margin - obstacle_gap
            cost = cost + near.clamp(min=0).square().sum(-1)
        cost = cost + energy_terms.self_penetration(self_gap, 0.002) * 0.01
        better = clearance > best_clearance[moving]
        best = best.with_rows(moving[better], now[better])
        best_clearance[moving[better]] = clearance[better]
        # A hand that is clear stops moving, even if others still have to move.
        left = best_clearance[moving] < enough
        if not bool(left.any()):
            break
        slopes = torch.autograd.grad(cost.sum(), leaves)
        now, moving = _open_step(now, slopes, kinematics, settings)[left], moving[left]
    return best, best_clearance


def _open_step(
    now: GraspBatch, slopes: tuple[Tensor, ...], kinematics: HandKinematics,
    settings: StageSettings,
) -> GraspBatch:
    """Move joints and wrist by one step of fixed length down their gradients."""
    translation, _, joints = slopes
    joints = kinematics.couple(joints)
    turn = joints / joints.abs().amax(1, keepdim=True).clamp(min=1e-12)
    shift = torch.nn.functional.normalize(translation, dim=1)
    step = settings.opening_step
    return GraspBatch(
        now.translation - step * settings.wrist_share * shift,
        now.rotation,
        kinematics.clamp(now.joints - step * turn))


def contact_list(
    squeeze: SqueezeForces, links: tuple[str, ...], offset: NDArray[np.float64]
) -> tuple[Contacts, ...]:
    """
    Return the contacts that carry force, for each of K grasps.

    :param links: (G,) names of the contact groups' links
    :param offset: (3,) added to every point [m]
    """
    found = []
    contacts = squeeze.contacts
    for index, active in enumerate(contacts.active):
        held = active.nonzero().squeeze(1)
        found.append(Contacts(
            tuple(links[i] for i in held.tolist()),
            contacts.point[index, held].cpu().double() + torch.from_numpy(offset),
            contacts.normal[index, held].cpu().double(),
            squeeze.forces[index, held].cpu().double()))
    return tuple(found)

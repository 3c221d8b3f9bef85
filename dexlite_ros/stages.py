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

import torch
from torch import Tensor

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import past_contact, SqueezeForces
from dexlite_ros.object.hypotheses import spread
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.plan import Contacts
from dexlite_ros.pregrasp import open_hand, StageSettings


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
    push = past_contact(squeeze.torque, squeeze.stiffness, kinematics)
    grasps = placed.grasps
    pressing = replace(
        grasps, joints=kinematics.couple(kinematics.clamp(grasps.joints + push)))
    pregrasp, clearance = open_hand(grasps, energy, settings)
    return Staged(StagedGrasp(pregrasp, grasps, pressing), squeeze, clearance)


def contact_list(
    squeeze: SqueezeForces, links: tuple[str, ...], scene: PlanningScene
) -> tuple[Contacts, ...]:
    """
    Return the contacts that carry force, for each of K grasps, in the frame of the input.

    :param links: (G,) names of the contact groups' links
    :param scene: with the surfaces that the object may have
    """
    offset = torch.from_numpy(scene.offset)
    found = []
    contacts = squeeze.contacts
    for index, active in enumerate(contacts.active):
        held = active.nonzero().squeeze(1)
        points = contacts.point[index, held].cpu().double()
        found.append(Contacts(
            tuple(links[i] for i in held.tolist()),
            points + offset,
            contacts.normal[index, held].cpu().double(),
            squeeze.forces[index, held].cpu().double(),
            torch.from_numpy(spread(scene.hypotheses, points.numpy()))))
    return tuple(found)

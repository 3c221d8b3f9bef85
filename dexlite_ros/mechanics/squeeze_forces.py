# SPDX-License-Identifier: Apache-2.0
"""
The contact forces of the squeeze: balanced, with a given total, within what the joints can exert.

Letters: K grasps, G contact groups, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import GraspForces, HandKinematics
from dexlite_ros.mechanics.contact_forces import ContactBatch, ForceLimits
from dexlite_ros.mechanics.force_balance import balanced_forces
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps


@dataclass(frozen=True)
class SqueezeSettings:
    """Strength of the squeeze, and stiffness of the controllers."""

    stiffness: float = 0.0
    """Proportional gain of the position controllers [N m/rad]; 0: that of the hand."""
    total_force: float = 40.0
    """Sum of the normal forces of all contacts at the squeeze stage, unless joints would need
    more torque than they have [N]."""
    torque_share: float = 1.0
    """Largest share of the joints' torque that the squeeze may need."""
    contact_threshold: float = 0.006
    """Links closer to the object than this carry squeeze forces [m]."""
    guess_threshold: float = 0.015
    """The same for unrefined grasps, whose links are still farther from the object [m]."""
    forces: ForceLimits = field(
        default_factory=lambda: ForceLimits(friction=0.5, min_force=0.1, max_force=3.0))
    force_steps: int = 300

    def __post_init__(self) -> None:
        if self.stiffness < 0:
            raise InvalidRequest(
                'squeeze.stiffness', self.stiffness, "a positive number, or 0 for the hand's own")
        if not 0 < self.torque_share <= 1:
            raise InvalidRequest(
                'squeeze.torque_share', self.torque_share, 'more than 0 and at most 1')

    def of_guesses(self) -> SqueezeSettings:
        """Return the settings for grasps that were not refined."""
        return replace(self, contact_threshold=self.guess_threshold)


@dataclass(frozen=True)
class SqueezeForces:
    """The forces of K squeezing hands on the object."""

    contacts: ContactBatch
    """(K, G) contacts; those that carry force are active."""
    forces: Tensor
    """(K, G, 3) force of the hand on the object [N]."""
    torque: Tensor
    """(K, J) joint torques that exert them: J^T f [N m]."""
    stiffness: float
    """Proportional gain of the position controllers [N m/rad]."""

    def __getitem__(self, index: slice | Tensor) -> SqueezeForces:
        """Select grasps."""
        return SqueezeForces(
            self.contacts[index], self.forces[index], self.torque[index], self.stiffness)


def squeeze_forces(
    placed: PlacedGrasps, energy: GraspEnergy, settings: SqueezeSettings
) -> SqueezeForces:
    """
    Return balanced contact forces of K grasps.

    Their normal components sum to ``total_force``, or to as much as the joints can exert.

    :param energy: provides the hand and the object
    """
    kinematics = energy.geometry.kinematics
    motors = kinematics.description.joint_dynamics
    with torch.no_grad():
        contacts = placed.touching(settings.contact_threshold)
        forces = balanced_forces(
            contacts, energy.field.centre_of_mass, settings.forces, settings.force_steps)
        normal_sum = -(forces * contacts.normal).sum((-1, -2))
        forces = forces * (settings.total_force / normal_sum.clamp(min=1e-6))[:, None, None]
        torque = hand_loads(placed, contacts, forces, energy.geometry).torque
        largest = kinematics.couple(torque).abs().amax(1)
        share = (settings.torque_share * motors.effort / largest.clamp(min=1e-6)).clamp(max=1.0)
        return SqueezeForces(
            contacts, forces * share[:, None, None], torque * share[:, None],
            settings.stiffness or motors.stiffness)


def hand_loads(
    placed: PlacedGrasps, contacts: ContactBatch, forces: Tensor, geometry: HandGeometry
) -> GraspForces:
    """Return what exerts forces (K, G, 3) at contacts: wrist force and moment, joint torques."""
    kinematics = geometry.kinematics
    return kinematics.joint_torques(
        placed.hand.poses, kinematics.joints_moving(geometry.group_link), contacts.point, forces)


def past_contact(torque: Tensor, stiffness: float, kinematics: HandKinematics) -> Tensor:
    """Return how far joints (K, J) are commanded past contact, to exert torques (K, J) [rad]."""
    push = torque / stiffness
    # One motor drives both joints of a pair: each makes half of its motion, at their mean torque.
    push[:, kinematics.coupled.flatten()] /= 2
    return kinematics.couple(push)

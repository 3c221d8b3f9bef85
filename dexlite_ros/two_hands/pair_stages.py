# SPDX-License-Identifier: Apache-2.0
"""
The three stages of a hand that presses together with another one.

The squeeze commands every spring of the hand past contact by what it takes to exert the contact
forces f: joints by J^T f / k, and the wrist, which an arm holds by springs as well, by F / k and
M / k, with F and M the net force and moment of f at the wrist. Letters: K grasps, G contact
groups.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import GraspForces, HandKinematics
from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import hand_loads, past_contact, SqueezeForces
from dexlite_ros.pregrasp import open_hand, StageSettings
from dexlite_ros.rotations import rotvec_to_rotmat
from dexlite_ros.stages import Staged
from dexlite_ros.two_hands.settings import ArmSettings


def stage_pressing(
    placed: PlacedGrasps, contacts: ContactBatch, forces: Tensor, energy: GraspEnergy,
    settings: StageSettings, arm: ArmSettings,
) -> Staged:
    """
    Return the three stages of K grasps of one of the hands.

    :param forces: (K, G, 3) that the hand should exert on the object [N]
    """
    pregrasp, clearance = open_hand(placed.grasps, energy, settings)
    loads = hand_loads(placed, contacts, forces, energy.geometry)
    kinematics = energy.geometry.kinematics
    stiffness = kinematics.description.joint_dynamics.stiffness
    return Staged(
        StagedGrasp(
            pregrasp, placed.grasps, pressed(placed.grasps, loads, stiffness, kinematics, arm)),
        SqueezeForces(contacts, forces, loads.torque, stiffness), clearance)


def pressed(
    grasps: GraspBatch, loads: GraspForces, stiffness: float, kinematics: HandKinematics,
    arm: ArmSettings,
) -> GraspBatch:
    """
    Return what wrist and joints are commanded to in order to exert forces.

    :param stiffness: of the fingers [N m/rad]
    """
    turn = rotvec_to_rotmat(loads.moment / arm.turn_stiffness)
    push = past_contact(loads.torque, stiffness, kinematics)
    return replace(
        grasps,
        translation=grasps.translation + loads.force / arm.stiffness,
        rotation=turn @ grasps.rotation,
        joints=kinematics.couple(kinematics.clamp(grasps.joints + push)))

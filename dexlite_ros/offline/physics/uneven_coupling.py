# SPDX-License-Identifier: Apache-2.0
"""
Coupled joints that share their motor's motion unevenly, as on the real Shadow Hand.

Its motor J0 sets J1 + J2. Plans assume that the two are equal; a real finger that closes freely
bends J2 to its stop before J1 begins (mujoco_menagerie #132).
"""

from __future__ import annotations

from dataclasses import replace

import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.physics.simulation import GraspScene

PROXIMAL_DAMPING = 0.02
"""Damping of the proximal joint of a pair relative to its usual one. A motor pulls both with the
same torque, so in free motion the less damped joint moves first; at rest nothing changes."""


def split_unevenly(grasps: StagedGrasp, hand: HandDescription) -> StagedGrasp:
    """
    Return grasps whose coupled pairs have the same sums, the proximal joint bent first.

    The distal joint takes what is beyond the stop of the proximal one. Sums that the limits of
    both joints allow stay within them.
    """
    return grasps.each(lambda batch: _split(batch, hand))


def _split(grasps: GraspBatch, hand: HandDescription) -> GraspBatch:
    joints = grasps.joints.clone()
    for proximal, distal in hand.coupled_indices:
        first, second = hand.joints[proximal], hand.joints[distal]
        total = grasps.joints[:, proximal] + grasps.joints[:, distal]
        joints[:, proximal] = torch.clamp(total - second.lower, first.lower, first.upper)
        joints[:, distal] = total - joints[:, proximal]
    return replace(grasps, joints=joints)


def bend_proximal_first(scene: GraspScene) -> None:
    """Let the proximal joint of every coupled pair run ahead when a finger moves freely."""
    for pair in scene.hand.couplings:
        joint = scene.model.joint(pair.joints[0])
        scene.model.dof_damping[joint.dofadr[0]] *= PROXIMAL_DAMPING

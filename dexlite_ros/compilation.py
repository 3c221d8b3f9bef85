# SPDX-License-Identifier: Apache-2.0
"""Compile all that a plan on the CPU needs, or load it, so that no request waits for it."""

from __future__ import annotations

import numpy as np
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.mechanics.contact_forces import ForceLimits
from dexlite_ros.mechanics.force_balance import balanced_forces
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.pregrasp import open_hand, StageSettings
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import OptimizerSettings


def compile_plan(geometry: HandGeometry) -> None:
    """
    Compile all functions of a plan by a single grasp on hardly anything.

    :param geometry: of any hand, on the CPU
    """
    kinematics = geometry.kinematics
    grasp = GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], kinematics.lower[None])
    settings = OptimizerSettings(iterations=0)
    energy = GraspEnergy(
        geometry, DistanceField(np.ones((2, 2, 2)), np.zeros(3), 1.0), settings.energy)
    active = torch.ones(1, len(geometry.groups))
    FusedOptimizer(energy, settings).refine(grasp, active)
    open_hand(grasp, energy, StageSettings(opening_steps=1))
    with torch.no_grad():
        contacts = energy.place(grasp).contacts
        balanced_forces(contacts, energy.field.centre_of_mass, ForceLimits(), 1)


if __name__ == '__main__':
    from dexlite_ros.hand.kinematics import HandKinematics
    from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand

    compile_plan(HandGeometry(HandKinematics(find_hand(DEFAULT_HAND))))

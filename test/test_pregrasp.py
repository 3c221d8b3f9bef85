# SPDX-License-Identifier: Apache-2.0
"""The compiled opening of the hand is torch's, near walls as well."""

from fields import ball_field
import numpy as np
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.obstacles import obstacle_field
from dexlite_ros.object.support import Plane
from dexlite_ros.pregrasp import open_hand, StageSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import hand_details


def test_compiled_and_torch_open_alike():
    """In single precision by compiled functions, in double by torch: the same open hands."""
    ball = trimesh.creation.icosphere(radius=0.035)
    table = obstacle_field(
        np.zeros((0, 3)), ball.vertices, Plane(np.array([0.0, 0.0, 1.0]), -0.035))
    kinematics = HandKinematics(SHADOW_RIGHT)
    energy = GraspEnergy(
        hand_details(kinematics)['coarse'], ball_field(0.035), EnergySettings(), table)
    starts = hull_starts(kinematics, ball.vertices, 12, torch.Generator().manual_seed(0))
    grasps = FusedOptimizer(energy, OptimizerSettings(iterations=60)).refine(
        starts, energy.active_groups(['tips'] * 12)).grasps
    ours, clearance = open_hand(grasps, energy, StageSettings())
    assert (ours.joints - grasps.joints).abs().amax(1).median() > 0.05
    energy.double()
    reference, exact = open_hand(grasps.to(torch.float64), energy, StageSettings())
    torch.testing.assert_close(clearance.double(), exact, rtol=0, atol=2e-4)
    torch.testing.assert_close(ours.joints.double(), reference.joints, rtol=0, atol=2e-2)
    torch.testing.assert_close(ours.translation.double(), reference.translation, rtol=0, atol=1e-3)

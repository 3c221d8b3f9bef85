# SPDX-License-Identifier: Apache-2.0
"""Where a hand's links are at a stage of a grasp, and between two stages."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.rotations import rotmat_to_unitquat

LAST_STAGE = len(STAGES) - 1
"""The number of the squeeze stage; that of the pregrasp is 0."""


@dataclass(frozen=True)
class PosedHand:
    """A hand of L links in the frame of the grasps."""

    palm_position: NDArray[np.float64]
    """(3,) of the link whose pose a grasp states [m]."""
    palm_wxyz: NDArray[np.float64]
    """(4,) unit quaternion of that link."""
    link_positions: NDArray[np.float64]
    """(L, 3) [m]"""
    link_wxyzs: NDArray[np.float64]
    """(L, 4) unit quaternions."""


def pose_hand(
    kinematics: HandKinematics, grasps: StagedGrasp, rank: int, stage: float
) -> PosedHand:
    """
    Return the links of one of the hands.

    :param stage: 0 pregrasp, 1 grasp, 2 squeeze; between them, position and joints change evenly
        and the wrist rotates about one axis
    """
    grasp = between_stages(grasps[[rank]], stage)
    poses = kinematics(grasp.to(torch.float32))
    return PosedHand(
        grasp.translation[0].double().numpy(), _wxyz(grasp.rotation)[0],
        poses.position[0].double().numpy(), _wxyz(poses.rotation[0]))


def between_stages(grasp: StagedGrasp, stage: float) -> GraspBatch:
    """Return a single grasp (a batch of 1) at a stage, as ``pose_hand`` counts them."""
    stage = min(max(stage, 0.0), float(LAST_STAGE))
    first = min(math.floor(stage), LAST_STAGE - 1)
    before, after = (getattr(grasp, STAGES[index]).to(torch.float64) for index in (
        first, first + 1))
    share = stage - first
    turn = Slerp([0.0, 1.0], Rotation.from_matrix(
        torch.cat([before.rotation, after.rotation]).numpy()))
    return GraspBatch(
        torch.lerp(before.translation, after.translation, share),
        torch.from_numpy(turn([share]).as_matrix()),
        torch.lerp(before.joints, after.joints, share))


def _wxyz(rotations: torch.Tensor) -> NDArray[np.float64]:
    """Return rotations (N, 3, 3) as quaternions (N, 4)."""
    quats: NDArray[np.float64] = rotmat_to_unitquat(rotations).roll(1, dims=1).double().numpy()
    return quats

# SPDX-License-Identifier: Apache-2.0
"""Commanded motions of the hand from stage to stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.offline.physics.simulation import GraspScene, wrist_pose

WristPath = Callable[[float], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""The wrist's position (3,) [m] and quaternion wxyz (4,) as a function of the way, 0 to 1."""


@dataclass(frozen=True)
class ClosingSettings:
    """How the hand moves from stage to stage at the beginning of every test."""

    transition_time: float = 0.4
    """Duration of each transition between stages [s]."""
    waypoints: int = 10
    """Number of commands per transition."""
    overlap_max: float = 0.01
    """Maximum overlap of the pregrasp [m]."""
    move_max: float = 0.05
    """Maximum motion of the object, during squeezing and under load [m]."""
    turn_max: float = math.radians(15.0)
    """Maximum rotation of the object [rad]."""


CLOSING = ClosingSettings()


def move_hand(scene: GraspScene, first: GraspBatch, second: GraspBatch, index: int) -> None:
    """Command a straight-line motion of wrist and joints from one pose of the hand to another."""
    wrist_at = wrist_path(first, second, index)
    before, after = (each.joints[index].double().numpy() for each in (first, second))
    tick = CLOSING.transition_time / CLOSING.waypoints
    for way in np.arange(1, CLOSING.waypoints + 1) / CLOSING.waypoints:
        scene.command(*wrist_at(way), (1 - way) * before + way * after)
        scene.step(tick)


def wrist_path(first: GraspBatch, second: GraspBatch, index: int) -> WristPath:
    """Return the straight line of the wrist between two poses of the hand."""
    (start, start_quat), (end, end_quat) = wrist_pose(first, index), wrist_pose(second, index)
    end_quat = end_quat if start_quat @ end_quat >= 0 else -end_quat

    def at(way: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        quat = (1 - way) * start_quat + way * end_quat
        return (1 - way) * start + way * end, quat / np.linalg.norm(quat)

    return at

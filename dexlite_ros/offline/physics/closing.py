# SPDX-License-Identifier: Apache-2.0
"""
How a hand closes in every test, and verdicts on the object's motion.

Pregrasp to grasp to squeeze in 0.4 s each, as in DexGraspBench (2025).
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.offline.physics.simulation import GraspScene, wrist_pose

Reason = Literal[
    'held', 'overlap', 'moved in squeeze', 'turned in squeeze', 'moved', 'turned', 'dropped',
    'diverged', 'timed out']
TIMED_OUT: Reason = 'timed out'
"""The reason of a grasp that was not judged, because that took too long."""


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


@dataclass(frozen=True)
class Verdict:
    """Whether a grasp passed, and why not."""

    passed: bool
    reason: Reason
    moved: float
    """Displacement of the object at the time of the verdict [m]."""
    turned: float
    """Rotation of the object at that time [rad]."""
    rise: float = math.nan
    """Rise of the object divided by that of the hand; NaN in tests without lifting."""


OVERLAP = Verdict(False, 'overlap', 0.0, 0.0)


@dataclass(frozen=True)
class Closed:
    """A grasp after its hand has closed in a scene; any number of tests may go on from here."""

    verdict: Verdict
    """On the object's motion so far."""
    state: NDArray[np.float64]
    """State of the scene."""


def close(scene: GraspScene, grasps: StagedGrasp, index: int) -> Closed:
    """Bring one grasp of a batch from its pregrasp to its squeeze stage."""
    if overlaps(scene, grasps, index):
        return Closed(OVERLAP, scene.state())
    scene.pose(grasps.pregrasp, index)
    scene.set_gravity(scene.has_table)
    move_hand(scene, grasps.pregrasp, grasps.grasp, index)
    move_hand(scene, grasps.grasp, grasps.squeeze, index)
    return Closed(look(scene, ('moved in squeeze', 'turned in squeeze')), scene.state())


def overlaps(scene: GraspScene, grasps: StagedGrasp, index: int) -> bool:
    """Return whether the pregrasp overlaps itself or what stands around it too much."""
    overlap = scene.overlap(grasps.pregrasp, index)
    return max(vars(overlap).values()) > CLOSING.overlap_max


def move_hand(scene: GraspScene, first: GraspBatch, second: GraspBatch, index: int) -> None:
    """Command a straight-line motion of wrist and joints from one pose of the hand to another."""
    (start, start_quat), (end, end_quat) = wrist_pose(first, index), wrist_pose(second, index)
    end_quat = end_quat if start_quat @ end_quat >= 0 else -end_quat
    before, after = (each.joints[index].double().numpy() for each in (first, second))
    tick = CLOSING.transition_time / CLOSING.waypoints
    for way in np.arange(1, CLOSING.waypoints + 1) / CLOSING.waypoints:
        quat = (1 - way) * start_quat + way * end_quat
        scene.command(
            (1 - way) * start + way * end, quat / np.linalg.norm(quat),
            (1 - way) * before + way * after)
        scene.step(tick)


def look(scene: GraspScene, reasons: tuple[Reason, Reason], raised: float = 0.0) -> Verdict:
    """
    Return the verdict on the object's motion since it was placed.

    :param reasons: of an object that has moved or turned too much
    :param raised: height by which the object should have been raised since [m]
    """
    moved, turned = scene.object_motion(raised)
    if not np.isfinite([moved, turned]).all() or scene.diverged():
        return Verdict(False, 'diverged', moved, turned)
    if moved >= CLOSING.move_max:
        return Verdict(False, reasons[0], moved, turned)
    if turned >= CLOSING.turn_max:
        return Verdict(False, reasons[1], moved, turned)
    return Verdict(True, 'held', moved, turned)

# SPDX-License-Identifier: Apache-2.0
"""
How a hand closes in every test, and verdicts on the object's motion.

Pregrasp to grasp to squeeze in 0.4 s each, as in DexGraspBench (2025), unless the scene prescribes
another way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.offline.physics.feeling_fingers import stop_at_contact, touch
from dexlite_ros.offline.physics.hand_motion import CLOSING, move_hand
from dexlite_ros.offline.physics.simulation import GraspScene

Reason = Literal[
    'held', 'overlap', 'moved in squeeze', 'turned in squeeze', 'moved', 'turned', 'dropped',
    'diverged', 'timed out']
TIMED_OUT: Reason = 'timed out'
"""The reason of a grasp that was not judged, because that took too long."""


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
    squeeze(scene, grasps, index)
    return Closed(look(scene, ('moved in squeeze', 'turned in squeeze')), scene.state())


def overlaps(scene: GraspScene, grasps: StagedGrasp, index: int) -> bool:
    """Return whether the pregrasp overlaps itself or what stands around it too much."""
    overlap = scene.overlap(grasps.pregrasp, index)
    return max(vars(overlap).values()) > CLOSING.overlap_max


def squeeze(scene: GraspScene, grasps: StagedGrasp, index: int) -> GraspBatch:
    """
    Bring the hand from the pregrasp to the squeeze, in the way that the scene prescribes.

    :return: the batch whose ``index`` is what wrist and fingers are commanded to in the end
    """
    grasp, last = grasps.grasp, grasps.squeeze
    if scene.closing.wrist == 'soft':
        scene.soften_wrist()
    if scene.closing.way == 'stop':
        grasp, last = stop_at_contact(scene, grasps, index)
    else:
        move_hand(scene, grasps.pregrasp, grasp, index)
    if scene.closing.way == 'touch':
        grasp, last = touch(scene, grasps, index)
    move_hand(scene, grasp, last, index)
    if scene.closing.wrist == 'soft':
        scene.stiffen_wrist()
        last = _where_it_is(scene, last)
    return last


def _where_it_is(scene: GraspScene, commanded: GraspBatch) -> GraspBatch:
    """Return the commanded joints at the wrist's present pose."""
    pose = torch.from_numpy(scene.link_poses()[scene.hand.palm_link]).to(commanded.translation)
    return replace(
        commanded, translation=pose[:3, 3].expand_as(commanded.translation),
        rotation=pose[:3, :3].expand_as(commanded.rotation))


class ObjectScene(Protocol):
    """Whatever simulates an object that was placed."""

    def object_motion(self, raised: float = 0.0) -> tuple[float, float]:
        """Return how far the object is from there, raised by this [m], and its rotation [rad]."""

    def diverged(self) -> bool:
        """Return whether the simulation has diverged since."""


def look(scene: ObjectScene, reasons: tuple[Reason, Reason], raised: float = 0.0) -> Verdict:
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

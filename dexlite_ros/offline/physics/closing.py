# SPDX-License-Identifier: Apache-2.0
"""
How a hand closes in every test, and verdicts on the object's motion.

Pregrasp to grasp to squeeze in 0.4 s each, as in DexGraspBench (2025).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.offline.physics.simulation import GraspScene, wrist_pose
from dexlite_ros.offline.physics.touch import touch_forces

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
LATE = 0.5
"""Share of the squeeze's motion that a finger without contact makes before all squeeze."""
FELT = 0.1
"""Force that a fingertip feels [N]."""
TOUCH = 0.2
"""Share of the squeeze's motion that the touch makes: the same share of its force."""


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
    first, second, last = grasps.pregrasp, grasps.grasp, grasps.squeeze
    if scene.closing.wrist == 'soft':
        scene.soften_wrist()
    if scene.closing.way == 'stop':
        second, last = _stop_at_contact(scene, grasps, index)
    else:
        move_hand(scene, first, second, index)
    if scene.closing.way == 'touch':
        touching = replace(last, joints=torch.lerp(second.joints, last.joints, TOUCH))
        move_hand(scene, second, touching, index)
        second = touching
    move_hand(scene, second, last, index)
    if scene.closing.wrist == 'soft':
        scene.stiffen_wrist()
        last = _where_it_is(scene, last)
    return last


def _stop_at_contact(
    scene: GraspScene, grasps: StagedGrasp, index: int
) -> tuple[GraspBatch, GraspBatch]:
    """
    Bring the hand to the grasp; each finger stops when it feels the object, late ones go on.

    A finger feels more than ``FELT``. One that is late goes on as the squeeze would move it, until
    it feels the object or has gone ``LATE`` of that way. Then all are to squeeze by as much as
    planned.

    :return: batches whose ``index`` is what is commanded now, and what the squeeze is
    """
    hand = scene.hand
    names = [link.name for link, _ in hand.moving_links]
    finger = np.array([
        next(number for number, links in enumerate(hand.fingers) if name in links)
        for name in names])
    before, after, pressed = (
        each.joints[index].double().numpy() for each in vars(grasps).values())
    wrist_at = _wrist_between(grasps.pregrasp, grasps.grasp, index)
    joints, felt = before.copy(), np.zeros(len(hand.fingers), bool)
    late = round(LATE * CLOSING.waypoints)
    for step in range(1, CLOSING.waypoints + late + 1):
        way = min(step / CLOSING.waypoints, 1.0)
        more = max(step / CLOSING.waypoints - 1.0, 0.0)
        aim = (1 - way) * before + way * after + more * (pressed - after)
        joints = np.where(felt[finger], joints, aim)
        scene.command(*wrist_at(way), joints)
        scene.step(CLOSING.transition_time / CLOSING.waypoints)
        felt |= touch_forces(scene) > FELT
    reached, target = (
        replace(grasps.grasp, joints=grasps.grasp.joints.clone()) for _ in range(2))
    reached.joints[index] = torch.from_numpy(joints).to(reached.joints)
    target.joints[index] = torch.from_numpy(joints + pressed - after).to(reached.joints)
    return reached, target


def _where_it_is(scene: GraspScene, commanded: GraspBatch) -> GraspBatch:
    """Return the commanded joints at the wrist's present pose."""
    pose = torch.from_numpy(scene.link_poses()[scene.hand.palm_link]).to(commanded.translation)
    return replace(
        commanded, translation=pose[:3, 3].expand_as(commanded.translation),
        rotation=pose[:3, :3].expand_as(commanded.rotation))


def move_hand(scene: GraspScene, first: GraspBatch, second: GraspBatch, index: int) -> None:
    """Command a straight-line motion of wrist and joints from one pose of the hand to another."""
    wrist_at = _wrist_between(first, second, index)
    before, after = (each.joints[index].double().numpy() for each in (first, second))
    tick = CLOSING.transition_time / CLOSING.waypoints
    for way in np.arange(1, CLOSING.waypoints + 1) / CLOSING.waypoints:
        scene.command(*wrist_at(way), (1 - way) * before + way * after)
        scene.step(tick)


def _wrist_between(
    first: GraspBatch, second: GraspBatch, index: int
) -> Callable[[float], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the wrist's position and quaternion wxyz as a function of the way, 0 to 1."""
    (start, start_quat), (end, end_quat) = wrist_pose(first, index), wrist_pose(second, index)
    end_quat = end_quat if start_quat @ end_quat >= 0 else -end_quat

    def at(way: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        quat = (1 - way) * start_quat + way * end_quat
        return (1 - way) * start + way * end, quat / np.linalg.norm(quat)

    return at


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

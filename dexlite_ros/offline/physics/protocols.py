# SPDX-License-Identifier: Apache-2.0
"""
Test protocols that decide by simulation whether the hand holds the object.

Six forces is the protocol of DexGraspBench (2025): without gravity, pregrasp to grasp to squeeze
in 0.4 s each, then from that same state 1 N along each axis for 2 s. The grasp holds when the
object moves less than 5 cm and turns less than 15 degrees in all six. Six torques is the same with
torques. Lift closes the hand in the same way, turns gravity on, and raises the hand by 1 m.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.physics.simulation import GraspScene, wrist_pose

Reason = Literal[
    'held', 'overlap', 'moved in squeeze', 'turned in squeeze', 'moved', 'turned', 'dropped',
    'diverged', 'timed out']
TIMED_OUT: Reason = 'timed out'
"""The reason of a grasp that was not judged, because that took too long."""
Wrench = NDArray[np.float64]
SIDES = tuple(sign * axis for axis in np.eye(3) for sign in (1.0, -1.0))


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


@dataclass(frozen=True)
class LoadSettings:
    """Six loads, each from the same squeezed state."""

    acceleration: float = 10.0
    """Force divided by the object's mass: 1 N on 0.1 kg [m/s^2]."""
    lever: float = 0.02
    """Torque divided by that force [m]."""
    time: float = 2.0
    """Duration of each load [s]."""
    check_time: float = 0.2
    """Interval between checks of the object [s]."""
    rest_motion: float = 1e-4
    """A load ends when the object moves and turns less than this between checks [m]."""
    rest_turn: float = math.radians(0.03)
    """[rad]. On the 400 grasps of the benchmark, ending at rest changes no verdict; five times
    these values change three."""
    foresight: float = math.inf
    """A load also ends when the object would stay within the limits until its end even if it moved
    and turned this many times as fast as now; infinite: never."""
    foresight_looks: int = 3
    """Checks of the object before a load may end this way."""

    @classmethod
    def quick(cls) -> LoadSettings:
        """Return loads that end by foresight; docs/results/judge_speed.md compares choices."""
        return cls(check_time=0.1, foresight=10.0, foresight_looks=2)


@dataclass(frozen=True)
class LiftSettings:
    """Raising the hand."""

    settle_time: float = 1.0
    """Time between turning gravity on and raising the hand [s]."""
    height: float = 1.0
    """Rise of the hand [m]."""
    speed: float = 0.5
    """Speed of the hand [m/s]."""
    rise_min: float = 0.7
    """Minimum rise of the object, as a fraction of the hand's rise."""
    hold_time: float = 0.5
    """Time between the end of the rise and the look at the object [s]."""
    no_slip: bool = True
    """Whether no-slip iterations go on after the hand has closed."""

    @classmethod
    def quick(cls) -> LiftSettings:
        """Return settings of a lift that is shorter in every phase, and takes less per step."""
        return cls(settle_time=0.4, height=0.3, hold_time=0.0, no_slip=False)


CLOSING, LOADS, LIFT = ClosingSettings(), LoadSettings(), LiftSettings()


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


@dataclass(frozen=True)
class Closed:
    """A grasp after its hand has closed in a scene; any number of tests may go on from here."""

    verdict: Verdict
    """On the object's motion so far."""
    state: NDArray[np.float64]
    """State of the scene."""


def six_forces(
    scene: GraspScene, grasps: StagedGrasp, index: int, loads: LoadSettings = LOADS,
    closed: Closed | None = None,
) -> Verdict:
    """
    Return the verdict of six forces on one grasp, in the frame of the scene's object.

    :param closed: the same grasp after ``close`` in the same scene; None: close it here
    """
    force = loads.acceleration * scene.settings.mass
    forces = [np.concatenate([force * side, np.zeros(3)]) for side in SIDES]
    return _resist(scene, closed or close(scene, grasps, index), forces, loads)


def six_torques(
    scene: GraspScene, grasps: StagedGrasp, index: int, loads: LoadSettings = LOADS,
    closed: Closed | None = None,
) -> Verdict:
    """
    Return the verdict of six torques on one grasp, in the frame of the scene's object.

    :param closed: as in ``six_forces``
    """
    torque = loads.acceleration * scene.settings.mass * loads.lever
    torques = [np.concatenate([np.zeros(3), torque * side]) for side in SIDES]
    return _resist(scene, closed or close(scene, grasps, index), torques, loads)


def lift(
    scene: GraspScene, grasps: StagedGrasp, index: int, settings: LiftSettings = LIFT,
    closed: Closed | None = None,
) -> Verdict:
    """
    Return the verdict of lifting one grasp along z.

    Without a table the object floats until the hand has squeezed; on a table gravity acts from
    the beginning.

    :param closed: as in ``six_forces``
    """
    closed = closed or close(scene, grasps, index)
    if not closed.verdict.passed:
        return closed.verdict
    scene.restore(closed.state)
    scene.set_gravity(True)
    scene.set_no_slip(settings.no_slip)
    scene.step(settings.settle_time)
    hand, held = scene.palm_position[2], scene.object_height
    position, quat = wrist_pose(grasps.squeeze, index)
    joints = grasps.squeeze.joints[index].double().numpy()
    tick = 0.02
    ticks = round(settings.height / settings.speed / tick)
    for way in np.arange(1, ticks + 1) * settings.speed * tick:
        scene.command(position + [0.0, 0.0, way], quat, joints)
        scene.step(tick)
    scene.step(settings.hold_time)
    if scene.diverged():
        return Verdict(False, 'diverged', math.nan, math.nan)
    rise = (scene.object_height - held) / (scene.palm_position[2] - hand)
    passed = bool(rise > settings.rise_min)
    return Verdict(
        passed, 'held' if passed else 'dropped', *scene.object_motion(), rise=float(rise))


def close(scene: GraspScene, grasps: StagedGrasp, index: int) -> Closed:
    """Bring one grasp of a batch from its pregrasp to its squeeze stage."""
    overlap = scene.overlap(grasps.pregrasp, index)
    if max(overlap.hand_object, overlap.hand_hand) > CLOSING.overlap_max:
        return Closed(Verdict(False, 'overlap', 0.0, 0.0), scene.state())
    scene.pose(grasps.pregrasp, index)
    scene.set_gravity(scene.has_table)
    _move_hand(scene, grasps, index)
    return Closed(_look(scene, ('moved in squeeze', 'turned in squeeze')), scene.state())


def _move_hand(scene: GraspScene, grasps: StagedGrasp, index: int) -> None:
    """Command straight-line motions from pregrasp to grasp to squeeze."""
    tick = CLOSING.transition_time / CLOSING.waypoints
    for first, second in ((grasps.pregrasp, grasps.grasp), (grasps.grasp, grasps.squeeze)):
        (start, start_quat), (end, end_quat) = (
            wrist_pose(each, index) for each in (first, second))
        end_quat = end_quat if start_quat @ end_quat >= 0 else -end_quat
        before, after = (each.joints[index].double().numpy() for each in (first, second))
        for way in np.arange(1, CLOSING.waypoints + 1) / CLOSING.waypoints:
            quat = (1 - way) * start_quat + way * end_quat
            scene.command(
                (1 - way) * start + way * end, quat / np.linalg.norm(quat),
                (1 - way) * before + way * after)
            scene.step(tick)


def _resist(
    scene: GraspScene, closed: Closed, wrenches: list[Wrench], loads: LoadSettings
) -> Verdict:
    """Return the first failed verdict, or the last verdict."""
    verdict = closed.verdict
    scene.set_gravity(scene.has_table)
    scene.set_no_slip(True)
    for wrench in wrenches if verdict.passed else ():
        scene.restore(closed.state)
        scene.load(wrench)
        verdict = _under_load(scene, loads)
        if not verdict.passed:
            break
    return verdict


def _under_load(scene: GraspScene, loads: LoadSettings) -> Verdict:
    """Check the object at intervals until it rests or the time is up."""
    before = None
    looks = round(loads.time / loads.check_time)
    for look in range(1, looks + 1):
        scene.step(loads.check_time)
        verdict = _look(scene, ('moved', 'turned'))
        if not verdict.passed or (
                before is not None and _decided(before, verdict, look, looks - look, loads)):
            break
        before = verdict
    return verdict


def _decided(before: Verdict, now: Verdict, look: int, left: int, loads: LoadSettings) -> bool:
    """Return whether the object is at rest, or too slow to exceed the limits in the time left."""
    moving, turning = abs(now.moved - before.moved), abs(now.turned - before.turned)
    if moving < loads.rest_motion and turning < loads.rest_turn:
        return True
    if look < loads.foresight_looks or math.isinf(loads.foresight):
        return False
    return (now.moved + loads.foresight * left * moving < CLOSING.move_max
            and now.turned + loads.foresight * left * turning < CLOSING.turn_max)


def _look(scene: GraspScene, reasons: tuple[Reason, Reason]) -> Verdict:
    """Return the verdict on the object's motion since it was placed."""
    moved, turned = scene.object_motion()
    if not np.isfinite([moved, turned]).all() or scene.diverged():
        return Verdict(False, 'diverged', moved, turned)
    if moved >= CLOSING.move_max:
        return Verdict(False, reasons[0], moved, turned)
    if turned >= CLOSING.turn_max:
        return Verdict(False, reasons[1], moved, turned)
    return Verdict(True, 'held', moved, turned)

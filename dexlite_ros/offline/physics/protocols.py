# SPDX-License-Identifier: Apache-2.0
"""
Test protocols that decide by simulation whether the hand holds the object.

Six forces is the protocol of DexGraspBench (2025): without gravity, pregrasp to grasp to squeeze
in 0.4 s each, then from that same state 1 N along each axis for 2 s. The grasp holds when the
object moves less than 5 cm and turns less than 15 degrees in all six. Six torques is the same with
torques. Lift closes the hand in the same way, turns gravity on, and raises the hand by 1 m.

Table lift is DexGraspBench's protocol for objects on a table: a weight of 1 N acts from the
beginning, and after closing the hand rises by 10 cm within 0.4 s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.physics.closing import (
    close,
    Closed,
    look,
    OVERLAP,
    overlaps,
    squeeze,
    Verdict,
)
from dexlite_ros.offline.physics.hand_motion import CLOSING, move_hand
from dexlite_ros.offline.physics.simulation import GraspScene

Wrench = NDArray[np.float64]
SIDES = tuple(sign * axis for axis in np.eye(3) for sign in (1.0, -1.0))


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


@dataclass(frozen=True)
class TableLiftSettings:
    """Raising an object from a table, as in DexGraspBench's tabletop_mocap.py."""

    acceleration: float = 10.0
    """Weight divided by the object's mass: 1 N on 0.1 kg [m/s^2]."""
    height: float = 0.1
    """Rise of the hand, within the duration of one transition between stages [m]."""


LOADS, LIFT, TABLE_LIFT = LoadSettings(), LiftSettings(), TableLiftSettings()


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
    position = scene.wrist_target
    tick = 0.02
    ticks = round(settings.height / settings.speed / tick)
    for way in np.arange(1, ticks + 1) * settings.speed * tick:
        scene.move_wrist(position + [0.0, 0.0, way])
        scene.step(tick)
    scene.step(settings.hold_time)
    if scene.diverged():
        return Verdict(False, 'diverged', math.nan, math.nan)
    rise = (scene.object_height - held) / (scene.palm_position[2] - hand)
    passed = bool(rise > settings.rise_min)
    return Verdict(
        passed, 'held' if passed else 'dropped', *scene.object_motion(), rise=float(rise))


def table_lift(
    scene: GraspScene, grasps: StagedGrasp, index: int,
    settings: TableLiftSettings = TABLE_LIFT, closed: Closed | None = None,
) -> Verdict:
    """
    Return the verdict of lifting one grasp's object from the scene's table.

    The object may be 5 cm and 15 degrees from where it started, raised as the hand was. It is
    looked at once, at the end; a look before the rise tells only why a grasp failed.

    :param closed: of no use here, since the weight acts while the hand closes
    """
    if overlaps(scene, grasps, index):
        return OVERLAP
    scene.pose(grasps.pregrasp, index)
    weight = settings.acceleration * scene.settings.mass
    scene.load(np.array([0.0, 0.0, -weight, 0.0, 0.0, 0.0]))
    last = squeeze(scene, grasps, index)
    before = look(scene, ('moved in squeeze', 'turned in squeeze'))
    hand, held = scene.palm_position[2], scene.object_height
    up = torch.tensor([0.0, 0.0, settings.height]).to(last.translation)
    move_hand(scene, last, replace(last, translation=last.translation + up), index)
    after = look(scene, ('moved', 'turned'), settings.height)
    rise = (scene.object_height - held) / (scene.palm_position[2] - hand)
    reason = after.reason
    if not (after.passed or before.passed or reason == 'diverged'):
        reason = before.reason
    elif reason == 'moved' and rise < LIFT.rise_min:
        reason = 'dropped'
    return replace(after, reason=reason, rise=float(rise))


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
    for number in range(1, looks + 1):
        scene.step(loads.check_time)
        verdict = look(scene, ('moved', 'turned'))
        if not verdict.passed or (
                before is not None and _decided(before, verdict, number, looks - number, loads)):
            break
        before = verdict
    return verdict


def _decided(before: Verdict, now: Verdict, number: int, left: int, loads: LoadSettings) -> bool:
    """Return whether the object is at rest, or too slow to exceed the limits in the time left."""
    moving, turning = abs(now.moved - before.moved), abs(now.turned - before.turned)
    if moving < loads.rest_motion and turning < loads.rest_turn:
        return True
    if number < loads.foresight_looks or math.isinf(loads.foresight):
        return False
    return (now.moved + loads.foresight * left * moving < CLOSING.move_max
            and now.turned + loads.foresight * left * turning < CLOSING.turn_max)

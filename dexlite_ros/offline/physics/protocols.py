"""
Does the hand hold the object? Physics decides.

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
    'diverged']
Wrench = NDArray[np.float64]
SIDES = tuple(sign * axis for axis in np.eye(3) for sign in (1.0, -1.0))


@dataclass(frozen=True)
class ClosingSettings:
    """How the hand goes from stage to stage; every test begins with it."""

    transition_time: float = 0.4
    """From stage to stage [s]."""
    waypoints: int = 10
    """Commands sent in a transition."""
    overlap_max: float = 0.01
    """Deepest allowed overlap of the pregrasp [m]."""
    move_max: float = 0.05
    """How far the object may move, until it is squeezed and under load [m]."""
    turn_max: float = math.radians(15.0)
    """How far it may turn [rad]."""


@dataclass(frozen=True)
class LoadSettings:
    """Six loads, each from the same squeezed state."""

    acceleration: float = 10.0
    """Force over the object's mass: 1 N on 0.1 kg [m/s^2]."""
    lever: float = 0.02
    """Torque over that force [m]."""
    time: float = 2.0
    """For each load [s]."""
    check_time: float = 0.2
    """Between looks at the object [s]."""
    rest_motion: float = 1e-4
    """An object that moved less between two looks, and turned less, rests; the load ends [m]."""
    rest_turn: float = math.radians(0.03)
    """[rad]. On the 400 grasps that come with the benchmark, resting changes no verdict; at five
    times these values, three."""
    foresight: float = math.inf
    """A load also ends when the object, were it to move and turn so many times as fast as now,
    would still be within the limits at its end; infinite: never."""
    foresight_looks: int = 3
    """Looks at the object before that may happen."""

    @classmethod
    def quick(cls) -> LoadSettings:
        """Return the loads with foresight; of the benchmark's 400 grasps five more pass."""
        return cls(foresight=5.0)


@dataclass(frozen=True)
class LiftSettings:
    """Raising the hand."""

    settle_time: float = 1.0
    """Between turning gravity on and rising [s]."""
    height: float = 1.0
    """[m]"""
    speed: float = 0.5
    """[m/s]"""
    rise_min: float = 0.7
    """Share of the hand's rise that the object has to make."""

    @classmethod
    def quick(cls) -> LiftSettings:
        """Return a lift that is shorter in every part."""
        return cls(settle_time=0.4, height=0.3)


CLOSING, LOADS, LIFT = ClosingSettings(), LoadSettings(), LiftSettings()


@dataclass(frozen=True)
class Verdict:
    """Whether a grasp passed, and why not."""

    passed: bool
    reason: Reason
    moved: float
    """How far the object was displaced when it was decided [m]."""
    turned: float
    """How far it was turned [rad]."""
    rise: float = math.nan
    """Rise of the object over that of the hand; NaN where nothing is lifted."""


def six_forces(
    scene: GraspScene, grasps: StagedGrasp, index: int, loads: LoadSettings = LOADS
) -> Verdict:
    """Return the verdict of six forces on one grasp, in the frame of the scene's object."""
    force = loads.acceleration * scene.settings.mass
    forces = [np.concatenate([force * side, np.zeros(3)]) for side in SIDES]
    return _resist(scene, grasps, index, forces, loads)


def six_torques(
    scene: GraspScene, grasps: StagedGrasp, index: int, loads: LoadSettings = LOADS
) -> Verdict:
    """Return the verdict of six torques on one grasp, in the frame of the scene's object."""
    torque = loads.acceleration * scene.settings.mass * loads.lever
    torques = [np.concatenate([np.zeros(3), torque * side]) for side in SIDES]
    return _resist(scene, grasps, index, torques, loads)


def lift(
    scene: GraspScene, grasps: StagedGrasp, index: int, settings: LiftSettings = LIFT
) -> Verdict:
    """
    Return the verdict of lifting one grasp along z.

    Without a table the object hangs in the air until the hand has squeezed; on a table it has
    its weight from the beginning.
    """
    verdict = close(scene, grasps, index)
    if not verdict.passed:
        return verdict
    scene.set_gravity(True)
    scene.step(settings.settle_time)
    hand, held = scene.palm_position[2], scene.object_height
    position, quat = wrist_pose(grasps.squeeze, index)
    joints = grasps.squeeze.joints[index].double().numpy()
    tick = 0.02
    ticks = round(settings.height / settings.speed / tick)
    for way in np.arange(1, ticks + 1) * settings.speed * tick:
        scene.command(position + [0.0, 0.0, way], quat, joints)
        scene.step(tick)
    scene.step(settings.settle_time / 2)
    if scene.diverged():
        return Verdict(False, 'diverged', math.nan, math.nan)
    rise = (scene.object_height - held) / (scene.palm_position[2] - hand)
    passed = bool(rise > settings.rise_min)
    return Verdict(
        passed, 'held' if passed else 'dropped', *scene.object_motion(), rise=float(rise))


def close(scene: GraspScene, grasps: StagedGrasp, index: int) -> Verdict:
    """Bring one grasp to its squeeze stage and return whether the object has stayed."""
    overlap = scene.overlap(grasps.pregrasp, index)
    if max(overlap.hand_object, overlap.hand_hand) > CLOSING.overlap_max:
        return Verdict(False, 'overlap', 0.0, 0.0)
    scene.pose(grasps.pregrasp, index)
    scene.set_gravity(scene.has_table)
    _move_hand(scene, grasps, index)
    return _look(scene, ('moved in squeeze', 'turned in squeeze'))


def _move_hand(scene: GraspScene, grasps: StagedGrasp, index: int) -> None:
    """Command straight ways from pregrasp to grasp to squeeze."""
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
    scene: GraspScene, grasps: StagedGrasp, index: int, wrenches: list[Wrench],
    loads: LoadSettings,
) -> Verdict:
    """Return the first verdict that is not passed, or the last."""
    verdict = close(scene, grasps, index)
    if not verdict.passed:
        return verdict
    squeezed = scene.state()
    for wrench in wrenches:
        scene.restore(squeezed)
        scene.load(wrench)
        verdict = _under_load(scene, loads)
        if not verdict.passed:
            break
    return verdict


def _under_load(scene: GraspScene, loads: LoadSettings) -> Verdict:
    """Look at the object now and then, until it rests or the time is over."""
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
    """Tell whether the object hardly moves between two looks, or too little to go too far."""
    moving, turning = abs(now.moved - before.moved), abs(now.turned - before.turned)
    if moving < loads.rest_motion and turning < loads.rest_turn:
        return True
    if look < loads.foresight_looks or math.isinf(loads.foresight):
        return False
    return (now.moved + loads.foresight * left * moving < CLOSING.move_max
            and now.turned + loads.foresight * left * turning < CLOSING.turn_max)


def _look(scene: GraspScene, reasons: tuple[Reason, Reason]) -> Verdict:
    """Compare where the object is with where it was put."""
    moved, turned = scene.object_motion()
    if not np.isfinite([moved, turned]).all() or scene.diverged():
        return Verdict(False, 'diverged', moved, turned)
    if moved >= CLOSING.move_max:
        return Verdict(False, reasons[0], moved, turned)
    if turned >= CLOSING.turn_max:
        return Verdict(False, reasons[1], moved, turned)
    return Verdict(True, 'held', moved, turned)

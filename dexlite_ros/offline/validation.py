"""
Does the hand hold the object? Physics decides.

Six forces is the protocol of DexGraspBench (2025): without gravity, pregrasp to grasp to squeeze
in 0.4 s each, then from that same state 1 N along each axis for 2 s. The grasp holds when the
object moves less than 5 cm and turns less than 15 degrees in all six.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.simulation import GraspScene, wrist_pose

Reason = Literal[
    'held', 'overlap', 'moved in squeeze', 'turned in squeeze', 'moved', 'turned', 'diverged']
AXES = tuple(sign * axis for axis in np.eye(3) for sign in (1.0, -1.0))
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True)
class SixForcesSettings:
    """The protocol's numbers."""

    force: float = 1.0
    """[N]"""
    load_time: float = 2.0
    """For each direction [s]."""
    check_time: float = 0.2
    """Between looks at the object [s]."""
    transition_time: float = 0.4
    """From stage to stage [s]."""
    waypoints: int = 10
    """Commands sent in a transition."""
    overlap_max: float = 0.01
    """Deepest allowed overlap of the pregrasp [m]."""
    move_max: float = 0.05
    """[m]"""
    turn_max: float = float(np.deg2rad(15.0))
    """[rad]"""


@dataclass(frozen=True)
class Verdict:
    """Whether a grasp passed, and why not."""

    passed: bool
    reason: Reason
    moved: float
    """How far the object was displaced when it was decided [m]."""
    turned: float
    """How far it was turned [rad]."""


def six_forces(
    scene: GraspScene,
    grasps: StagedGrasp,
    index: int,
    settings: SixForcesSettings | None = None,
) -> Verdict:
    """
    Return the verdict on one of the staged grasps.

    :param scene: hand and object in the frame of the grasps
    """
    settings = settings or SixForcesSettings()
    overlap = scene.overlap(grasps.pregrasp, index)
    if max(overlap.hand_object, overlap.hand_hand) > settings.overlap_max:
        return Verdict(False, 'overlap', 0.0, 0.0)
    scene.pose(grasps.pregrasp, index)
    _move(scene, grasps, index, ('pregrasp', 'grasp'), settings)
    _move(scene, grasps, index, ('grasp', 'squeeze'), settings)
    verdict = _look(scene, settings, ('moved in squeeze', 'turned in squeeze'))
    if not verdict.passed:
        return verdict
    squeezed = np.zeros(mujoco.mj_stateSize(scene.model, STATE))
    mujoco.mj_getState(scene.model, scene.data, squeezed, STATE)
    for axis in AXES:
        mujoco.mj_setState(scene.model, scene.data, squeezed, STATE)
        verdict = _pull(scene, settings.force * axis, settings)
        if not verdict.passed:
            return verdict
    return verdict


def _move(
    scene: GraspScene,
    grasps: StagedGrasp,
    index: int,
    stages: tuple[str, str],
    settings: SixForcesSettings,
) -> None:
    """Command a straight way from one stage to the next."""
    batches = [getattr(grasps, stage) for stage in stages]
    (start, start_quat), (end, end_quat) = (wrist_pose(batch, index) for batch in batches)
    end_quat = end_quat if start_quat @ end_quat >= 0 else -end_quat
    before, after = (batch.joints[index].double().numpy() for batch in batches)
    steps = round(settings.transition_time / settings.waypoints / scene.settings.time_step)
    for way in np.arange(1, settings.waypoints + 1) / settings.waypoints:
        quat = (1 - way) * start_quat + way * end_quat
        scene.command(
            (1 - way) * start + way * end, quat / np.linalg.norm(quat),
            (1 - way) * before + way * after)
        mujoco.mj_step(scene.model, scene.data, steps)


def _pull(
    scene: GraspScene, force: NDArray[np.float64], settings: SixForcesSettings
) -> Verdict:
    """Pull at the object's centre of mass and look at it now and then."""
    scene.data.xfrc_applied[scene.object_body, :3] = force
    steps = round(settings.check_time / scene.settings.time_step)
    for _ in range(round(settings.load_time / settings.check_time)):
        mujoco.mj_step(scene.model, scene.data, steps)
        verdict = _look(scene, settings, ('moved', 'turned'))
        if not verdict.passed:
            break
    return verdict


def _look(
    scene: GraspScene, settings: SixForcesSettings, reasons: tuple[Reason, Reason]
) -> Verdict:
    """Compare where the object is with where it was put."""
    moved, turned = scene.object_motion()
    if not np.isfinite([moved, turned]).all() or scene.diverged():
        return Verdict(False, 'diverged', moved, turned)
    if moved >= settings.move_max:
        return Verdict(False, reasons[0], moved, turned)
    if turned >= settings.turn_max:
        return Verdict(False, reasons[1], moved, turned)
    return Verdict(True, 'held', moved, turned)

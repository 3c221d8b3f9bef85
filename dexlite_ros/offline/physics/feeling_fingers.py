# SPDX-License-Identifier: Apache-2.0
"""
Fingers that stop when they feel something and wait for the others, before all squeeze.

A finger that has met something keeps its command. Late ones go on as the squeeze would move them,
slowly and not endlessly. Then all squeeze by the same changes of their commands as planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.offline.physics.closing_choice import FEELING
from dexlite_ros.offline.physics.hand_motion import CLOSING, wrist_path
from dexlite_ros.offline.physics.simulation import GraspScene
from dexlite_ros.offline.physics.touch import finger_of_joints, held_back, tip_forces

Vector = NDArray[np.float64]


def touch(scene: GraspScene, grasps: StagedGrasp, index: int) -> tuple[GraspBatch, GraspBatch]:
    """
    Let the fingers go on from the grasp, each until its joints are held back.

    It needs commanded and measured joint angles alone.

    :return: batches whose ``index`` is what is commanded now, and what the squeeze is
    """
    def felt(scene: GraspScene) -> NDArray[np.bool_]:
        return held_back(scene) > FEELING.resisted

    start = grasps.grasp.joints[index].double().numpy()
    return _squeezed(grasps, index, _advance(scene, start, _late_way(grasps, index), felt))


def stop_at_contact(
    scene: GraspScene, grasps: StagedGrasp, index: int
) -> tuple[GraspBatch, GraspBatch]:
    """
    Bring the hand from the pregrasp to the grasp and on, each finger until it feels something.

    It needs touch sensors on the fingertips; other links are noticed by joints held back.

    :return: batches whose ``index`` is what is commanded now, and what the squeeze is
    """
    def felt(scene: GraspScene) -> NDArray[np.bool_]:
        return (tip_forces(scene) > FEELING.touched) | (held_back(scene) > FEELING.resisted)

    wrist_at = wrist_path(grasps.pregrasp, grasps.grasp, index)
    before, after = (
        each.joints[index].double().numpy() for each in (grasps.pregrasp, grasps.grasp))
    ticks = round(CLOSING.transition_time / FEELING.tick)
    to_grasp = [
        (*wrist_at(way), (1 - way) * before + way * after)
        for way in np.arange(1, ticks + 1) / ticks]
    aims = [*to_grasp, *_late_way(grasps, index)]
    return _squeezed(grasps, index, _advance(scene, before, aims, felt))


def _late_way(grasps: StagedGrasp, index: int) -> list[tuple[Vector, Vector, Vector]]:
    """Return the commands of wrist and joints to fingers that have met nothing at the grasp."""
    position, quat = wrist_path(grasps.grasp, grasps.grasp, index)(0.0)
    grasp, squeeze = (
        each.joints[index].double().numpy() for each in (grasps.grasp, grasps.squeeze))
    ticks = round(FEELING.late_time / FEELING.tick)
    return [(position, quat, grasp + way * FEELING.late * (squeeze - grasp))
            for way in np.arange(1, ticks + 1) / ticks]


def _advance(
    scene: GraspScene, joints: Vector, aims: Iterable[tuple[Vector, Vector, Vector]],
    felt: Callable[[GraspScene], NDArray[np.bool_]],
) -> Vector:
    """Command one aim after another; return the joints (J,) that are commanded in the end."""
    finger_of = finger_of_joints(scene.hand)
    stopped = np.zeros(len(scene.hand.fingers), bool)
    for position, quat, aim in aims:
        joints = np.where(stopped[finger_of], joints, aim)
        scene.command(position, quat, joints)
        scene.step(FEELING.tick)
        stopped |= felt(scene)
    return joints


def _squeezed(
    grasps: StagedGrasp, index: int, joints: Vector
) -> tuple[GraspBatch, GraspBatch]:
    """Return the grasp with these joints (J,), and squeezed from there as much as planned."""
    now = torch.from_numpy(joints).to(grasps.grasp.joints)
    more = grasps.squeeze.joints[index] - grasps.grasp.joints[index]
    index_ = torch.tensor([index])
    reached, squeezed = (
        replace(batch, joints=batch.joints.index_copy(0, index_, row[None]))
        for batch, row in ((grasps.grasp, now), (grasps.squeeze, now + more)))
    return reached, squeezed

# SPDX-License-Identifier: Apache-2.0
"""The opening of the hand for the pregrasp; the arithmetic of ``pregrasp``."""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled, Entry
from dexlite_ros.kernels.hand import add_force, couple, generalised_forces
from dexlite_ros.kernels.memory import forget, make_memory, take_pose
from dexlite_ros.kernels.numbers import FAR, TINY, TWO, ZERO
from dexlite_ros.kernels.overlaps import look, pick, self_overlap
from dexlite_ros.kernels.rows import copy


@compiled
def _near(hand, field, memory, which, margin):
    """
    Return the smallest gap, or the margin if all are larger.

    Adds the forces of the sum of the squared overlaps.
    """
    nearest = margin
    bound, picked = memory.gap[which], memory.picked
    for link in range(len(hand.parent)):
        first, last = hand.first_point[link], hand.first_point[link + 1]
        moved = memory.moved[link] * field.steepness
        count = pick(bound[first:last], margin + moved, first, picked)
        rotation, position = memory.rotation[link], memory.position[link]
        for k in range(count):
            x, y, z, gap, sx, sy, sz = look(
                hand, field, bound, rotation, position, moved, picked[k])
            nearest = min(nearest, gap)
            push = TWO * min(gap - margin, ZERO)
            add_force(memory.wrench, link, x, y, z, push * sx, push * sy, push * sz)
    return nearest


@compiled
def _open(hand, slope, wrist_step, joint_step, translation, joints):
    """Move wrist and joints by one step of fixed length down the gradient (6 + J)."""
    couple(hand, slope, 6)
    largest, square = TINY, ZERO
    for joint in range(len(joints)):
        largest = max(largest, abs(slope[6 + joint]))
    for i in range(3):
        square += slope[i] * slope[i]
    length = max(np.sqrt(square), TINY)
    for i in range(3):
        translation[i] -= wrist_step * slope[i] / length
    for joint in range(len(joints)):
        value = joints[joint] - joint_step * slope[6 + joint] / largest
        joints[joint] = min(max(value, hand.lower[joint]), hand.upper[joint])


@Entry
def open_hands(
    hand, field, obstacles, numbers, translation, rotation, joints, best_translation, best_joints,
):
    """
    Write the open hands near B grasps; the grasps given are moved.

    :param numbers: ``OpeningNumbers``
    """
    memory = make_memory(hand, 0)
    slope = np.empty(6 + joints.shape[1], joints.dtype)
    for grasp in range(len(joints)):
        forget(memory)
        best = -FAR
        for _ in range(numbers.steps):
            take_pose(hand, memory, translation[grasp], rotation[grasp], joints[grasp])
            clearance = _near(hand, field, memory, 0, numbers.clearance)
            if clearance > best:
                best = clearance
                copy(translation[grasp], best_translation[grasp])
                copy(joints[grasp], best_joints[grasp])
            if best >= numbers.enough:
                break
            if len(obstacles.values):
                _near(hand, obstacles, memory, 1, numbers.obstacle_margin)
            self_overlap(hand, memory, numbers.self_margin, numbers.self_weight)
            generalised_forces(hand, memory.rotation, memory.position, memory.wrench, slope)
            _open(
                hand, slope, numbers.wrist_step, numbers.joint_step, translation[grasp],
                joints[grasp])

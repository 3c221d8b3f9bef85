# SPDX-License-Identifier: Apache-2.0
"""The energy of one grasp and its gradient; the arithmetic of ``mechanics.grasp_energy``."""

from __future__ import annotations

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.contacts import balance_energy, touch
from dexlite_ros.kernels.hand import couple, generalised_forces
from dexlite_ros.kernels.memory import take_pose
from dexlite_ros.kernels.numbers import ZERO
from dexlite_ros.kernels.overlaps import nearest_candidate, overlap, self_overlap


@compiled
def _beyond_limits(hand, joints, weight, slope):
    """Return the weighted excess of joints over their limits, and add its gradient."""
    total = ZERO
    for joint in range(len(hand.lower)):
        below, above = hand.lower[joint] - joints[joint], joints[joint] - hand.upper[joint]
        if below > ZERO:
            total += below
            slope[6 + joint] -= weight
        if above > ZERO:
            total += above
            slope[6 + joint] += weight
    return weight * total


@compiled
def evaluate(
    hand, field, obstacles, numbers, memory, groups, count, drawn, fresh,
    translation, rotation, joints, force, slope,
):
    """
    Return the energy of one grasp, and write its gradient.

    :param groups: (C,) contact groups that should touch
    :param count: number of them, or of the contacts chosen
    :param drawn: whether the memory's chosen points are given; else the nearest are chosen
    :param fresh: whether this is the first evaluation, without forces to begin with
    :param force: (C, 3) contact forces of the evaluation before; changed
    :param slope: (6 + J) written: gradient along translation, rotation vector, joints
    """
    take_pose(hand, memory, translation, rotation, joints)
    energy = overlap(hand, field, memory, 0, numbers.margin, numbers.penetration)
    if len(obstacles.values):
        energy += overlap(
            hand, obstacles, memory, 1, numbers.obstacle_margin, numbers.obstacles)
    energy += self_overlap(hand, memory, numbers.margin, numbers.self_penetration)
    if not drawn:
        for c in range(count):
            memory.chosen[c] = nearest_candidate(
                hand, field, memory, groups[c], memory.chosen[c])
    energy += touch(hand, field, memory, count, numbers)
    energy += balance_energy(hand, field, memory, count, numbers, force, fresh)
    generalised_forces(hand, memory.rotation, memory.position, memory.wrench, slope)
    energy += _beyond_limits(hand, joints, numbers.joint_limits, slope)
    couple(hand, slope, 6)
    return energy

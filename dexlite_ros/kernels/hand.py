# SPDX-License-Identifier: Apache-2.0
"""
Kinematics of one hand; the arithmetic of ``hand.kinematics`` and ``hand.capsules``.

Letters: L links, J joints, P points, S capsules, Q pairs of capsules, G contact groups.
"""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.forces import cross
from dexlite_ros.kernels.numbers import ONE, TINY, ZERO


@compiled
def place(rotation, position, local):
    """Return a point (3) of a link's frame in the frame of the link's pose."""
    x, y, z = local[0], local[1], local[2]
    return (
        rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + position[0],
        rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + position[1],
        rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + position[2])


@compiled
def link_poses(hand, joints, rotation, position):
    """
    Write the poses of all links but the root, whose pose is given.

    :param joints: (J,) [rad]
    :param rotation: (L, 3, 3)
    :param position: (L, 3) [m]
    """
    for link in range(1, len(hand.parent)):
        parent = hand.parent[link]
        angle = joints[hand.joint[link]]
        sine, cosine = np.sin(angle), ONE - np.cos(angle)
        above = rotation[parent]
        position[link, 0], position[link, 1], position[link, 2] = place(
            above, position[parent], hand.offset[link])
        turns = hand.turns[link]
        for column in range(3):
            x = turns[0, 0, column] + sine * turns[1, 0, column] + cosine * turns[2, 0, column]
            y = turns[0, 1, column] + sine * turns[1, 1, column] + cosine * turns[2, 1, column]
            z = turns[0, 2, column] + sine * turns[1, 2, column] + cosine * turns[2, 2, column]
            for row in range(3):
                rotation[link, row, column] = (
                    above[row, 0] * x + above[row, 1] * y + above[row, 2] * z)


@compiled
def add_force(wrench, link, x, y, z, fx, fy, fz):
    """Add a force at a point to its link's wrench (L, 6) about the origin."""
    mx, my, mz = cross(x, y, z, fx, fy, fz)
    wrench[link, 0] += fx
    wrench[link, 1] += fy
    wrench[link, 2] += fz
    wrench[link, 3] += mx
    wrench[link, 4] += my
    wrench[link, 5] += mz


@compiled
def generalised_forces(hand, rotation, position, wrench, slope):
    """
    Write J^T of the links' wrenches: force, moment about the wrist, joint torques (6 + J).

    :param wrench: (L, 6) about the origin; changed: summed from the tips to the root
    """
    for link in range(len(hand.parent) - 1, 0, -1):
        parent = hand.parent[link]
        fx, fy, fz = wrench[link, 0], wrench[link, 1], wrench[link, 2]
        ox, oy, oz = cross(
            position[link, 0], position[link, 1], position[link, 2], fx, fy, fz)
        mx, my, mz = wrench[link, 3] - ox, wrench[link, 4] - oy, wrench[link, 5] - oz
        a = hand.axis[link]
        frame = rotation[link]
        slope[6 + hand.joint[link]] = (
            (frame[0, 0] * a[0] + frame[0, 1] * a[1] + frame[0, 2] * a[2]) * mx
            + (frame[1, 0] * a[0] + frame[1, 1] * a[1] + frame[1, 2] * a[2]) * my
            + (frame[2, 0] * a[0] + frame[2, 1] * a[1] + frame[2, 2] * a[2]) * mz)
        for i in range(6):
            wrench[parent, i] += wrench[link, i]
    fx, fy, fz = wrench[0, 0], wrench[0, 1], wrench[0, 2]
    ox, oy, oz = cross(position[0, 0], position[0, 1], position[0, 2], fx, fy, fz)
    slope[0], slope[1], slope[2] = fx, fy, fz
    slope[3], slope[4], slope[5] = wrench[0, 3] - ox, wrench[0, 4] - oy, wrench[0, 5] - oz


@compiled
def couple(hand, values, first):
    """Set both values of each coupled pair of joints to their mean; values[first + joint]."""
    for joint in range(len(hand.partner)):
        other = hand.partner[joint]
        if other > joint:
            mean = (values[first + joint] + values[first + other]) / np.float32(2)
            values[first + joint] = values[first + other] = mean


@compiled
def nearest_on_segments(a0, a1, a2, u0, u1, u2, b0, b1, b2, v0, v1, v2):
    """
    Return where two segments a + s u and b + t v are nearest to each other: s, t in [0, 1].

    Ericson, Real-Time Collision Detection (2005), section 5.1.9.
    """
    w0, w1, w2 = a0 - b0, a1 - b1, a2 - b2
    uu, vv = u0 * u0 + u1 * u1 + u2 * u2, v0 * v0 + v1 * v1 + v2 * v2
    uv = u0 * v0 + u1 * v1 + u2 * v2
    uw, vw = u0 * w0 + u1 * w1 + u2 * w2, v0 * w0 + v1 * w1 + v2 * w2
    s = min(max((uv * vw - uw * vv) / max(uu * vv - uv * uv, TINY), ZERO), ONE)
    t = min(max((uv * s + vw) / max(vv, TINY), ZERO), ONE)
    s = min(max((uv * t - uw) / max(uu, TINY), ZERO), ONE)
    return s, t

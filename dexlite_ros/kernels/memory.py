# SPDX-License-Identifier: Apache-2.0
"""
What one thread works in while it evaluates grasps, and what it remembers of the hand's last place.

Most of the hand is far from everything it could touch. A distance changes by no more than the
point moves (times the field's steepness), so a point or pair of capsules is looked at again only
when its link has moved far enough to matter: the result is the same as if all were looked at.
Letters: L links, P points, Q pairs of capsules, C contacts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.arrays import Ints, Reals
from dexlite_ros.kernels.hand import link_poses, place
from dexlite_ros.kernels.numbers import FAR, ZERO
from dexlite_ros.kernels.rows import copy, copy_rows, fill, fill_rows

ROOT_HALF = np.float32(0.70711)
"""1 / sqrt(2), rounded up."""
CARE = np.float32(1e-6)
"""Allowance for rounding in the distance that a link has moved [m]."""


class Memory(NamedTuple):
    """What one thread works in, and remembers of the hand's last place."""

    rotation: Reals
    """(L, 3, 3) of the links."""
    position: Reals
    """(L, 3) of the links [m]."""
    last_rotation: Reals
    """(L, 3, 3) at the evaluation before."""
    last_centre: Reals
    """(L, 3) at the evaluation before [m]."""
    moved: Reals
    """(L,) distance that no point of the link can have exceeded since the start [m]."""
    gap: Reals
    """(2, P) smallest possible gap to object and obstacles, plus the distance moved then [m]."""
    pair_gap: Reals
    """(Q,) the same of the capsules' pairs [m]."""
    wrench: Reals
    """(L, 6) on the links."""
    contact: Reals
    """(6, C, 3) points, normals, levers, and three more to work in."""
    chosen: Ints
    """(C,) the hand's points that should touch."""
    picked: Ints
    """(max(P, Q) + 1,) indices of the points or pairs to look at."""


@compiled
def make_memory(hand, contacts):
    """Return the memory of one thread."""
    links, points, real = len(hand.parent), len(hand.radius), hand.radius.dtype
    return Memory(
        np.empty((links, 3, 3), real), np.empty((links, 3), real),
        np.empty((links, 3, 3), real), np.empty((links, 3), real),
        np.empty(links, real), np.empty((2, points), real),
        np.empty(len(hand.pair), real), np.empty((links, 6), real),
        np.empty((6, contacts, 3), real), np.empty(contacts, np.int32),
        np.empty(max(points, len(hand.pair)) + 1, np.int32))


@compiled
def forget(memory):
    """Forget the last place of the hand, as before the first evaluation of another grasp."""
    fill(memory.moved, ZERO)
    fill_rows(memory.gap, -FAR)
    fill(memory.pair_gap, -FAR)
    fill_rows(memory.last_centre, ZERO)
    for link in range(len(memory.last_rotation)):
        fill_rows(memory.last_rotation[link], ZERO)


@compiled
def _add_motion(hand, memory):
    """Add to every link's distance the motion since the last evaluation."""
    for link in range(len(hand.parent)):
        frame, before = memory.rotation[link], memory.last_rotation[link]
        square = ZERO
        for i in range(3):
            for j in range(3):
                change = frame[i, j] - before[i, j]
                square += change * change
                before[i, j] = frame[i, j]
        x, y, z = place(frame, memory.position[link], hand.centre[link])
        last = memory.last_centre[link]
        dx, dy, dz = x - last[0], y - last[1], z - last[2]
        last[0], last[1], last[2] = x, y, z
        # A rotation by an angle a changes the matrix by 2 sqrt(2) sin(a / 2), its Frobenius norm,
        # and moves a point at distance r by no more than 2 sin(a / 2) r.
        memory.moved[link] += (
            np.sqrt(dx * dx + dy * dy + dz * dz) + CARE
            + ROOT_HALF * np.sqrt(square) * hand.reach[link])


@compiled
def take_pose(hand, memory, translation, rotation, joints):
    """Bring the links to a wrist pose and joints, without forces on them yet."""
    copy(translation, memory.position[0])
    copy_rows(rotation, memory.rotation[0])
    link_poses(hand, joints, memory.rotation, memory.position)
    _add_motion(hand, memory)
    fill_rows(memory.wrench, ZERO)

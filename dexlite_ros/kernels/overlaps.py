# SPDX-License-Identifier: Apache-2.0
"""
How deep the hand overlaps object, obstacles and itself, and which points are nearest.

Only what may have come near is looked at; see ``kernels.memory``.
"""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.field import distance
from dexlite_ros.kernels.forces import cross
from dexlite_ros.kernels.hand import add_force, nearest_on_segments, place
from dexlite_ros.kernels.memory import CARE
from dexlite_ros.kernels.numbers import TINY, ZERO


@compiled
def pick(values, limit, first, picked):
    """Write first + the indices of the values below a limit; return their number."""
    count = 0
    for index in range(len(values)):
        # Without a branch, which would be slower.
        picked[count] = first + index
        count += 1 if values[index] < limit else 0
    return count


@compiled
def look(hand, field, bound, rotation, position, moved, index):
    """
    Return one point of a link (3) [m], its gap to a field and the gap's gradient (3).

    :param bound: (P,) smallest possible gaps of ``Memory``; that of the point is renewed
    :param moved: distance that the link has moved, times the field's steepness [m]
    """
    x, y, z = place(rotation, position, hand.point[index])
    value, sx, sy, sz, held = distance(field, x, y, z)
    # Beyond the grid the distance may change faster than inside.
    bound[index] = held - hand.radius[index] + moved
    return x, y, z, value - hand.radius[index], sx, sy, sz


@compiled
def overlap(hand, field, memory, which, margin, weight):
    """Return the weighted overlap of the hand's points with a field, and add its forces."""
    total = ZERO
    bound, picked = memory.gap[which], memory.picked
    for link in range(len(hand.parent)):
        first, last = hand.first_point[link], hand.first_point[link + 1]
        moved = memory.moved[link] * field.steepness
        count = pick(bound[first:last], margin + moved, first, picked)
        rotation, position = memory.rotation[link], memory.position[link]
        f0, f1, f2, m0, m1, m2 = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
        for k in range(count):
            x, y, z, gap, sx, sy, sz = look(
                hand, field, bound, rotation, position, moved, picked[k])
            inside = margin - gap
            total += max(inside, ZERO)
            push = -weight if inside > ZERO else ZERO
            sx, sy, sz = push * sx, push * sy, push * sz
            tx, ty, tz = cross(x, y, z, sx, sy, sz)
            f0, f1, f2, m0, m1, m2 = f0 + sx, f1 + sy, f2 + sz, m0 + tx, m1 + ty, m2 + tz
        wrench = memory.wrench[link]
        wrench[0] += f0
        wrench[1] += f1
        wrench[2] += f2
        wrench[3] += m0
        wrench[4] += m1
        wrench[5] += m2
    return weight * total


@compiled
def nearest_candidate(hand, field, memory, group, guess):
    """Return the index of a contact group's point that is nearest to the object."""
    first, last = hand.first_candidate[group], hand.last_candidate[group]
    link = hand.point_link[first]
    rotation, position = memory.rotation[link], memory.position[link]
    moved = memory.moved[link] * field.steepness
    bound, picked = memory.gap[0], memory.picked
    # Begin with the one that was nearest before: few others then remain.
    x, y, z = place(rotation, position, hand.point[guess])
    value, _, _, _, _ = distance(field, x, y, z)
    best, nearest = guess, value - hand.radius[guess]
    count = pick(bound[first:last], nearest + CARE + moved, first, picked)
    for k in range(count):
        index = picked[k]
        _, _, _, gap, _, _, _ = look(hand, field, bound, rotation, position, moved, index)
        closer = gap < nearest or (gap == nearest and index < best)
        best, nearest = index if closer else best, gap if closer else nearest
    return best


@compiled
def self_overlap(hand, memory, margin, weight):
    """Return the weighted overlap of the hand with itself, and add its forces."""
    total = ZERO
    count = 0
    for pair in range(len(hand.pair)):
        moved = memory.moved[hand.pair[pair, 2]] + memory.moved[hand.pair[pair, 3]]
        memory.picked[count] = pair
        count += 1 if memory.pair_gap[pair] < margin + moved else 0
    for k in range(count):
        pair = memory.picked[k]
        first, second, link, other = hand.pair[pair]
        frame, origin = memory.rotation[link], memory.position[link]
        a0, a1, a2 = place(frame, origin, hand.ends[0, first])
        c0, c1, c2 = place(frame, origin, hand.ends[1, first])
        frame, origin = memory.rotation[other], memory.position[other]
        b0, b1, b2 = place(frame, origin, hand.ends[0, second])
        d0, d1, d2 = place(frame, origin, hand.ends[1, second])
        u0, u1, u2, v0, v1, v2 = c0 - a0, c1 - a1, c2 - a2, d0 - b0, d1 - b1, d2 - b2
        s, t = nearest_on_segments(a0, a1, a2, u0, u1, u2, b0, b1, b2, v0, v1, v2)
        a0, a1, a2 = a0 + s * u0, a1 + s * u1, a2 + s * u2
        b0, b1, b2 = b0 + t * v0, b1 + t * v1, b2 + t * v2
        w0, w1, w2 = a0 - b0, a1 - b1, a2 - b2
        apart = np.sqrt(w0 * w0 + w1 * w1 + w2 * w2 + TINY)
        gap = apart - hand.pair_radius[pair]
        memory.pair_gap[pair] = gap + memory.moved[link] + memory.moved[other]
        total += max(margin - gap, ZERO)
        scale = weight / apart if gap < margin else ZERO
        w0, w1, w2 = scale * w0, scale * w1, scale * w2
        add_force(memory.wrench, link, a0, a1, a2, -w0, -w1, -w2)
        add_force(memory.wrench, other, b0, b1, b2, w0, w1, w2)
    return weight * total

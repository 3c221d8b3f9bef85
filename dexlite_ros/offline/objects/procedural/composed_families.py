# SPDX-License-Identifier: Apache-2.0
"""Families composed of simple bodies. Sizes are drawn from household ranges [m]."""

from __future__ import annotations

import numpy as np
import trimesh

from dexlite_ros.offline.objects.procedural.solids import (
    bar,
    box,
    moved,
    Parts,
    prism,
    revolved,
    rounded_box,
    shell,
    superquadric,
)


def carton(rng: np.random.Generator) -> Parts:
    """Return a box with sharp edges."""
    return box(np.sort(rng.uniform((0.022, 0.035, 0.06), (0.055, 0.085, 0.17))))


def soap(rng: np.random.Generator) -> Parts:
    """Return a box with round edges."""
    size = rng.uniform((0.022, 0.04, 0.06), (0.045, 0.07, 0.12))
    return rounded_box(size, size.min() * rng.uniform(0.15, 0.45))


def tray(rng: np.random.Generator) -> Parts:
    """Return an open box."""
    length, width, height = rng.uniform((0.07, 0.05, 0.025), (0.13, 0.08, 0.06))
    wall = rng.uniform(0.004, 0.008)
    ends = [
        part for side in (-1, 1)
        for part in moved(box((wall, width, height)), (side * (length - wall) / 2, 0, 0))]
    sides = [
        part for side in (-1, 1) for part in moved(
            box((length - 2 * wall, wall, height)), (0, side * (width - wall) / 2, 0))]
    floor = moved(
        box((length - 2 * wall, width - 2 * wall, wall)), (0, 0, (wall - height) / 2))
    return ends + sides + floor


def nut(rng: np.random.Generator) -> Parts:
    """Return a thick ring with three to eight corners."""
    radius, hole = rng.uniform(0.028, 0.045), rng.uniform(0.3, 0.6)
    height = rng.uniform(0.018, 0.05)
    return shell([(radius, 0), (radius, height)],
                 [(radius * hole, 0), (radius * hole, height)], int(rng.integers(3, 9)))


def column(rng: np.random.Generator) -> Parts:
    """Return a prism over a regular polygon, tapered."""
    corners, height = int(rng.integers(3, 8)), rng.uniform(0.06, 0.16)
    radius = rng.uniform(0.022, 0.042)
    return revolved([(radius, 0), (radius * rng.uniform(0.6, 1.0), height)], corners)


def bracket(rng: np.random.Generator) -> Parts:
    """Return two or three boxes that meet at a right angle."""
    thickness, width = rng.uniform(0.018, 0.03), rng.uniform(0.02, 0.045)
    first, second = rng.uniform(0.06, 0.12, 2)
    parts = box((first, width, thickness))
    for side in (1, -1)[:int(rng.integers(1, 3))]:
        parts += moved(box((thickness, width, second)),
                       (side * (first - thickness) / 2, 0, (second + thickness) / 2))
    return parts


def cross(rng: np.random.Generator) -> Parts:
    """Return three bars through one point."""
    thickness = rng.uniform(0.016, 0.026, 3)
    length = rng.uniform(0.05, 0.1, 3)
    middle = box(thickness)
    for axis in range(3):
        size = thickness.copy()
        size[axis] = (length[axis] - thickness[axis]) / 2
        for side in (-1, 1):
            shift = np.zeros(3)
            shift[axis] = side * (thickness[axis] + size[axis]) / 2
            middle += moved(box(size), shift)
    return middle


def hammer(rng: np.random.Generator) -> Parts:
    """Return a head across a handle."""
    grip, length = rng.uniform(0.009, 0.014), rng.uniform(0.12, 0.2)
    head = rng.uniform((0.06, 0.022, 0.022), (0.1, 0.034, 0.034))
    return revolved([(grip, 0), (grip * 0.8, length)], 12) + moved(
        box(head), (0, 0, length + head[2] / 2 - 0.002))


def spoon(rng: np.random.Generator) -> Parts:
    """Return a handle that ends in a flat oval."""
    grip, length = rng.uniform(0.007, 0.011), rng.uniform(0.09, 0.15)
    scoop = rng.uniform((0.02, 0.014, 0.008), (0.036, 0.026, 0.014))
    bend = rng.uniform(0.0, 0.02)
    way = np.linspace(0, 1, 6)
    line = np.column_stack([way * length, 0 * way, bend * (1 - way) ** 2])
    return bar(line, grip) + moved(superquadric(scoop, (1, 1)), (length + 0.6 * scoop[0], 0, 0))


def brush(rng: np.random.Generator) -> Parts:
    """Return a handle, and a block of bristles under its end."""
    handle = rng.uniform((0.14, 0.022, 0.012), (0.2, 0.036, 0.02))
    bristles = rng.uniform((0.05, 0.02, 0.02), (0.08, 0.034, 0.035))
    return box(handle) + moved(
        box(bristles),
        (handle[0] / 2 - bristles[0] / 2, 0, -(handle[2] + bristles[2]) / 2 + 0.001))


def tube(rng: np.random.Generator) -> Parts:
    """Return a rod with round ends, straight or bent."""
    radius, length = rng.uniform(0.012, 0.026), rng.uniform(0.06, 0.13)
    bend = rng.uniform(0.0, 1.2)
    way = np.linspace(-bend, bend, 7) if bend > 0.3 else np.array([-bend, bend])
    line = (length / 2 / bend) * np.column_stack([np.sin(way), 0 * way, 1 - np.cos(way)])
    ball = trimesh.creation.icosphere(subdivisions=2, radius=radius).vertices
    parts = bar(line, radius * 0.999)
    return parts + moved([ball], line[0]) + moved([ball], line[-1])


def pebble(rng: np.random.Generator) -> Parts:
    """Return a convex superquadric, shaped like a brick, an egg or a cushion."""
    return superquadric(
        rng.uniform((0.016, 0.02, 0.028), (0.032, 0.042, 0.065)), rng.uniform(0.2, 1.8, 2))


def cluster(rng: np.random.Generator) -> Parts:
    """Return two to five random convex bodies grown together."""
    parts = []
    centre = np.zeros(3)
    for _ in range(int(rng.integers(2, 6))):
        size = rng.uniform(0.014, 0.028, 3)
        direction = rng.standard_normal((14, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        parts.append(centre + size * direction)
        # The next body starts inside this one.
        centre = centre + 0.8 * size * direction[0]
    return parts


def toy_block(rng: np.random.Generator) -> Parts:
    """Return a wedge or a trapezoid, as in a set of building blocks."""
    base, height = rng.uniform(0.04, 0.09), rng.uniform(0.025, 0.05)
    top = base * rng.uniform(0.05, 0.9)
    lean = rng.uniform(0.0, base - top)
    outline = [(0, 0), (base, 0), (lean + top, height), (lean, height)]
    return prism(outline, rng.uniform(0.025, 0.07))

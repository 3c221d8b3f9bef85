# SPDX-License-Identifier: Apache-2.0
"""
Families of what people carry with two hands: too wide for one, standing on their base.

The longest side of every object is from 20 to 50 cm [m]. No family has the name of one in
``families``.
"""

from __future__ import annotations

import numpy as np

from dexlite_ros.offline.objects.procedural.solids import (
    bar,
    box,
    moved,
    Parts,
    revolved,
    shell,
)

LEAST, MOST = 0.2, 0.5
"""Limits of the longest side [m]."""


def moving_box(rng: np.random.Generator) -> Parts:
    """Return a closed box, wider than a hand spans."""
    length = rng.uniform(LEAST, MOST)
    return box((length, rng.uniform(0.18, length), rng.uniform(0.08, min(length, 0.4))))


def serving_tray(rng: np.random.Generator) -> Parts:
    """Return a rectangular tray with upright walls."""
    length = rng.uniform(0.3, MOST)
    width, height = length * rng.uniform(0.6, 0.8), rng.uniform(0.035, 0.08)
    wall = rng.uniform(0.004, 0.008)
    parts = moved(box((length, width, wall)), (0, 0, wall / 2))
    for side in (-1, 1):
        parts += moved(
            box((wall, width, height)), (side * (length - wall) / 2, 0, height / 2))
        parts += moved(
            box((length, wall, height)), (0, side * (width - wall) / 2, height / 2))
    return parts


def cooking_pot(rng: np.random.Generator) -> Parts:
    """Return an open pot with two handles."""
    radius, wall = rng.uniform(0.1, 0.18), rng.uniform(0.003, 0.006)
    height = radius * rng.uniform(0.9, 1.5)
    parts = shell([(radius, wall), (radius, height)],
                  [(radius - wall, wall), (radius - wall, height)])
    parts += revolved([(radius, 0), (radius, wall)])
    reach, half = rng.uniform(0.035, 0.05), rng.uniform(0.04, 0.055)
    # Both ends of a handle are inside the wall.
    inside = np.sqrt((radius - wall / 2) ** 2 - half ** 2)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 7)
    arc = np.column_stack([
        inside + (radius + reach - inside) * np.cos(angle), 0 * angle, half * np.sin(angle)])
    handle = moved(bar(arc, rng.uniform(0.005, 0.008), sides=8), about=(np.pi / 2, 0, 0))
    place = height * rng.uniform(0.7, 0.85)
    return parts + moved(handle, (0, 0, place)) + moved(
        handle, (0, 0, place), about=(0, 0, np.pi))


def drum(rng: np.random.Generator) -> Parts:
    """Return an upright cylinder with bevelled edges."""
    radius, height = rng.uniform(LEAST / 2, 0.2), rng.uniform(0.15, 0.45)
    bevel = rng.uniform(0.002, 0.008)
    return revolved([
        (radius - bevel, 0), (radius, bevel), (radius, height - bevel),
        (radius - bevel, height)])


def mixing_bowl(rng: np.random.Generator) -> Parts:
    """Return a big round bowl with a flat foot."""
    radius, wall = rng.uniform(0.11, 0.2), rng.uniform(0.004, 0.008)
    depth = radius * rng.uniform(0.6, 0.9)
    angle = np.linspace(0.6, np.pi / 2, 6)
    outer = np.column_stack([radius * np.sin(angle), depth * (1 - np.cos(angle))])
    outer[:, 1] -= outer[0, 1]
    inner = outer - np.column_stack([wall * np.sin(angle), 0 * angle])
    inner[:, 1] = np.linspace(wall, outer[-1, 1], len(inner))
    inner[:, 1] = np.maximum(inner[:, 1], outer[:, 1])
    foot = revolved([(outer[0, 0], 0), (np.interp(wall, outer[:, 1], outer[:, 0]), wall)])
    return shell(outer, inner) + foot

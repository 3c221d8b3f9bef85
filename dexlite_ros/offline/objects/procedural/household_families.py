# SPDX-License-Identifier: Apache-2.0
"""
Families of what stands on a kitchen table or in a shop's shelf, in all sizes a hand can hold.

Sizes are drawn from household ranges [m]. Every object is at most 30 cm long and in one direction
at most 11 cm thick. No family has the name of one in ``families``.
"""

from __future__ import annotations

import numpy as np

from dexlite_ros.offline.objects.procedural.revolved_families import bowl, jar, mug
from dexlite_ros.offline.objects.procedural.solids import (
    box,
    moved,
    Part,
    Parts,
    revolved,
    ring_points,
    rounded_box,
    scaled,
)

LONGEST = 0.3
"""[m]"""


def cereal_carton(rng: np.random.Generator) -> Parts:
    """Return a box with sharp edges, from one of tea bags to one of cereals."""
    thickness = _log_uniform(rng, 0.025, 0.11)
    height = _log_uniform(rng, max(thickness, 0.04), LONGEST)
    return box((thickness, _log_uniform(rng, thickness, height), height))


def drink_bottle(rng: np.random.Generator) -> Parts:
    """Return a body, a shoulder, a neck and a cap, from 0.2 to 1.5 litres."""
    radius, total = rng.uniform(0.025, 0.048), rng.uniform(0.16, LONGEST)
    neck, shoulder = rng.uniform(0.012, 0.016), total * rng.uniform(0.12, 0.3)
    cap, lid = neck + rng.uniform(0.001, 0.004), rng.uniform(0.012, 0.025)
    top = total - lid - rng.uniform(0.008, 0.03)
    return revolved([
        (radius * 0.9, 0), (radius, 0.006), (radius, top - shoulder), (neck, top),
        (neck, total - lid), (cap, total - lid + 0.001), (cap, total)])


def food_can(rng: np.random.Generator) -> Parts:
    """Return a can with rims that stand out, 5 to 10 cm across."""
    radius, height = rng.uniform(0.025, 0.05), rng.uniform(0.035, 0.16)
    rim, edge = rng.uniform(0.001, 0.002), rng.uniform(0.002, 0.004)
    body = radius - rim
    return revolved([
        (radius, 0), (radius, edge), (body, edge + rim), (body, height - edge - rim),
        (radius, height - edge), (radius, height)])


def book(rng: np.random.Generator) -> Parts:
    """Return a closed book, whose covers stand out on three sides."""
    length, thickness = rng.uniform(0.15, LONGEST), rng.uniform(0.01, 0.05)
    width = length * rng.uniform(0.6, 0.78)
    cover, beyond = rng.uniform(0.001, 0.003), rng.uniform(0.0, 0.004)
    covers = [part for side in (-1, 1) for part in moved(
        box((length, width, cover)), (0, 0, side * (thickness - cover) / 2))]
    # The back, at -y, is flush with the covers.
    pages = moved(
        box((length - 2 * beyond, width - beyond, thickness - 2 * cover)), (0, -beyond / 2, 0))
    return covers + pages


def margarine_tub(rng: np.random.Generator) -> Parts:
    """Return a tub with round corners that widens upwards, and its lid."""
    length, height = rng.uniform(0.07, 0.18), rng.uniform(0.035, 0.09)
    size = np.array([length, length * rng.uniform(0.6, 1.0)])
    size *= min(1.0, 0.108 / size.min())
    corner, rim = size.min() * rng.uniform(0.15, 0.48), rng.uniform(0.002, 0.005)
    lid, taper = rng.uniform(0.005, 0.012), rng.uniform(0.75, 0.95)
    inner = size - 2 * rim
    body = _rounded_slab(inner * taper, corner * taper, inner, corner, height - lid)
    return [body, *moved([_rounded_slab(size, corner, size, corner, lid)], (0, 0, height - lid))]


def rounded_pack(rng: np.random.Generator) -> Parts:
    """Return a pack with round edges, as of wipes or washing powder."""
    size = rng.uniform((0.03, 0.05, 0.08), (0.1, 0.14, 0.22))
    return rounded_box(size, size.min() * rng.uniform(0.05, 0.3))


def spray_can(rng: np.random.Generator) -> Parts:
    """Return a tall can with a dome and a cap."""
    radius, height = rng.uniform(0.02, 0.036), rng.uniform(0.1, 0.2)
    dome, cap = rng.uniform(0.008, 0.018), radius * rng.uniform(0.55, 0.95)
    top = height + dome + rng.uniform(0.025, 0.06)
    return revolved([
        (radius, 0), (radius, height), (radius * 0.5, height + dome),
        (cap, height + dome + 0.001), (cap * 0.95, top)])


def coffee_mug(rng: np.random.Generator) -> Parts:
    """Return a hollow cup with a handle, from one for espresso to a large one."""
    return scaled(mug(rng), rng.uniform(0.75, 1.2))


def soup_bowl(rng: np.random.Generator) -> Parts:
    """Return an open bowl, 8 to 18 cm across."""
    return scaled(bowl(rng), rng.uniform(0.9, 1.3))


def gable_carton(rng: np.random.Generator) -> Parts:
    """Return a carton of milk or juice, with a roof and the seam on its ridge."""
    side, height = rng.uniform(0.05, 0.095), rng.uniform(0.09, 0.21)
    depth, roof = side * rng.uniform(0.75, 1.0), rng.uniform(0.02, 0.045)
    seam, thickness = rng.uniform(0.01, 0.02), rng.uniform(0.003, 0.005)
    eaves = moved(box((depth, side, height)), (0, 0, height / 2))[0]
    ridge = box((thickness, side, 0.0))[0] + (0, 0, height + roof)
    return [np.concatenate([eaves, ridge]),
            *moved(box((thickness, side, seam)), (0, 0, height + roof + seam / 2))]


def preserve_jar(rng: np.random.Generator) -> Parts:
    """Return a wide body with a lid of a different width."""
    return scaled(jar(rng), rng.uniform(0.9, 1.05))


def crisp_tube(rng: np.random.Generator) -> Parts:
    """Return a long tube with a metal bottom and a plastic lid."""
    radius, height = rng.uniform(0.03, 0.042), rng.uniform(0.1, 0.29)
    rim, lid = rng.uniform(0.001, 0.002), rng.uniform(0.006, 0.012)
    body = radius - rim
    return revolved([
        (radius, 0), (radius, 0.004), (body, 0.005), (body, height - lid),
        (radius, height - lid + 0.001), (radius, height)])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a length between two others; every ratio of lengths is equally likely [m]."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _rounded_slab(bottom: Part, bottom_corner: float, top: Part, top_corner: float,
                  height: float) -> Part:
    """Return the hull of two rectangles (2,) with round corners, on z = 0 and at a height [m]."""
    return np.concatenate([
        np.column_stack([outline, np.full(len(outline), level)]) for outline, level in (
            (_rounded_rectangle(bottom, bottom_corner), 0.0),
            (_rounded_rectangle(top, top_corner), height))])


def _rounded_rectangle(size: Part, corner: float) -> Part:
    """Return the outline (24, 2) of a rectangle (2,) with that radius at its corners [m]."""
    middles = (size / 2 - corner) * [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    circle = ring_points(corner, 0.0, sections=20)[:, :2]
    quarters = np.take(circle, np.arange(4)[:, None] * 5 + np.arange(6), axis=0, mode='wrap')
    return (middles[:, None] + quarters).reshape(-1, 2)

# SPDX-License-Identifier: Apache-2.0
"""
Solids of revolution about a vertical axis, with a flat top: cylinders, frusta, bottles.

A point belongs to the side or to the top, whichever it is farther outside of. Points of an inner
wall, behind the rim of an open vessel, look at the axis and belong to neither.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.primitives.meshes import turned_profile
from dexlite_ros.object.primitives.profile import bends, first_radii, free_knots, hats
from dexlite_ros.object.primitives.robust import minimise
from dexlite_ros.object.primitives.seen_part import (
    FEWEST,
    Primitive,
    primitive,
    SeenPart,
    silhouette,
)

Array = NDArray[np.float64]

THINNEST = 0.002
"""Smallest radius of a profile [m]."""
WIDEST = 0.3
"""Largest radius [m]."""
# At least this share of a solid's width must have been seen: a flat face is no large cylinder.
_SHARE = 0.4
# Number of parameters before the radii: the axis' x and y, and the height of the top.
_AXIS = 3


def fit_upright(part: SeenPart, few: SeenPart, height: float) -> list[Primitive]:
    """
    Return the cylinder, the frustum and the solid with a free profile.

    :param part: all points.
    :param few: some of them, which the solids are fitted to.
    :param height: estimate of where the top is [m].
    """
    outward = _looks_outwards(few)
    if outward.sum() < FEWEST:
        return []
    outer = few[outward]
    lateral = _lateral(outer, height)
    if lateral.sum() < 10 or height < 0.005:
        return []
    fits = [_fit(outer, lateral, start, height, np.zeros(1))
            for start in _first_axes(outer, lateral)]
    best, _ = min(fits, key=lambda fit: fit[1])
    found = [_solid('cylinder', part, best, np.zeros(1))]
    for kind, knots in (('frustum', np.array([0.0, best[2]])),
                        ('revolution', free_knots(0.0, best[2]))):
        fits = [_fit(outer, lateral, start, best[2], knots)
                for start in (best[:2], *_first_axes(outer, lateral)[:1])]
        found.append(_solid(kind, part, min(fits, key=lambda fit: fit[1])[0], knots))
    wide = 2.0 * silhouette(outer.points, outer.eye)[1] / _SHARE
    return [each for each in found if each is not None and each.mesh.extents[0] < wide]


def _looks_outwards(part: SeenPart) -> NDArray[np.bool_]:
    """Return the points (N,) that an upright convex solid may have on its outside."""
    away = part.points[:, :2] - silhouette(part.points, part.eye)[0]
    inward = np.einsum('ni,ni->n', part.normals[:, :2], away)
    length = np.linalg.norm(away, axis=1) + 1e-9
    outward: NDArray[np.bool_] = inward / length > -0.3
    return outward if outward.sum() > 0.5 * len(part) else np.ones(len(part), bool)


def _lateral(part: SeenPart, height: float) -> NDArray[np.bool_]:
    """Return the points (N,) on the side rather than on the top."""
    low = part.points[:, 2] < height - 2.0 * part.noise
    return low & (part.normals[:, 2] < 0.8)


def _first_axes(part: SeenPart, lateral: NDArray[np.bool_]) -> list[Array]:
    """Return axes (2,) to begin with: from silhouettes, and from a circle through the side."""
    flat = part.points[lateral, :2]
    starts = [silhouette(seen, part.eye)[0] for seen in (part.points[lateral], part.points)]
    middle = flat.mean(axis=0)
    centred = flat - middle
    weight = np.ones(len(flat))
    for _ in range(5):  # |p|^2 = 2 c . p + d, reweighted
        rows = np.concatenate([2.0 * centred, np.ones((len(flat), 1))], axis=1)
        heavy = rows * weight[:, None]
        square = heavy.T @ rows + 1e-12 * np.eye(3)
        a, b, d = np.linalg.solve(square, heavy.T @ (centred**2).sum(axis=1))
        radius = float(np.sqrt(max(d + a * a + b * b, THINNEST**2)))
        off = np.hypot(centred[:, 0] - a, centred[:, 1] - b) - radius
        weight = 1.0 / (1.0 + (off / part.noise)**2)
    if radius < WIDEST:
        starts.append(middle + (a, b))
    return starts


def _fit(
    part: SeenPart, lateral: NDArray[np.bool_], axis: Array, height: float, knots: Array
) -> tuple[Array, float]:
    """Return the parameters (3 + K,) of the best solid near an axis (2,), and its loss."""
    side = part.points[lateral]
    off = np.hypot(*(side[:, :2] - axis).T)
    radii = first_radii(side[:, 2], off, knots)
    start = np.concatenate([axis, [height], radii])
    return minimise(_Model(part.points, knots), start, part.noise)


class _Model:
    """Distances (N + K - 2,) of points from the surface and bends of its profile."""

    def __init__(self, points: Array, knots: Array) -> None:
        self._points = points
        self._weight, self._steep = hats(points[:, 2], knots)
        self._bends = bends(knots, _AXIS, _AXIS + len(knots))

    def __call__(self, place: Array) -> tuple[Array, Array]:
        x, y, z = self._points.T
        dx, dy = x - place[0], y - place[1]
        off = np.hypot(dx, dy) + 1e-12
        # The distance from a slope is shorter than that from the axis tells.
        lean = 1.0 / np.sqrt(1.0 + (self._steep @ place[_AXIS:])**2)
        side = (off - self._weight @ place[_AXIS:]) * lean
        over = z - place[2]
        top = over > side
        slope = np.empty((len(x), len(place)))
        slope[:, 0], slope[:, 1], slope[:, 2] = -dx / off * lean, -dy / off * lean, 0.0
        slope[:, _AXIS:] = -self._weight * lean[:, None]
        slope[top] = 0.0
        slope[top, 2] = -1.0
        return (np.concatenate([np.where(top, over, side), self._bends @ place]),
                np.concatenate([slope, self._bends]))


def _solid(kind: str, part: SeenPart, place: Array, knots: Array) -> Primitive | None:
    """Return the solid of fitted parameters; None if it is none that stands on a table."""
    radii = np.maximum(place[_AXIS:], THINNEST)
    if not (0.005 < place[2] < 1.0 and radii.max() < WIDEST):
        return None
    places = knots * (place[2] / knots[-1]) if len(knots) > 1 else np.array([0.0, place[2]])
    mesh = turned_profile(np.broadcast_to(radii, (max(len(radii), 2),)), places)
    mesh.apply_translation([place[0], place[1], 0.0])
    return primitive(kind, mesh, part, len(place))

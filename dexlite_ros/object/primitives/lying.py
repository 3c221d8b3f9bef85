# SPDX-License-Identifier: Apache-2.0
"""
Solids of revolution that lie on the table: cylinders, and bottles with a free profile.

The axis is horizontal, as high above the table as the largest radius. Coordinates are u along the
axis, v across it, and z. A point belongs to the side or to the end that looks at the camera.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.cloud import mean_spacing
from dexlite_ros.object.primitives.meshes import turned_profile
from dexlite_ros.object.primitives.profile import bends, first_radii, free_knots, hats
from dexlite_ros.object.primitives.robust import local_minima, minimise, outermost, row_ends
from dexlite_ros.object.primitives.seen_part import Primitive, primitive, SeenPart, turn

Array = NDArray[np.float64]

YAW_STEP = np.deg2rad(6.0)
# Number of yaws that are refined.
_STARTS = 2
# An end with a smaller share of the points is not seen.
_END = 0.03
# Number of parameters before the radii: yaw, v of the axis, and u of the end towards the camera.
_AXIS = 3
# Bounds of a radius [m].
_THINNEST, _WIDEST = 0.002, 0.3


def fit_lying(part: SeenPart, few: SeenPart) -> list[Primitive]:
    """
    Return the lying cylinder and the lying solid with a free profile.

    :param part: all points, which tell where the solids end.
    :param few: some of them, which the solids are fitted to.
    """
    yaw, middle, radius, loss = _search(few)
    fits = []
    for i in local_minima(loss)[:_STARTS]:
        sign = _sign(few, yaw[i])
        end = float(np.quantile(sign * (few.points @ turn(yaw[i])[:, 0]), 0.97))
        start = np.array([yaw[i], middle[i], end, radius])
        model = _Model(few.points, np.zeros(1), sign)
        fits.append((*minimise(model, start, few.noise), sign))
    place, _, sign = min(fits, key=lambda fit: fit[1])
    ends = _ends(part, place, sign)
    if ends is None or not _THINNEST < place[_AXIS] < _WIDEST:
        return []
    found = [_solid('lying cylinder', part, place, np.zeros(1), ends)]
    knots = free_knots(*ends)
    # Knots move with the yaw only, which is nearly right already.
    u, v, z = (few.points @ turn(place[0])).T
    radii = first_radii(u, np.hypot(v - place[1], z - place[_AXIS]), knots)
    model = _Model(few.points, knots, sign)
    best, _ = minimise(model, np.concatenate([place[:_AXIS], radii]), few.noise)
    if (ends := _ends(part, best, sign)) is not None:
        found.append(_solid('lying revolution', part, best, knots, ends))
    return [each for each in found if each is not None]


def _sign(part: SeenPart, yaw: float) -> float:
    """Return the direction along the axis that the camera is in: 1 or -1."""
    along = turn(yaw)[:, 0]
    return 1.0 if (part.eye - np.median(part.points, axis=0)) @ along > 0.0 else -1.0


def _search(part: SeenPart) -> tuple[Array, Array, float, Array]:
    """Return yaws (Y,), the axis' v (Y,) and loss (Y,) for each, and the radius of all."""
    yaw = np.arange(0.0, np.pi, YAW_STEP)
    x, y, z = part.points.T
    radius = max(0.5 * float(np.quantile(z, 0.98)), _THINNEST)
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    across = c * y - s * x  # (Y, N)
    facing = c * part.normals[:, 1] - s * part.normals[:, 0]
    half = np.sqrt(np.maximum(radius**2 - (z - radius)**2, 0.0))
    middle = np.median(across - np.sign(facing) * half, axis=1)
    off = np.hypot(across - middle[:, None], z - radius) - radius
    return yaw, middle, radius, np.log1p((off / part.noise)**2).mean(axis=1)


class _Model:
    """Distances (N + K - 2,) of points from the surface and bends of its profile."""

    def __init__(self, points: Array, knots: Array, sign: float) -> None:
        self._points, self._knots, self._sign = points, knots, sign
        self._bends = bends(knots, _AXIS, _AXIS + len(knots))

    def __call__(self, place: Array) -> tuple[Array, Array]:
        x, y, z = self._points.T
        c, s = np.cos(place[0]), np.sin(place[0])
        u, v = c * x + s * y, c * y - s * x
        radii = place[_AXIS:]
        widest = int(radii.argmax())
        q, w = v - place[1], z - radii[widest]
        off = np.hypot(q, w) + 1e-12
        weight, steep = hats(u, self._knots)
        incline = steep @ radii
        lean = 1.0 / np.sqrt(1.0 + incline**2)
        side = (off - weight @ radii) * lean
        over = self._sign * u - place[2]
        slope = np.empty((len(x), len(place)))
        slope[:, 0] = (-q / off * u - incline * v) * lean
        slope[:, 1], slope[:, 2] = -q / off * lean, 0.0
        slope[:, _AXIS:] = -weight * lean[:, None]
        slope[:, _AXIS + widest] -= w / off * lean
        end = over > side
        slope[end] = 0.0
        slope[end, 0], slope[end, 2] = self._sign * v[end], -1.0
        return (np.concatenate([np.where(end, over, side), self._bends @ place]),
                np.concatenate([slope, self._bends]))


def _ends(part: SeenPart, place: Array, sign: float) -> tuple[float, float] | None:
    """Return where the solid begins and ends along u; None if its side is hardly seen."""
    u, v, z = (part.points @ turn(place[0])).T
    radius = float(place[_AXIS:].max())
    q, w = v - place[1], z - radius
    over = sign * u - place[2]
    band = max(3.0 * part.noise, 0.004)
    end = (np.abs(over) < band) & (over > np.hypot(q, w) - radius)
    rows = row_ends(
        u[~end], radius * np.arctan2(q[~end], w[~end]), mean_spacing(part.points))
    bottom, high = (outermost([ends], band) for ends in rows)
    if bottom is None or high is None:
        return None
    low = -bottom
    eye = sign * float(part.eye @ turn(place[0])[:, 0])
    if end.sum() > _END * len(part) and eye > place[2]:
        low, high = (low, float(place[2])) if sign > 0.0 else (-float(place[2]), high)
    return (low, high) if 0.005 < high - low < 1.0 else None


def _solid(
    kind: str, part: SeenPart, place: Array, knots: Array, ends: tuple[float, float]
) -> Primitive | None:
    """Return the solid of fitted parameters between its ends; None if its mesh is not closed."""
    inside = knots[(knots > ends[0] + 1e-3) & (knots < ends[1] - 1e-3)]
    places = np.concatenate([ends[:1], inside, ends[1:]])
    radii = np.maximum(hats(places, knots)[0] @ place[_AXIS:], _THINNEST)
    if radii.max() > _WIDEST:
        return None
    mesh = turned_profile(radii, places)
    # The axis z of the profile becomes u; then x is down and y is v.
    frame = np.eye(4)
    axes = turn(place[0])
    frame[:3, :3] = np.stack([-axes[:, 2], axes[:, 1], axes[:, 0]], axis=1)
    frame[:3, 3] = place[1] * axes[:, 1] + radii.max() * axes[:, 2]
    mesh.apply_transform(frame)
    return primitive(kind, mesh, part, len(place) + 1)

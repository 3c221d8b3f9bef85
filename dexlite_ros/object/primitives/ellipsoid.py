# SPDX-License-Identifier: Apache-2.0
"""
Spheres, and ellipsoids with one vertical axis.

Each is fitted twice, once so that it touches the table. The free one is taken only where it
explains the points clearly better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.primitives.robust import minimise
from dexlite_ros.object.primitives.seen_part import (
    Primitive,
    primitive,
    SeenPart,
    silhouette,
    turn,
)

Array = NDArray[np.float64]

FREE = 0.7
"""A loss below this share of that of the touching solid is clearly better."""
# Bounds of a half axis [m].
_SMALLEST, _LARGEST = 0.004, 0.3
# Deepest place below the table of what is fitted freely [m].
_BELOW = 0.005
# Of a numeric derivative [m, rad].
_STEP = 1e-6


def fit_spheres(part: SeenPart, few: SeenPart) -> list[Primitive]:
    """
    Return the sphere; none if no sphere above the table is near the points.

    :param part: all points.
    :param few: some of them, which the sphere is fitted to.
    """
    centre, radius = _first_sphere(few)
    x, y, z = few.points.T

    def free(place: Array) -> tuple[Array, Array]:
        towards = few.points - place[:3]
        off = np.linalg.norm(towards, axis=1) + 1e-12
        return off - place[3], np.concatenate(
            [-towards / off[:, None], np.full((len(off), 1), -1.0)], axis=1)

    def touching(place: Array) -> tuple[Array, Array]:
        residual, slope = free(np.array([*place[:2], place[2], place[2]]))
        return residual, np.stack([slope[:, 0], slope[:, 1], slope[:, 2] + slope[:, 3]], axis=1)

    place, loss = minimise(touching, np.array([*centre[:2], radius]), few.noise)
    place = np.array([*place, place[2]])
    apart, less = minimise(free, np.array([*centre, radius]), few.noise)
    if less < FREE * loss and apart[2] - apart[3] > -_BELOW:
        place = apart
    axes = np.full(3, place[3])
    return _solid('sphere', part, place[:3], 0.0, axes, 3 if place is not apart else 4)


def fit_ellipsoids(part: SeenPart, few: SeenPart, height: float) -> list[Primitive]:
    """
    Return the ellipsoid; none if no ellipsoid above the table is near the points.

    The depth of what is seen from one side is hardly known: a round one is preferred.

    :param part: all points.
    :param few: some of them, which the ellipsoid is fitted to.
    :param height: estimate of where the top is [m].
    """
    middle, radius = silhouette(few.points, few.eye)
    gaze = few.eye[:2] - middle
    fits = []
    for turned in (0.0, 0.25 * np.pi):
        yaw = float(np.arctan2(gaze[1], gaze[0])) + turned
        start = np.array([*middle, yaw, radius, radius, 0.5 * height])
        fits.append(minimise(_numeric(lambda p: _shells(few.points, p)), start, few.noise))
    place, loss = min(fits, key=lambda fit: fit[1])
    start = np.array([*place, abs(place[5])])
    apart, less = minimise(_numeric(lambda p: _shells(few.points, p)), start, few.noise)
    if less < FREE * loss and apart[6] - abs(apart[5]) > -_BELOW:
        place = apart
    axes = np.abs(place[3:6])
    centre = np.array([*place[:2], place[6] if place is apart else axes[2]])
    return _solid('ellipsoid', part, centre, float(place[2]), axes, len(place))


def _first_sphere(part: SeenPart) -> tuple[Array, float]:
    """Return the centre (3,) and radius of the sphere of least squares, reweighted."""
    middle = part.points.mean(axis=0)
    centred = part.points - middle
    rows = np.concatenate([2.0 * centred, np.ones((len(part), 1))], axis=1)
    weight = np.ones(len(part))
    for _ in range(6):
        heavy = rows * weight[:, None]
        *centre, rest = np.linalg.solve(
            heavy.T @ rows + 1e-12 * np.eye(4), heavy.T @ (centred**2).sum(axis=1))
        radius = float(np.sqrt(max(rest + np.dot(centre, centre), _SMALLEST**2)))
        off = np.linalg.norm(centred - centre, axis=1) - radius
        weight = 1.0 / (1.0 + (off / part.noise)**2)
    return middle + np.array(centre), radius


def _shells(points: Array, place: Array) -> Array:
    """
    Return the approximate distances (N + 1,) from an ellipsoid, and how far it is from round.

    :param place: x, y, yaw, three half axes, and the height of the centre unless it touches.
    """
    axes = np.maximum(np.abs(place[3:6]), _SMALLEST)
    centre = np.array([place[0], place[1], place[6] if len(place) > 6 else axes[2]])
    local = (points - centre) @ turn(place[2]) / axes
    level = np.linalg.norm(local, axis=1)
    steep = np.linalg.norm(local / axes, axis=1) + 1e-9
    return np.append(level * (level - 1.0) / steep, axes[0] - axes[1])


def _numeric(residual: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, Array]]:
    """Return a model with derivatives by differences."""
    def model(place: Array) -> tuple[Array, Array]:
        here = residual(place)
        columns = [(residual(place + step) - here) / _STEP for step in _STEP * np.eye(len(place))]
        return here, np.stack(columns, axis=1)
    return model


def _solid(
    kind: str, part: SeenPart, centre: Array, yaw: float, axes: Array, free: int
) -> list[Primitive]:
    if axes.min() < _SMALLEST or axes.max() > _LARGEST:
        return []
    mesh = trimesh.creation.icosphere(subdivisions=3)
    mesh.apply_scale(axes)
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = turn(yaw), centre
    mesh.apply_transform(frame)
    found = primitive(kind, mesh, part, free)
    return [] if found is None else [found]

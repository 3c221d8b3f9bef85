# SPDX-License-Identifier: Apache-2.0
"""Points on the faces of a mesh, so dense and even that no part of a hand fits between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import Points

SPACING = 0.005
"""Largest distance between neighbouring points on a face [m]."""
POINTS_MAX = 300_000
"""Largest number of points; more would be slow."""
NEAR = 0.4
"""Faces are used within this distance of the object, along each axis [m]: a hand's reach, and
enough of a table around it to find its plane."""


class Spread(NamedTuple):
    """Points on faces."""

    points: Points | None
    """(M, 3) [m]; None: no face has an area."""
    coarse: float | None
    """Distance between the points, if it had to be more than SPACING [m]."""


def spread_over_faces(triangles: NDArray[np.float64], near: Points | None = None) -> Spread:
    """
    Return points in rows on each of the triangles, its corners included.

    :param triangles: (F, 3, 3) [m]; those with a corner that is no number are left out
    :param near: (N, 3) points of the object, around which faces are cut off; None: all are used
    """
    triangles = triangles[np.isfinite(triangles).all(axis=(1, 2))]
    triangles = triangles[trimesh.triangles.area(triangles) > 0]
    if not len(triangles):
        return Spread(None, None)
    if near is not None:
        triangles = _cut(triangles, near)
        if not len(triangles):
            return Spread(np.zeros((0, 3)), None)
    spacing = SPACING
    while (count := _count(triangles, spacing)) > POINTS_MAX:
        spacing *= max(1.05, np.sqrt(count / POINTS_MAX))
    points = _rows_of_points(triangles, spacing)
    _, first = np.unique(np.round(points, 6), axis=0, return_index=True)
    return Spread(points[np.sort(first)], spacing if spacing > SPACING else None)


def _cut(triangles: NDArray[np.float64], near: Points) -> NDArray[np.float64]:
    """Return the parts of the triangles in a box around the object."""
    near = near[np.isfinite(near).all(axis=1)]
    lower, upper = near.min(axis=0) - NEAR, near.max(axis=0) + NEAR
    vertices, faces = triangles.reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3)
    for corner, sign in ((lower, 1.0), (upper, -1.0)):
        for axis in range(3):
            if len(faces):
                vertices, faces, _ = trimesh.intersections.slice_faces_plane(
                    vertices, faces, sign * np.eye(3)[axis], corner)
    cut: NDArray[np.float64] = np.asarray(vertices)[faces].reshape(-1, 3, 3)
    return cut[np.asarray(trimesh.triangles.area(cut)) > 0]


def _sides(triangles: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return start, end and apex (F, 3) of each triangle, the longest side first."""
    length = np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2)
    first = length.argmax(axis=1)
    corner = np.arange(len(triangles))
    return tuple(triangles[corner, (first + step) % 3] for step in range(3))


def _rows(triangles: NDArray[np.float64], spacing: float) -> tuple[
        NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return triangle, height (0 to 1) and number of steps of each row of points."""
    start, end, _ = _sides(triangles)
    base = np.linalg.norm(end - start, axis=1)
    height = 2 * trimesh.triangles.area(triangles) / base
    rows = np.ceil(height / spacing).astype(np.int64)
    owner = np.repeat(np.arange(len(triangles)), rows + 1)
    share = _ramp(rows) / np.maximum(rows[owner], 1)
    return owner, share, np.ceil(base[owner] * (1 - share) / spacing).astype(np.int64)


def _count(triangles: NDArray[np.float64], spacing: float) -> int:
    start, end, _ = _sides(triangles)
    base = np.linalg.norm(end - start, axis=1)
    height = 2 * trimesh.triangles.area(triangles) / base
    # Half of the rectangle around each, and both of its sides.
    across, along = height / spacing + 1, base / spacing + 1
    return int((0.5 * across * along + across).sum())


def _rows_of_points(triangles: NDArray[np.float64], spacing: float) -> Points:
    start, end, apex = _sides(triangles)
    owner, share, steps = _rows(triangles, spacing)
    left = start[owner] + share[:, None] * (apex - start)[owner]
    right = end[owner] + share[:, None] * (apex - end)[owner]
    row = np.repeat(np.arange(len(owner)), steps + 1)
    along = _ramp(steps) / np.maximum(steps[row], 1)
    points: Points = left[row] + along[:, None] * (right - left)[row]
    return points


def _ramp(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 to n for each of the counts n, one after the other."""
    size = counts + 1
    return np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)

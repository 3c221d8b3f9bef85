# SPDX-License-Identifier: Apache-2.0
"""Points spread evenly over a surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import trimesh

DENSITY = 4
"""Points drawn for each one that is kept, so that no region is missed."""


def spread_points(
    mesh: trimesh.Trimesh, count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (P, 3) spread over a mesh, in farthest-point order, and their normals."""
    points, faces = trimesh.sample.sample_surface(mesh, DENSITY * count, seed=seed)
    order = farthest_points(np.asarray(points), count, first=0)
    return np.asarray(points)[order], np.asarray(mesh.face_normals)[faces[order]]


def farthest_points(
    points: NDArray[np.float64], count: int, separation: float = 0.0, first: int | None = None
) -> NDArray[np.int64]:
    """
    Return indices of up to ``count`` points, each the farthest from all points before it.

    :param separation: smallest allowed distance to the points before it [m]
    :param first: index of the first point; None: the highest point
    """
    chosen = [int(np.argmax(points[:, 2])) if first is None else first]
    x, y, z = np.ascontiguousarray(points.T)
    square = np.full(len(points), np.inf)
    while True:
        here = points[chosen[-1]]
        np.minimum(square, (x - here[0])**2 + (y - here[1])**2 + (z - here[2])**2, out=square)
        farthest = int(square.argmax())
        if len(chosen) >= count or square[farthest] <= separation**2:
            return np.array(chosen)
        chosen.append(farthest)

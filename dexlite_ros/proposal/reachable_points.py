# SPDX-License-Identifier: Apache-2.0
"""
The choice of associated points on a new object, of which only the surface is known.

Points are spread evenly over the surface, in farthest-point order, so that the first n are spread
evenly for any n and no side is preferred. Only points with room for a palm in front of them are
used; the inside of a cup and the slot between two bodies have none. Letters: P points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.sampling import cast_rays

ROOM = 0.08
"""Free distance along the normal in front of a reachable point [m]: room for a bent hand."""
OFF = 1e-4
"""Offset from the surface at which this distance begins [m]."""


def reachable(
    mesh: trimesh.Trimesh, points: NDArray[np.float64], normals: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return indices of the points with room in front of them, in order; all if none has room."""
    free = cast_rays(mesh, points + OFF * normals, normals) > ROOM
    return np.flatnonzero(free) if free.any() else np.arange(len(points))

"""
The points of an object that grasps are asked for when nothing is known of it but its surface.

The rule: points spread evenly over the surface, in an order in which every first part of them is
spread evenly, too, so no side is asked for more often than another; and of them only those in
front of which a palm has room. The inside of a cup, or the slot between two bodies, has none.
Letters: P points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.sampling import cast_rays

ROOM = 0.08
"""Free way along the normal in front of a reachable point [m]: room for a bent hand."""
OFF = 1e-4
"""How far from the surface the way begins [m]."""


def reachable(
    mesh: trimesh.Trimesh, points: NDArray[np.float64], normals: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return indices of the points with room in front of them, in their order; all if none has."""
    free = cast_rays(mesh, points + OFF * normals, normals) > ROOM
    return np.flatnonzero(free) if free.any() else np.arange(len(points))

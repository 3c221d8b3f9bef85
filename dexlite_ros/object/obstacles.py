"""The scene around an object as one distance field: what the hand must not touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.support import Plane

REACH = 0.25
"""How far from the object the hand can be [m]."""
NODES_PER_AXIS = 100


def obstacle_field(
    obstacles: NDArray[np.floating],
    object_points: NDArray[np.floating],
    support: Plane | None = None,
) -> DistanceField:
    """
    Return the distance to the obstacles within the hand's reach of the object [m].

    A cloud has no inside, so the distance to its points is never negative; only below the
    support plane it is, and there a hand is pushed up.

    :param obstacles: (M, 3) points of the scene without the object [m]
    :param object_points: (N, 3) [m]
    :param support: plane that the object stands on
    """
    lower, upper = object_points.min(0) - REACH, object_points.max(0) + REACH
    spacing = float((upper - lower).max()) / NODES_PER_AXIS
    shape = np.ceil((upper - lower) / spacing).astype(int) + 1
    axes = [lower[i] + spacing * np.arange(shape[i]) for i in range(3)]
    nodes = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)
    values = np.full(tuple(shape), REACH)
    cells = np.rint((obstacles - lower) / spacing).astype(int)
    held = ((cells >= 0) & (cells < shape)).all(1)
    if held.any():
        # The nearest occupied node leads to the point in it, which gives the exact distance.
        owner = np.full(tuple(shape), -1)
        owner[tuple(cells[held].T)] = np.flatnonzero(held)
        _, nearest = ndimage.distance_transform_edt(owner < 0, return_indices=True)
        values = np.linalg.norm(nodes - obstacles[owner[tuple(nearest)]], axis=-1)
    if support is not None:
        values = np.minimum(values, support.height(nodes.reshape(-1, 3)).reshape(shape))
    return DistanceField(values, lower, spacing)

# SPDX-License-Identifier: Apache-2.0
"""Obstacles around an object, which the hand must not touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
import torch
from torch import Tensor

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.support import Plane

REACH = 0.25
"""Largest distance of a grasping hand's parts from the object [m]."""
NODES_PER_AXIS = 100
ON_OBJECT = 0.004
"""An obstacle point closer to the object's surface than this is one of the object's [m]."""


@dataclass(frozen=True)
class Obstacles:
    """Points and a support plane: as a distance field for planning, and for exact measurement."""

    points: NDArray[np.floating]
    """(M, 3) [m]; may be empty."""
    support: Plane | None
    field: DistanceField

    @classmethod
    def around(
        cls,
        points: NDArray[np.floating],
        object_points: NDArray[np.floating],
        support: Plane | None = None,
    ) -> Obstacles:
        """Return the obstacles (M, 3) within the hand's reach of an object (N, 3) [m]."""
        return cls(points, support, obstacle_field(points, object_points, support))

    def to(self, device: torch.device | str) -> Obstacles:
        """Move the field."""
        return Obstacles(self.points, self.support, self.field.to(device))

    def clearance(self, centres: Tensor, radius: Tensor) -> Tensor:
        """
        Return the exact distance (B,) of hands to the nearest point and to the plane [m].

        The field is too coarse for this: between its nodes it is off by millimetres.

        :param centres: (B, P, 3) of the hand's spheres [m]
        :param radius: (P,) [m]
        """
        places = centres.detach().cpu().double().numpy()
        distance = np.full(places.shape[:2], np.inf)
        if len(self.points):
            distance = cKDTree(self.points).query(places)[0]
        if self.support is not None:
            height = self.support.height(places.reshape(-1, 3)).reshape(distance.shape)
            distance = np.minimum(distance, height)
        return (torch.from_numpy(distance).to(centres) - radius).amin(1)


def apart_from_object(
    points: Points, field: DistanceField, support: Plane | None
) -> NDArray[np.bool_]:
    """
    Return a mask (M,) of the obstacles that are not on or in the object itself.

    Points of the support are kept where they touch the object.

    :param points: (M, 3) [m]
    :param field: distance to the object's surface
    :param support: plane that the object stands on
    """
    if not len(points):
        return np.zeros(0, bool)
    apart = field.value(torch.from_numpy(points).float()).numpy() > ON_OBJECT
    if support is not None:
        apart |= np.abs(support.height(points)) < ON_OBJECT
    return apart


def obstacle_field(
    obstacles: NDArray[np.floating],
    object_points: NDArray[np.floating],
    support: Plane | None = None,
) -> DistanceField:
    """
    Return the distance to the obstacles within the hand's reach of the object [m].

    A cloud has no interior, so distances to its points are unsigned. Half a node spacing is
    subtracted, so that no obstacle is missed between nodes. Below the support plane distances are
    negative.

    :param obstacles: (M, 3) points of the scene without the object [m]
    :param object_points: (N, 3) [m]
    :param support: plane that the object stands on
    """
    lower, upper = object_points.min(0) - REACH, object_points.max(0) + REACH
    spacing = float((upper - lower).max()) / NODES_PER_AXIS
    shape = np.ceil((upper - lower) / spacing).astype(int) + 1
    axes = [(np.arange(shape[i]) * spacing).astype(np.float32) for i in range(3)]
    x, y, z = np.meshgrid(*axes, indexing='ij', sparse=True)  # from the first node
    values = np.full(tuple(shape), REACH, np.float32)
    cells = np.rint((obstacles - lower) / spacing).astype(int)
    held = ((cells >= 0) & (cells < shape)).all(1)
    if held.any():
        # Map the nearest occupied node to a point near that node.
        owner = np.full(tuple(shape), -1, np.int32)
        owner[tuple(cells[held].T)] = np.flatnonzero(held)
        nearest = ndimage.distance_transform_edt(
            owner < 0, return_distances=False, return_indices=True)
        which = owner[tuple(nearest)]
        local = (obstacles - lower).T.astype(np.float32)
        square = sum(np.square(along - each[which]) for along, each in zip((x, y, z), local))
        values = np.sqrt(square) - np.float32(spacing / 2)
    if support is not None:
        up = support.normal.astype(np.float32)
        above = np.float32(support.height(lower))
        values = np.minimum(values, up[0] * x + up[1] * y + (up[2] * z + above))
    return DistanceField(values, lower, spacing, normals=False)

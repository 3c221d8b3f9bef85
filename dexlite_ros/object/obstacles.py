# SPDX-License-Identifier: Apache-2.0
"""
Obstacles around an object, which the hand must not touch.

The support is a plane through many points, and so known better than single points: the hand may
come nearer to it. Fingers that lift a thing of two centimetres need that.
"""

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
from dexlite_ros.object.support import Plane, plane_noise

REACH = 0.25
"""Largest distance of a grasping hand's parts from the object [m]."""
NODES_PER_AXIS = 100
SUPPORT_SLACK = 0.003
"""How much nearer the hand usually may come to the support than to other obstacles [m]."""
ON_SUPPORT = 0.005
"""A point nearer to the support than this is one of the support's [m], whatever its noise."""
ON_OBJECT = 0.004
"""An obstacle point closer to the object's surface than this is one of the object's [m]."""


@dataclass(frozen=True)
class Obstacles:
    """Points and a support plane: as a distance field for planning, and for exact measurement."""

    points: NDArray[np.floating]
    """(M, 3) not of the support [m]; may be empty."""
    support: Plane | None
    field: DistanceField
    """Distance to the points, and to a plane a little below the support [m]."""

    @classmethod
    def around(
        cls,
        points: NDArray[np.floating],
        object_points: NDArray[np.floating],
        support: Plane | None = None,
        slack: float = SUPPORT_SLACK,
    ) -> Obstacles:
        """
        Return the obstacles (M, 3) within the hand's reach of an object (N, 3) [m].

        :param slack: depth of the field's plane below the support [m]
        """
        return cls(points, support, obstacle_field(points, object_points, support, slack))

    def to(self, device: torch.device | str) -> Obstacles:
        """Move the field."""
        return Obstacles(self.points, self.support, self.field.to(device))

    def clearance(self, centres: Tensor, radius: Tensor) -> Tensor:
        """
        Return the exact distance (B,) of hands to the nearest point [m]; NaN without points.

        The field is too coarse for this: between its nodes it is off by millimetres.

        :param centres: (B, P, 3) of the hand's spheres [m]
        :param radius: (P,) [m]
        """
        if not len(self.points):
            return centres.new_full(centres.shape[:1], torch.nan)
        distance = cKDTree(self.points).query(centres.detach().cpu().double().numpy())[0]
        return (torch.from_numpy(distance).to(centres) - radius).amin(1)

    def support_clearance(self, centres: Tensor, radius: Tensor) -> Tensor:
        """
        Return the height (B,) of hands above the support [m]; NaN without a support.

        :param centres, radius: as for ``clearance``
        """
        if self.support is None:
            return centres.new_full(centres.shape[:1], torch.nan)
        up = torch.from_numpy(self.support.normal).to(centres)
        return (centres @ up - self.support.offset - radius).amin(1)


def of_support(points: Points, support: Plane | None) -> NDArray[np.bool_]:
    """Return a mask (M,) of the points (M, 3) that are of the support, or below it [m]."""
    if support is None:
        return np.zeros(len(points), bool)
    tolerance = max(ON_SUPPORT, 3 * plane_noise(points, support))
    return support.height(points) < tolerance


def apart_from_object(points: Points, field: DistanceField) -> NDArray[np.bool_]:
    """
    Return a mask (M,) of the obstacles that are not on or in the object itself.

    :param points: (M, 3) [m]
    :param field: distance to the object's surface
    """
    if not len(points):
        return np.zeros(0, bool)
    distance: NDArray[np.floating] = field.value(torch.from_numpy(points).float()).numpy()
    return distance > ON_OBJECT


def obstacle_field(
    obstacles: NDArray[np.floating],
    object_points: NDArray[np.floating],
    support: Plane | None = None,
    slack: float = SUPPORT_SLACK,
) -> DistanceField:
    """
    Return the distance to the obstacles within the hand's reach of the object [m].

    A cloud has no interior, so distances to its points are unsigned. Half a node spacing is
    subtracted, so that no obstacle is missed between nodes. Distances to the support are those to
    a plane ``slack`` below it, and negative below that.

    :param obstacles: (M, 3) points of the scene without the object [m]
    :param object_points: (N, 3) [m]
    :param support: plane that the object stands on
    :param slack: [m]
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
        above = np.float32(support.height(lower) + slack)
        values = np.minimum(values, up[0] * x + up[1] * y + (up[2] * z + above))
    return DistanceField(values, lower, spacing, normals=False)

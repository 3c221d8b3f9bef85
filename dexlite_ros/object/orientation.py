"""
Which way is out: normals of a cloud, signed by rolling a ball around it.

A ball larger than the gaps between points cannot enter the object; where its surface can come is
outside. Orientation, not fitting, is what decides about the quality of a closed surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import Points


@dataclass(frozen=True)
class FreeSpace:
    """Distance to the space that a ball can sweep from outside, on a grid around a cloud."""

    distance: NDArray[np.float64]
    """(X, Y, Z) distance to the nearest place a ball's centre can reach [m], 0 inside it."""
    origin: Points
    """(3,) position of node (0, 0, 0) [m]."""
    step: float
    """Distance of neighbouring nodes [m]."""

    def at(self, points: Points) -> NDArray[np.float64]:
        """Return the distance (N,) [m] at ``points`` (N, 3) by linear interpolation."""
        index = (points - self.origin) / self.step
        return ndimage.map_coordinates(self.distance, index.T, order=1, mode='nearest')


def roll_ball(points: Points, radius: float, step: float) -> FreeSpace:
    """
    Roll a ball around ``points`` and return the space its centre can reach.

    :param points: (N, 3) [m].
    :param radius: of the ball [m], above the spacing of the points.
    :param step: of the grid [m].
    """
    origin = points.min(axis=0) - radius - 3.0 * step
    shape = np.ceil((points.max(axis=0) + radius + 3.0 * step - origin) / step).astype(int) + 1
    empty = np.ones(shape, dtype=bool)
    empty[tuple(np.rint((points - origin) / step).astype(int).T)] = False
    clear = ndimage.distance_transform_edt(empty, sampling=step) > radius
    label, _ = ndimage.label(clear)
    reached = label == label[0, 0, 0]
    return FreeSpace(ndimage.distance_transform_edt(~reached, sampling=step), origin, step)


def estimate_normals(
    points: Points,
    neighbours: int,
) -> tuple[Points, NDArray[np.float64]]:
    """
    Fit a plane to the neighbourhood of every point.

    :param points: (N, 3) [m].
    :param neighbours: points per plane, the point itself included.
    :return: unit normals (N, 3) of arbitrary sign, and the offset (N,) [m] of each point from
        the mean of its neighbourhood along its normal.
    """
    _, index = cKDTree(points).query(points, k=min(neighbours, len(points)), workers=-1)
    near = points[index]  # (N, k, 3)
    mean = near.mean(axis=1)
    near = near - mean[:, None]
    _, axes = np.linalg.eigh(np.einsum('nki,nkj->nij', near, near))
    normals = axes[:, :, 0]
    return normals, np.einsum('ni,ni->n', points - mean, normals)


def orient_normals(points: Points, normals: Points, spacing: float) -> Points:
    """
    Flip ``normals`` so that they point to where a ball of twice the spacing can roll.

    :param points: (N, 3) [m].
    :param normals: (N, 3) unit, of arbitrary sign.
    :param spacing: mean distance of neighbouring points [m].
    """
    free = roll_ball(points, 2.0 * spacing, 0.6 * spacing)
    ahead = free.at(points + spacing * normals)
    behind = free.at(points - spacing * normals)
    return np.where((ahead > behind)[:, None], -normals, normals)

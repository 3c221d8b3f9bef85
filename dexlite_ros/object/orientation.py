# SPDX-License-Identifier: Apache-2.0
"""
Outward normals of a cloud, oriented by rolling a ball around it.

A ball larger than the gaps between points cannot enter the object, so the space that its centre
can reach is outside. The quality of a closed surface depends more on correct orientation than on
the fit. N is the number of points, k of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import Points

# If the distances to free space on both sides of a point differ by less than this, relative to the
# probed length, the point may lie in a wall thinner than the ball.
_UNDECIDED = 0.5


@dataclass(frozen=True)
class FreeSpace:
    """Distance to the space that a ball's centre can reach from outside, on a grid."""

    distance: NDArray[np.float64]
    """(X, Y, Z) distance to the nearest point the ball's centre can reach [m]; 0 if reachable."""
    origin: Points
    """(3,) position of node (0, 0, 0) [m]."""
    step: float
    """Distance between neighbouring nodes [m]."""

    def at(self, points: Points) -> NDArray[np.float64]:
        """Return the distance (N,) [m] at ``points`` (N, 3) by linear interpolation."""
        index = (points - self.origin) / self.step
        distance: NDArray[np.float64] = ndimage.map_coordinates(
            self.distance, index.T, order=1, mode='nearest')
        return distance


def roll_ball(points: Points, radius: float, step: float) -> FreeSpace:
    """
    Roll a ball around ``points`` and return the space its centre can reach.

    :param points: (N, 3) [m].
    :param radius: radius of the ball [m], larger than the spacing of the points.
    :param step: spacing of the grid [m].
    """
    origin = points.min(axis=0) - radius - 3.0 * step
    shape = np.ceil((points.max(axis=0) + radius + 3.0 * step - origin) / step).astype(int) + 1
    empty = np.ones(shape, dtype=bool)
    empty[tuple(np.rint((points - origin) / step).astype(int).T)] = False
    clear = ndimage.distance_transform_edt(empty, sampling=step) > radius
    label, _ = ndimage.label(clear)
    reached = label == label[0, 0, 0]
    return FreeSpace(ndimage.distance_transform_edt(~reached, sampling=step), origin, step)


def local_planes(
    points: Points,
    index: NDArray[np.integer],
    weight: NDArray[np.float64] | None = None,
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]]:
    """
    Fit a plane to the neighbourhood of every point.

    :param points: (N, 3) [m].
    :param index: (N, k) neighbours of every point.
    :param weight: (N, k) weights of the neighbours; None: equal weights.
    :return: unit normals (N, 3) of arbitrary sign; offset (N,) [m] of each point from its plane;
        root mean square distance (N,) [m] of its neighbours from the plane.
    """
    weight = np.ones(index.shape) if weight is None else weight
    total = weight.sum(axis=1)
    share = weight / total[:, None]
    near = points[index]  # (N, k, 3)
    mean = np.einsum('nk,nki->ni', share, near)
    near = near - mean[:, None]
    square, axes = np.linalg.eigh(np.swapaxes(near * share[..., None], 1, 2) @ near)
    normals = axes[:, :, 0]
    freedom = total / np.maximum(total - 3.0, 1.0)  # a plane takes 3 degrees
    rms = np.sqrt(np.maximum(square[:, 0], 0.0) * freedom)
    return normals, np.einsum('ni,ni->n', points - mean, normals), rms


def estimate_noise(points: Points, neighbours: int = 12) -> float:
    """
    Return the typical distance of points from the planes through their neighbours [m].

    :param points: (N, 3) [m].
    :param neighbours: points per plane.
    """
    _, index = cKDTree(points).query(points, k=min(neighbours, len(points)))
    return float(np.median(local_planes(points, index)[2]))


def outward_normals(
    points: Points,
    spacing: float,
    noise: float,
    neighbours: int,
) -> tuple[Points, Points]:
    """
    Return the points that a ball can reach, and their outward normals.

    The radius of the ball is twice the spacing. In a wall thinner than the ball, both sides of a
    point are free; there, a point in front of its neighbours' mean belongs to the front layer.
    Planes are then refitted to neighbours on the same side of the wall only.

    :param points: (N, 3) all around an object [m].
    :param spacing: mean distance of neighbouring points [m].
    :param noise: distance of points from their planes [m].
    :param neighbours: points per plane.
    :return: points (M, 3) [m] and unit normals (M, 3), M <= N: points too deep inside are dropped.
    """
    free = roll_ball(points, 2.0 * spacing, 0.6 * spacing)
    points = points[free.at(points) < 3.0 * (spacing + noise)]
    _, index = cKDTree(points).query(points, k=min(2 * neighbours, len(points)))
    normals, offset, _ = local_planes(points, index[:, :neighbours])
    lead = points - points[index[:, :neighbours]].mean(axis=1)
    for _ in range(2):
        ahead, behind = free.at(points + spacing * normals), free.at(points - spacing * normals)
        side = (behind - ahead) / (2.0 * spacing)
        undecided = np.abs(side) < _UNDECIDED
        side += undecided * 0.5 * np.clip(2.0 * offset / spacing, -1.0, 1.0)
        normals = np.where((side < 0)[:, None], -normals, normals)
        normals = _same_side_normals(points, normals, index, neighbours)
        offset = np.einsum('ni,ni->n', lead, normals)
    return points, normals


def facing_normals(points: Points, eye: Points, neighbours: int) -> Points:
    """
    Return normals (N, 3) that face the camera at ``eye``.

    :param points: (N, 3) seen from there [m].
    :param eye: (3,) [m].
    :param neighbours: points per plane.
    """
    _, index = cKDTree(points).query(points, k=min(neighbours, len(points)))
    normals, _, _ = local_planes(points, index)
    away = np.einsum('ni,ni->n', normals, points - eye) > 0
    return np.where(away[:, None], -normals, normals)


def _same_side_normals(
    points: Points,
    normals: Points,
    index: NDArray[np.integer],
    neighbours: int,
) -> Points:
    """Fit planes to the nearest neighbours whose normals agree, keeping the normals' signs."""
    same = np.einsum('ni,nki->nk', normals, normals[index]) > 0.0
    same &= np.cumsum(same, axis=1) <= neighbours
    refined, _, _ = local_planes(points, index, np.maximum(same, 1e-9))
    sign = np.sign(np.einsum('ni,ni->n', refined, normals))
    enough = same.sum(axis=1) >= 6
    return np.where(enough[:, None], refined * sign[:, None], normals)

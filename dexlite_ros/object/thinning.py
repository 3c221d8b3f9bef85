# SPDX-License-Identifier: Apache-2.0
"""
Thinning of clouds to an even density, so that no camera and no frame counts more than another.

N is the number of points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.cloud import PointCloud, Points

FINEST = 1.0 / 120.0
"""Points closer than this share of the cloud's extent count as repeated measurements."""


def thin(cloud: PointCloud, count: int, seed: int, finest: float = FINEST) -> PointCloud:
    """
    Keep at most ``count`` evenly spread points: per cell of a grid, the one nearest to its mean.

    The cells are the largest that leave at least ``count`` points, the surplus of which is dropped
    at random, but never smaller than ``finest``: several frames of one scene become one.

    :param cloud: finite points.
    :param count: number of points to keep at most.
    :param seed: of the random choice.
    :param finest: smallest side of a cell, as a share of the cloud's extent.
    """
    extent = _extent(cloud.points)
    if len(cloud) < 2 or extent <= 0.0:
        return cloud
    low, high = finest * extent, extent
    for shift in (0.0, 1.0 / 3.0, 2.0 / 3.0):  # for points on both sides of a cell's face
        cloud = cloud[_one_per_cube(cloud.points, low, shift)]
    if len(cloud) <= count:
        return cloud
    centred = cloud.points - np.median(cloud.points, axis=0)
    for _ in range(12):
        side = 0.5 * (low + high)
        if len(np.unique(cubes(centred, side))) >= count:
            low = side
        else:
            high = side
    if low > finest * extent:
        cloud = cloud[_one_per_cube(cloud.points, low)]
    chosen = np.random.default_rng(seed).choice(len(cloud), count, replace=False)
    return cloud[np.sort(chosen)]


def thinned(points: Points, voxel: float) -> tuple[Points, NDArray[np.int64]]:
    """
    Return one of the points in each cube that has some (V, 3), and the cube (N,) of each point.

    :param points: (N, 3) finite [m]
    :param voxel: side of the cubes [m]
    """
    if not len(points):
        return points, np.zeros(0, np.int64)
    low = [column.min() for column in points.T]  # much faster than along an axis of three
    _, first, member = np.unique(
        cubes(points - low, voxel), return_index=True, return_inverse=True)
    return points[first], member


def at_most(points: Points, count: int, side: float) -> Points:
    """
    Return points (M, 3), evenly thinned where there are more than ``count``.

    :param points: (N, 3) finite [m]
    :param side: of the cubes that are tried first, of which each keeps one point [m]
    """
    while len(points) > count:
        points, _ = thinned(points, side)
        side *= max(1.05, float(np.sqrt(len(points) / count)))
    return points


def first_of_equal(points: Points) -> NDArray[np.bool_]:
    """Return a mask (N,) with the first of every set of equal points (N, 3)."""
    order = np.lexsort(points.T)  # stable
    in_order = points[order]
    first = np.ones(len(points), bool)
    first[order[1:]] = (in_order[1:] != in_order[:-1]).any(axis=1)
    return first


def _extent(points: Points) -> float:
    """Return the longest side of the box of all but the outermost points [m]."""
    low, high = np.quantile(points, (0.02, 0.98), axis=0)
    return float((high - low).max())


def _one_per_cube(points: Points, side: float, shift: float = 0.0) -> NDArray[np.integer]:
    """
    Return, for each cube of this side, the index of the point nearest to its mean point.

    :param shift: of the grid of cubes [sides].
    """
    _, group, size = np.unique(
        cubes(points - np.median(points, axis=0), side, shift),
        return_inverse=True, return_counts=True)
    mean = np.stack([np.bincount(group, points[:, i]) / size for i in range(3)], axis=1)
    off = np.linalg.norm(points - mean[group], axis=1)
    nearest: NDArray[np.integer] = np.lexsort((off, group))[np.cumsum(size) - size]
    return np.sort(nearest)


def cubes(centred: Points, side: float, shift: float = 0.0) -> NDArray[np.int64]:
    """
    Return a number (N,) for the cube that each point is in.

    :param centred: (N, 3) within 2^20 cubes of the origin [m].
    :param side: of the cubes [m].
    :param shift: of their grid [sides].
    """
    cell = np.floor(centred / side + shift)
    x, y, z = (np.clip(cell, -(2**20), 2**20 - 1).astype(np.int64) + 2**20).T
    number: NDArray[np.int64] = (x << 42) | (y << 21) | z
    return number

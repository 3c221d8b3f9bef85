# SPDX-License-Identifier: Apache-2.0
"""The viewpoint of a cloud: given by the caller, assumed, or estimated from the points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, PointCloud, Points
from dexlite_ros.object.depth_view import camera_axes

SENSOR_DISTANCE = 0.02
"""A frame's origin closer to the object's bounding box than this cannot be the sensor [m]."""


def seen_from(cloud: PointCloud, viewpoint: Points | None) -> PointCloud:
    """
    Return a cloud with the position of its sensor, as used by the command line and the node.

    Without a given viewpoint, the cloud's own is kept. If it has none, the sensor is assumed to be
    at the origin, as in a camera's own frame. If the origin lies inside or close to the object,
    the cloud is not in a sensor's frame and the viewpoint stays unknown.

    :param viewpoint: (3,) in the cloud's frame [m]; None: not given
    """
    if viewpoint is not None:
        return replace(cloud, viewpoint=viewpoint)
    points = cloud.points[np.isfinite(cloud.points).all(axis=1)]
    if cloud.viewpoint is not None or not len(points):
        return cloud
    outside = np.maximum(points.min(axis=0), -points.max(axis=0)).max()
    return replace(cloud, viewpoint=np.zeros(3) if outside > SENSOR_DISTANCE else None)


def find_eye(points: Points, viewpoint: Points | None) -> Points | None:
    """
    Return the viewpoint of a one-sided cloud; None for a cloud from all around.

    A viewpoint inside the bounding sphere is implausible and treated as unknown. If it is unknown,
    the origin is tried first, as in a camera's own frame, and then all directions. Nearly no point
    may be hidden from the viewpoint. This also holds for thin walls measured on both sides, but
    these are layered.

    :param points: (N, 3) [m].
    :param viewpoint: (3,) position of the sensor [m]; None: unknown.
    """
    centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    if viewpoint is not None and np.linalg.norm(viewpoint - centre) > 1.05 * radius:
        return viewpoint if _hidden_from(points, viewpoint - centre) < 0.25 else None
    if is_layered(points):
        return None
    if np.linalg.norm(centre) > 1.5 * radius and _hidden_from(points, -centre) < 0.06:
        return np.zeros(3)
    directions = sphere_directions(200)
    directions = directions[hidden_share(points, directions) < 0.06]
    if len(directions) == 0:
        return None
    # No point of a shell is hidden from its hollow side either. From the true viewpoint the middle
    # of the shell is nearer than its rim, so depth grows with the distance from the axis.
    local = points - points.mean(axis=0)
    depth = -local @ directions.T  # (N, D)
    aside = np.einsum('ni,ni->n', local, local)[:, None] - depth**2
    bulge = np.mean((depth - depth.mean(axis=0)) * (aside - aside.mean(axis=0)), axis=0)
    eye: Points = centre + 6.0 * radius * directions[bulge.argmax()]
    return eye


def is_layered(points: Points) -> bool:
    """
    Return whether most neighbourhoods contain two layers, as thin walls measured on both sides do.

    The distances of neighbours from their common plane are then bimodal, with a kurtosis near 1,
    whereas noise has a kurtosis of 3.

    :param points: (N, 3) [m].
    """
    _, index = cKDTree(points).query(points, k=min(16, len(points)), workers=-1)
    near = points[index] - points[index].mean(axis=1, keepdims=True)
    square, axes = np.linalg.eigh(np.swapaxes(near, 1, 2) @ near)
    off = np.einsum('nki,ni->nk', near, axes[:, :, 0])
    rough = square[:, 0] >= max(float(np.quantile(square[:, 0], 0.3)), (1e-4) ** 2)
    if rough.mean() < 0.5:
        return False
    off = off[rough]
    kurtosis = np.mean(off**4, axis=1) / np.mean(off**2, axis=1) ** 2
    return bool(np.median(kurtosis) < 2.15)


def _hidden_from(points: Points, direction: Points) -> float:
    return float(hidden_share(points, direction[None] / np.linalg.norm(direction))[0])


def hidden_share(points: Points, directions: Points) -> NDArray[np.float64]:
    """
    Return the share (D,) of ``points`` that lie well behind others, seen from far away.

    It is near 0 for the direction a camera measured them from, and about one half for points all
    around an object.

    :param points: (N, 3) [m].
    :param directions: (D, 3) unit, towards the eye.
    """
    spacing = mean_spacing(points)
    local = points - points.min(axis=0)
    shares = []
    for direction in directions:
        right, down, forward = camera_axes(-direction)
        depth = local @ forward
        pixel = np.stack([local @ right, local @ down], axis=1) / (1.5 * spacing)
        pixel = np.rint(pixel - pixel.min(axis=0)).astype(int)
        front = np.full(pixel.max(axis=0) + 1, np.inf)
        np.minimum.at(front, tuple(pixel.T), depth)
        shares.append(np.mean(depth - front[tuple(pixel.T)] > 4.0 * spacing))
    return np.array(shares)


def sphere_directions(count: int) -> Points:
    """Return ``count`` unit vectors (count, 3) spread evenly (Fibonacci lattice)."""
    z = (2.0 * np.arange(count) + 1.0) / count - 1.0
    angle = np.pi * (1.0 + np.sqrt(5.0)) * np.arange(count)
    radius = np.sqrt(1.0 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)

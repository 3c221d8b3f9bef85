# SPDX-License-Identifier: Apache-2.0
"""The plane an object stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import Points
from dexlite_ros.open3d_core import open3d_core

_ON_PLANE = 0.012
"""Height up to which points may be on a plane [m]."""
_TRIES = 4
"""Number of planes that are looked at for a support."""
_ENOUGH = 200
"""Number of points that tell the noise on a plane."""


@dataclass(frozen=True)
class Plane:
    """The plane of points p with normal . p = offset."""

    normal: Points
    """(3,) unit, upwards: from the support into the object."""
    offset: float
    """Signed distance of the plane from the origin, along the normal [m]."""

    def __post_init__(self) -> None:
        normal = np.asarray(self.normal, dtype=np.float64)
        if normal.shape != (3,) or not 1e-9 < np.linalg.norm(normal) < np.inf:
            raise InvalidRequest('normal', self.normal, 'a non-zero vector (3,)')
        length = float(np.linalg.norm(normal))
        object.__setattr__(self, 'normal', normal / length)
        object.__setattr__(self, 'offset', float(self.offset) / length)

    def height(self, points: Points) -> Points:
        """Return the signed distance (N,) of ``points`` (N, 3) above the plane [m]."""
        return points @ self.normal - self.offset

    def flipped(self) -> Plane:
        """Return the same plane with the other side up."""
        return Plane(-self.normal, -self.offset)

    def moved(self, shift: Points) -> Plane:
        """Return the plane after a translation (3,) [m]."""
        return Plane(self.normal, self.offset + float(self.normal @ shift))

    def project(self, points: Points) -> Points:
        """Return the orthogonal projections (N, 3) of ``points`` (N, 3) on the plane [m]."""
        return points - self.height(points)[:, None] * self.normal


def segment_plane(
    points: Points, tolerance: float, rounds: int = 500
) -> tuple[Plane, NDArray[np.integer]] | None:
    """
    Return the plane through most of ``points``, and which they are (I,); None if they have none.

    Found by RANSAC (Fischler and Bolles 1981), then fitted to its inliers. Which side is up is
    arbitrary. The same points give the same plane.

    :param points: (N, 3) [m].
    :param tolerance: largest distance of an inlier [m].
    :param rounds: number of planes through three random points that are tried.
    """
    if len(points) < 3:
        return None
    open3d = open3d_core()
    open3d.utility.random.seed(0)
    shape = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    _, index = shape.segment_plane(tolerance, 3, rounds)
    if len(index) < 3:
        return None
    flat = points[index]
    centre = flat.mean(axis=0)
    normal = np.linalg.svd(flat - centre, full_matrices=False)[2][2]
    return Plane(normal, float(normal @ centre)), np.asarray(index)


def fit_support(
    obstacles: Points,
    points: Points,
    tolerance: float = 0.006,
    gap: float = 0.03,
    overhang: float = 0.08,
) -> Plane | None:
    """
    Find the plane in ``obstacles`` that an object stands on, if there is one.

    The largest plane is accepted that contains at least a fifth of the obstacle points near the
    object, if the object lies above it, by no more than ``gap``. A few are looked at: the largest
    may be a side of something that stands beside the object. If none is that near, the object is
    taken to stand on the largest up to ``overhang`` below: from above, a thing that is wider at
    its top hides its own foot, and a neighbour may hide it as well.

    :param obstacles: (M, 3) points of the scene without the object [m].
    :param points: (N, 3) on the object, without stray ones [m].
    :param tolerance: thickness of the plane [m].
    :param gap: distance of the object's lowest points above the plane that is usual [m].
    :param overhang: largest such distance [m].
    """
    if not len(points):
        return None
    middle = points.mean(axis=0)
    reach = 1.5 * float(np.linalg.norm(points - middle, axis=1).max()) + 0.1
    near = obstacles[np.linalg.norm(obstacles - middle, axis=1) < reach]
    if len(near) < 30:
        return None
    left, farther = near, None
    for _ in range(_TRIES):
        found = segment_plane(left, tolerance)
        if found is None or len(found[1]) < 0.2 * len(near):
            break
        plane = found[0] if found[0].height(middle) >= 0 else found[0].flipped()
        low = float(np.quantile(plane.height(points), 0.02))
        if -0.02 < low < gap:
            return plane
        if farther is None and gap <= low < overhang:
            farther = plane
        left = np.delete(left, found[1], axis=0)
    return farther


def plane_noise(points: Points, plane: Plane) -> float:
    """
    Return how far measured points are typically off a plane that is flat in truth [m].

    Unlike the distance of points from the planes through their neighbours, this includes errors
    that change slowly across the image, as those of depth cameras do. 0 without enough points.

    :param points: (N, 3), of which some are on the plane [m].
    """
    height = plane.height(points)
    on_plane = np.abs(height) < _ON_PLANE
    if np.count_nonzero(on_plane) < _ENOUGH:
        return 0.0
    return 1.4826 * float(np.median(np.abs(height[on_plane])))

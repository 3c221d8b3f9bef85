# SPDX-License-Identifier: Apache-2.0
"""The plane an object stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import PointCloud, Points


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

    def project(self, points: Points) -> Points:
        """Return the orthogonal projections (N, 3) of ``points`` (N, 3) on the plane [m]."""
        return points - self.height(points)[:, None] * self.normal


def fit_support(
    obstacles: Points,
    cloud: PointCloud,
    tolerance: float = 0.006,
    gap: float = 0.03,
) -> Plane | None:
    """
    Find the plane in ``obstacles`` that ``cloud`` stands on, if there is one.

    RANSAC (Fischler and Bolles 1981) finds the largest plane. It is accepted if it contains at
    least a fifth of the obstacle points near the object, and if the object lies above it, by no
    more than ``gap``.

    :param obstacles: (M, 3) points of the scene without the object [m].
    :param cloud: the object.
    :param tolerance: thickness of the plane [m].
    :param gap: largest distance of the object's lowest points above the plane [m].
    """
    middle = cloud.points.mean(axis=0)
    reach = 1.5 * float(np.linalg.norm(cloud.points - middle, axis=1).max()) + 0.1
    near = obstacles[np.linalg.norm(obstacles - middle, axis=1) < reach]
    if len(near) < 30:
        return None
    import open3d

    open3d.utility.random.seed(0)
    shape = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(near))
    _, index = shape.segment_plane(tolerance, 3, 500)
    if len(index) < 0.2 * len(near):
        return None
    flat = near[index]
    centre = flat.mean(axis=0)
    normal = np.linalg.svd(flat - centre, full_matrices=False)[2][2]
    if (middle - centre) @ normal < 0:
        normal = -normal
    plane = Plane(normal, float(normal @ centre))
    low = float(np.quantile(plane.height(cloud.points), 0.02))
    return plane if -0.02 < low < gap else None

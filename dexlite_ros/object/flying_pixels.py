# SPDX-License-Identifier: Apache-2.0
"""
Flying pixels: points that a depth camera invents between the near and the far side of an edge.

They lie along the viewing rays, so the surface through them is seen edge-on, and they are thinly
spread and rough. A face that a camera sees at a low angle is thinly measured as well, but smooth,
and no sparser than its neighbourhood. N is the number of points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.orientation import local_planes

EDGE_ON = 0.12
"""Sine of the angle to the viewing ray below which a surface counts as seen edge-on."""
RARE = 0.005
"""Share of points seen edge-on below which a cloud has no flying pixels, and all are kept."""
SPREAD = 1.5
"""Standard deviations of the mean distance to the neighbours beyond which a point is sparse ..."""
SPARSER = 1.3
"""... and stray, unless that distance is below this multiple of its neighbours' ..."""
ROUGHER = 3.0
"""... and the surface about it is less rough than this multiple of the usual roughness."""
NEIGHBOURS = 20


def surface_points(points: Points, eye: Points) -> NDArray[np.bool_]:
    """
    Return a mask (N,) of the points on a surface that a camera can have measured.

    :param points: (N, 3) evenly thinned [m].
    :param eye: (3,) position of the camera [m].
    """
    if len(points) <= NEIGHBOURS:
        return np.ones(len(points), bool)
    distance, index = cKDTree(points).query(points, k=NEIGHBOURS + 1)
    apart = distance[:, 1:].mean(axis=1)
    normals, _, rough = local_planes(points, index)
    dense = apart < apart.mean() + SPREAD * apart.std()
    even = apart < SPARSER * np.median(apart[index], axis=1)
    smooth = rough < ROUGHER * np.median(rough)
    rays = points - eye
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    facing = np.abs(np.einsum('ni,ni->n', normals, rays)) > EDGE_ON
    if np.mean(~facing) < RARE:
        return np.ones(len(points), bool)
    kept: NDArray[np.bool_] = facing & (dense | (even & smooth))
    return kept

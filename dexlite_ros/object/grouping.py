# SPDX-License-Identifier: Apache-2.0
"""
Groups of neighbouring points: which belong together, and which to nothing.

The distance up to which points are neighbours follows the local density, so that the sparse part
of a cloud from two cameras is not taken for stray points. N is the number of points, k of
neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, Points
from dexlite_ros.object.depth_view import camera_axes, project

STRAY = -1
"""Group of the points that have no close neighbours."""
_GAP = 2.5
"""Spacings between two groups in the image from which they do not touch."""
_BEHIND = 0.01
"""How far behind two groups a point is that is seen between them [m]."""
SPARSEST = 3.0
"""Spacing of the sparsest part, relative to the typical one, that still belongs to a cloud."""


def group_points(points: Points, neighbours: int, factor: float) -> NDArray[np.integer]:
    """
    Return the number (N,) of the group that each point belongs to; 0 is the largest.

    Of points that are too few to have that many neighbours, all are stray.

    :param points: (N, 3) evenly thinned [m].
    :param neighbours: number of neighbours that tell the local density.
    :param factor: points this many times farther apart than usual there are not neighbours.
    """
    count = len(points)
    if count <= neighbours:
        return np.full(count, STRAY)
    distance, index = cKDTree(points).query(points, k=neighbours + 1)
    distance, index = distance[:, 1:], index[:, 1:]
    usual = float(np.median(distance[:, -1]))
    # That of the neighbours, because a stray point would take its own for usual.
    local = np.median(distance[:, -1][index], axis=1)
    reach = factor * np.clip(local, usual, SPARSEST * usual)
    near = distance < reach[:, None]
    rows = np.broadcast_to(np.arange(count)[:, None], near.shape)[near]
    edges = coo_matrix((np.ones(len(rows), bool), (rows, index[near])), (count, count))
    _, label = connected_components(edges, directed=False)
    stray = ~near[:, neighbours // 2]
    size = np.bincount(label[~stray], minlength=label.max() + 1)
    rank = np.empty(len(size), np.int64)
    rank[np.argsort(-size, kind='stable')] = np.arange(len(size))
    group: NDArray[np.integer] = np.where(stray, STRAY, rank[label])
    return group


def free_between(first: Points, second: Points, eye: Points, walls: Points) -> bool:
    """
    Return whether a camera sees past two groups, so that they are not parts of one object.

    An object that hides a part of itself is in pieces as well, but in the image they touch. Where
    it is known what is around, a gap in the image is free only if something behind it is seen:
    in front of it may be what hides the middle, and where it shines nothing is measured.

    :param first: (N, 3), more than one [m].
    :param second: (M, 3) [m].
    :param eye: (3,) position of the camera [m].
    :param walls: (W, 3) other points seen by the camera, none if it is not known what is around.
    """
    axes = camera_axes(first.mean(axis=0) - eye)
    images, reach = zip(*(project(points - eye, axes) for points in (first, second)))
    apart, nearest = cKDTree(images[0]).query(images[1])
    end = int(apart.argmin())
    gap, start = float(apart[end]), int(nearest[end])
    spacing = max(mean_spacing(each) for each in (first, second) if len(each) > 1)
    if gap <= _GAP * spacing / float(np.linalg.norm(first.mean(axis=0) - eye)):
        return False
    if not len(walls):
        return True
    image, depth = project(walls - eye, axes)
    middle = 0.5 * (images[0][start] + images[1][end])
    between = np.linalg.norm(image - middle, axis=1) < 0.5 * gap
    return bool((depth[between] > max(reach[0][start], reach[1][end]) + _BEHIND).any())

# SPDX-License-Identifier: Apache-2.0
"""
The support plane in the object's own cloud: found where a segmentation left it, and cut off.

N is the number of points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree, ConvexHull

from dexlite_ros.object.cloud import mean_spacing, Points
from dexlite_ros.object.support import Plane, segment_plane

THICKEST = 0.004
"""Largest height above the support at which points are still taken for the support [m]."""
THINNEST = 0.001
"""The same, smallest [m]."""
_VOTERS = 9
"""Points that decide together whether they are above the support; noise alone is outvoted."""
_FEWEST = 16
"""Points above a support that may be an object."""
_TRIES = 3
"""The support may be smaller than faces of the object, so a few planes are looked at."""
_SMALL = 0.1
"""Share of the points that a support exceeds: ``_SHARE`` of them are beside the object."""
_ENOUGH = 4000
"""Number of points that tell whether there is any large plane; all of them tell where it is."""
_BELOW = 0.05
"""Share of the points that may lie below the support, for stray ones do."""
_BRIM = 0.02
"""How far a support extends beyond the object [m]."""
_SHARE = 0.2
"""Share of the cloud's points that are at least that far out."""
_SECTORS = 24
_COVERAGE = 0.55
"""Share of the directions in which they are; the object hides what is behind it."""


def find_support(points: Points, noise: float, eye: Points | None) -> Plane | None:
    """
    Find the plane that the object stands on among the object's own points, if it is there.

    A support surrounds the object's footprint: seen from above, its points extend at least 2 cm
    beyond the object in most directions, and all other points are on the side of the camera. A
    face of the object is not surrounded by anything.

    :param points: (N, 3) evenly thinned, none if all were stray [m].
    :param noise: typical distance of points from local planes [m].
    :param eye: (3,) where the camera is, if that is likely [m]; None: unknown.
    """
    if len(points) < 3:
        return None
    tolerance = float(np.clip(3.0 * noise, 0.001, 0.006))
    some = points[::1 + len(points) // _ENOUGH]
    if len(some) < len(points) and _largest_plane(some, tolerance, len(some)) is None:
        return None
    left, voters = np.arange(len(points)), _voters(points)
    for _ in range(_TRIES):
        found = _largest_plane(points[left], tolerance, len(points))
        if found is None:
            return None
        plane, inliers = found
        support = _as_support(points, voters, plane, noise, eye)
        if support is not None:
            return support
        left = np.delete(left, inliers)
    return None


def _largest_plane(
    points: Points, tolerance: float, count: int
) -> tuple[Plane, NDArray[np.integer]] | None:
    """Return the largest plane and its points; None if that is a small part of ``count``."""
    if len(points) < _SMALL * count:
        return None
    found = segment_plane(points, tolerance)
    return None if found is None or len(found[1]) < _SMALL * count else found


def above_support(points: Points, plane: Plane, noise: float) -> NDArray[np.bool_]:
    """
    Return a mask (N,) of the points that stand on a plane rather than belong to it.

    The margin is three times the noise, but never more than half the height of a thin object, of
    which nothing may be cut off. What lies lower but below other points is the object's underside.

    :param points: (N, 3) of an object and perhaps its support [m].
    :param plane: the support.
    :param noise: of the points about the plane [m].
    """
    height = plane.height(points)
    if np.mean(np.abs(height) < 2.0 * noise) > _SHARE:
        # So much of the support is here that it tells its own noise.
        noise = 1.4826 * float(np.median(np.abs(height[np.abs(height) < 4.0 * noise])))
    margin = float(np.clip(3.0 * noise, THINNEST, THICKEST))
    voters = _voters(points)
    over = _majority(height > min(margin, 2.0 * noise), voters)
    if over.any():
        margin = min(margin, 0.5 * float(np.median(height[over])))
    above = _majority(height > margin, voters)
    if np.count_nonzero(above) >= _FEWEST:
        ground = _along(plane, points)
        footprint = ground[above]
        near, _ = cKDTree(footprint).query(ground)
        spacing = mean_spacing(points)
        above |= (near < 2.0 * spacing) & (_beyond(ground, footprint) < -spacing)
    return above


def _voters(points: Points) -> NDArray[np.integer]:
    """Return the indices (N, k) of the points near each point, itself among them."""
    index: NDArray[np.integer] = cKDTree(points).query(points, k=min(_VOTERS, len(points)))[1]
    return index


def _majority(mask: NDArray[np.bool_], voters: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return whether most of the points near each point are in a mask (N,)."""
    most: NDArray[np.bool_] = 2 * np.count_nonzero(mask[voters], axis=1) > voters.shape[1]
    return most


def _as_support(
    points: Points, voters: NDArray[np.integer], plane: Plane, noise: float, eye: Points | None
) -> Plane | None:
    """Return a plane with its upper side up if it is a support."""
    thick = max(3.0 * noise, 0.0015)
    for side in (plane, plane.flipped()):
        height = side.height(points)
        above, flat = height > thick, np.abs(height) <= thick
        above &= _majority(above, voters)
        if np.count_nonzero(above) < _FEWEST or np.mean(height < -thick) > _BELOW:
            continue
        if eye is None or _looks_down(side, points, eye):
            if _surrounds(side, points[flat], points[above]):
                return side
    return None


def _looks_down(plane: Plane, points: Points, eye: Points) -> bool:
    """Return whether the camera sees the upper side of the plane."""
    away = eye - points.mean(axis=0)
    return float(plane.normal @ away) > -0.02 * float(np.linalg.norm(away))


def _surrounds(plane: Plane, flat: Points, above: Points) -> bool:
    """Return whether points of the plane lie around the footprint of the points above it."""
    ground, footprint = _along(plane, flat), _along(plane, above)
    beyond = ground[_beyond(ground, footprint) > _BRIM]
    if len(beyond) < _SHARE * (len(flat) + len(above)):
        return False
    beyond = beyond - footprint.mean(axis=0)
    turn = np.arctan2(beyond[:, 1], beyond[:, 0]) / (2.0 * np.pi)
    held = np.bincount(np.floor((turn + 0.5) * _SECTORS).astype(int), minlength=_SECTORS)
    return bool(np.mean(held > _SHARE / _SECTORS * len(flat)) >= _COVERAGE)


def _along(plane: Plane, points: Points) -> Points:
    """Return coordinates (N, 2) of points along a plane [m]."""
    along: Points = points @ np.linalg.svd(plane.normal[None])[2][1:].T
    return along


def _beyond(ground: Points, footprint: Points) -> NDArray[np.float64]:
    """Return the distance (N,) of places (N, 2) outside the hull of a footprint (M, 2) [m]."""
    edges = ConvexHull(footprint, qhull_options='QJ').equations  # QJ: it may be a line
    beyond: NDArray[np.float64] = (ground @ edges[:, :2].T + edges[:, 2]).max(axis=1)
    return beyond

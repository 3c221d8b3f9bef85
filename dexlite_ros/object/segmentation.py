# SPDX-License-Identifier: Apache-2.0
"""
The objects in the cloud of a whole scene: what stands on the largest plane, part by part.

N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.support import Plane, plane_noise, segment_plane
from dexlite_ros.object.thinning import cubes

TOLERANCE = 0.006
"""Thickness of the support [m]."""
SHARE = 0.15
"""Smallest share of the points that a support has."""
NOISES = 3.0
"""Points this many times the support's noise above it are not of it."""
LOWEST = 0.003
"""And at least this high above it [m]."""


@dataclass(frozen=True)
class SegmentationSettings:
    """What belongs to the scene, and what together."""

    max_range: float = 1.5
    """Points farther from the sensor are left out [m]."""
    max_height: float = 0.5
    """Points higher above the support are left out [m]."""
    gap: float = 0.015
    """Points farther apart than this are of different objects [m]."""
    min_points: int = 150
    """An object has at least so many."""
    voxel: float = 0.004
    """The scene is thinned to one point per cube of this side, to find its parts [m]."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise InvalidRequest(name, value, 'a positive number')


@dataclass(frozen=True)
class Segmentation:
    """The parts of a scene."""

    objects: tuple[NDArray[np.int64], ...]
    """Indices (M,) of the points of each, the one with the most points first."""
    rest: NDArray[np.int64]
    """Indices of the other points in range: the support, and parts too small for objects."""
    support: Plane | None
    """None: no plane is large enough, and objects are parted where they do not touch."""


def segment(
    points: Points, eye: Points | None = None,
    settings: SegmentationSettings = SegmentationSettings(),
) -> Segmentation:
    """
    Return the objects of a scene.

    The support is the largest plane. Objects that touch each other, or are nearer than
    ``settings.gap``, are one.

    :param points: (N, 3) of the whole scene; those that are not finite are of no part [m]
    :param eye: (3,) position of the sensor [m]; None: the origin
    """
    eye = np.zeros(3) if eye is None else eye
    near = np.flatnonzero(
        np.isfinite(points).all(1) & (np.linalg.norm(points - eye, axis=1) < settings.max_range))
    own = points[near]
    thin, member = thinned(own, settings.voxel)
    support = _support(thin, eye)
    above, kept = np.ones(len(own), bool), np.ones(len(own), bool)
    if support is not None:
        height = support.height(own)
        above = height > max(LOWEST, NOISES * plane_noise(thin, support))
        kept = height < settings.max_height
    label = _parts(own, thin, member, above & kept, settings.gap)
    counts = np.bincount(label[label >= 0], minlength=1)
    large = [part for part in np.argsort(-counts, kind='stable')
             if counts[part] >= settings.min_points]
    of_object = np.isin(label, large)
    return Segmentation(
        tuple(near[label == part] for part in large), near[kept & ~of_object], support)


def thinned(points: Points, voxel: float) -> tuple[Points, NDArray[np.int64]]:
    """
    Return one of the points in each cube that has some (V, 3), and the cube (N,) of each point.

    :param points: (N, 3) finite [m]
    :param voxel: side of the cubes [m]
    """
    if not len(points):
        return points, np.zeros(0, np.int64)
    _, first, member = np.unique(
        cubes(points - points.min(0), voxel), return_index=True, return_inverse=True)
    return points[first], member


def _support(thin: Points, eye: Points) -> Plane | None:
    """Return the largest plane with the sensor above it; None if none is large."""
    found = segment_plane(thin, TOLERANCE)
    if found is None or len(found[1]) < SHARE * len(thin):
        return None
    plane = found[0]
    return plane if float(plane.height(eye[None])[0]) > 0 else plane.flipped()


def _parts(
    points: Points, thin: Points, member: NDArray[np.int64], chosen: NDArray[np.bool_],
    gap: float,
) -> NDArray[np.int64]:
    """Return the part (N,) of each chosen point, -1 for the others."""
    label = np.full(len(points), -1, np.int64)
    used = np.unique(member[chosen])
    if not len(used):
        return label
    pairs = cKDTree(thin[used]).query_pairs(gap, output_type='ndarray')
    graph = coo_matrix(
        (np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (len(used), len(used)))
    _, part = connected_components(graph, directed=False)
    label[chosen] = part[np.searchsorted(used, member[chosen])]
    return label

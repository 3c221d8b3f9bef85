# SPDX-License-Identifier: Apache-2.0
"""What a cloud must have for a surface to be closed, each with the cause if it has not."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from dexlite_ros.errors import BadCloud, ScaleError
from dexlite_ros.object.cloud import CloudLimits, Points
from dexlite_ros.object.support import Plane

COARSEST = 0.0002
"""Largest spacing of the numbers a coordinate can take [m]."""
THINNEST_SOLID = 0.0015
"""Height above its support from which a flat thing is a solid [m]."""


def require_resolution(points: Points) -> None:
    """
    Refuse coordinates whose float32 neighbours are farther apart than a hand can tolerate.

    :param points: (N, 3) finite [m].
    :raises BadCloud: they are too far from the origin.
    """
    far = float(np.abs(points).max())
    step = float(np.spacing(np.float32(np.median(np.abs(points).max(axis=1)))))
    if step > COARSEST and np.array_equal(points.astype(np.float32), points):
        raise BadCloud(
            f'float32 cannot resolve coordinates {far:.0f} m from the origin: they are multiples '
            f'of {1e3 * step:.2g} mm; subtract an offset in double precision, or use a frame near '
            'the object')


def require_count(count: int, least: int, which: str) -> None:
    """
    Refuse too few points.

    :param which: what kind of points are counted, for the message.
    :raises BadCloud: there are fewer than ``least``.
    """
    if count < least:
        raise BadCloud(
            f'{count} points are left ({which}), at least {least} are needed; '
            'move the sensor closer or thin the cloud less')


def require_size(points: Points, limits: CloudLimits) -> None:
    """
    Refuse what is too small or too large for a hand.

    :param points: (N, 3) of one object [m].
    :raises ScaleError: the longest side of their box is out of range.
    """
    extent = float(np.ptp(points, axis=0).max())
    if not limits.extent_min <= extent <= limits.extent_max:
        raise ScaleError(extent, limits.extent_min, limits.extent_max)


def require_solid(points: Points, limits: CloudLimits, support: Plane | None = None) -> None:
    """
    Refuse points on a plane or a line, from which no closed surface can be inferred.

    A flat thing above a known support is as thick as it is high.

    :param points: (N, 3) [m].
    :param support: plane that the object stands on.
    :raises BadCloud: they are flat.
    """
    if support is not None and float(np.median(support.height(points))) > THINNEST_SOLID:
        return
    centred = points - points.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    rms = singular / np.sqrt(len(points))
    if rms[1] < limits.flat_rms:
        raise BadCloud(
            f'all points lie within {rms[1] * 1e3:.2g} mm of one line; capture more of the object')
    off_plane = centred @ axes[2]
    # Gaussian noise about a plane has a kurtosis of 3; two faces or a curved patch less than 2.
    kurtosis = np.mean(off_plane**4) / max(rms[2] ** 4, 1e-30)
    noise = kurtosis > 2.5 and rms[2] < limits.flat_noise * _roughness(points)
    if rms[2] < limits.flat_rms or noise:
        raise BadCloud(
            f'all points lie within {rms[2] * 1e3:.2g} mm of one plane; '
            'move the camera to see a second side')


def _roughness(points: Points, neighbours: int = 60) -> float:
    """Return the RMS distance of points from planes fitted to their neighbours [m]."""
    _, index = cKDTree(points).query(points[::4], k=min(neighbours, len(points)))
    near = points[index] - points[index].mean(axis=1, keepdims=True)  # (N / 4, k, 3)
    square = np.linalg.eigvalsh(np.einsum('nki,nkj->nij', near, near))[:, 0]
    return float(np.sqrt(square.mean() / (index.shape[1] - 3)))  # a plane takes 3 degrees

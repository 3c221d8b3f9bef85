# SPDX-License-Identifier: Apache-2.0
"""
Point clouds of one object: the data type, and what is required of them.

N is the number of points. Lengths are in metres. Points, normals and viewpoint are in the frame of
the cloud, which no function here changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.errors import InvalidRequest

Points = NDArray[np.float64]


@dataclass(frozen=True)
class PointCloud:
    """Measured points on one object."""

    points: Points
    """(N, 3) positions [m]."""
    normals: Points | None = None
    """(N, 3) as provided by the source; carried along, never read by the planner."""
    viewpoint: Points | None = None
    """(3,) stated position of the sensor [m], a hint; None if unknown or several."""
    viewpoint_source: str = 'given'
    """Where the viewpoint comes from: ``given`` by the caller or ``read`` from a file."""
    pixels: NDArray[np.int64] | None = None
    """(N, 2) column and row of each point in an organised cloud; None: not known."""
    image_size: tuple[int, int] | None = None
    """Columns and rows of an organised cloud."""

    def __post_init__(self) -> None:
        for name, width in (('points', 2), ('normals', 2), ('viewpoint', 1)):
            value = getattr(self, name)
            if value is None:
                continue
            value = np.asarray(value, dtype=np.float64)
            if value.ndim != width or value.shape[-1] != 3:
                raise InvalidRequest(name, value.shape, '(3,)' if width == 1 else 'shape (N, 3)')
            object.__setattr__(self, name, value)
        if self.viewpoint is not None and not np.isfinite(self.viewpoint).all():
            raise InvalidRequest('viewpoint', self.viewpoint.tolist(), 'three finite numbers')
        if self.normals is not None and self.normals.shape != self.points.shape:
            raise InvalidRequest('normals', self.normals.shape, f'shape {self.points.shape}')
        if self.pixels is not None and self.pixels.shape != (len(self.points), 2):
            raise InvalidRequest('pixels', self.pixels.shape, f'shape ({len(self.points)}, 2)')

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> PointCloud:
        """Select points."""
        normals = None if self.normals is None else self.normals[index]
        pixels = None if self.pixels is None else self.pixels[index]
        return replace(self, points=self.points[index], normals=normals, pixels=pixels)

    def moved(self, shift: Points) -> PointCloud:
        """Return the cloud, with its viewpoint, after a translation (3,) [m]."""
        viewpoint = None if self.viewpoint is None else self.viewpoint + shift
        return replace(self, points=self.points + shift, viewpoint=viewpoint)


@dataclass(frozen=True)
class CloudLimits:
    """Requirements on a cloud, and parameters of its cleaning."""

    min_points: int = 64
    """Smallest number of usable points from which a surface can be closed."""
    extent_min: float = 0.005
    """Lower limit of the longest side of the axis-aligned bounding box [m]."""
    extent_max: float = 0.6
    """Upper limit of the longest side of the axis-aligned bounding box [m]."""
    num_points: int = 2048
    """The cloud is thinned evenly to this many points."""
    neighbours: int = 8
    """Number of neighbours used by the outlier test."""
    outlier_factor: float = 2.5
    """Points this many times farther apart than usual thereabouts do not belong together."""
    min_cluster: float = 0.02
    """Separate groups of points that are smaller than this share of the cloud are dropped."""
    flat_rms: float = 0.0007
    """A cloud is flat if its RMS distance from one plane or line is below this [m]."""
    flat_noise: float = 1.2
    """Or if its distance from one plane is below this multiple of the noise of local planes."""
    seed: int = 0
    """Seed of the thinning."""

    def __post_init__(self) -> None:
        if not 16 <= self.min_points <= self.num_points:
            raise InvalidRequest('min_points', self.min_points, '16 to num_points')
        if not 0 < self.extent_min < self.extent_max:
            raise InvalidRequest('extent_min', self.extent_min, 'a length below extent_max')


def organised_pixels(columns: int, rows: int) -> NDArray[np.int64]:
    """Return column and row (N, 2) of the points of an organised cloud, in their order."""
    place = np.arange(columns * rows)
    return np.stack([place % columns, place // columns], axis=1)


def mean_spacing(points: Points, neighbours: int = 8) -> float:
    """
    Return the mean spacing of points on a surface [m].

    This is the side of a square with the area per point, estimated from the distance r to the k-th
    neighbour: a disc of radius r contains about k points.

    :param points: (N, 3) [m].
    :param neighbours: k.
    """
    neighbours = min(neighbours, len(points) - 1)
    distance, _ = cKDTree(points).query(points, k=[neighbours + 1])
    return float(np.median(distance)) * float(np.sqrt(np.pi / neighbours))

# SPDX-License-Identifier: Apache-2.0
"""
Point clouds of one object: the data type, and the checks and cleaning before planning.

N is the number of points. Lengths are in metres. Points, normals and viewpoint are in the frame of
the cloud, which no function here changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dexlite_ros.errors import BadCloud, InvalidRequest, ScaleError

Points = NDArray[np.float64]


@dataclass(frozen=True)
class PointCloud:
    """Measured points on one object."""

    points: Points
    """(N, 3) positions [m]."""
    normals: Points | None = None
    """(N, 3) unit normals as provided by the source; their signs are not relied on."""
    viewpoint: Points | None = None
    """(3,) position of the sensor [m]; None if unknown or if there were several sensors."""

    def __post_init__(self) -> None:
        for name, width in (('points', 2), ('normals', 2), ('viewpoint', 1)):
            value = getattr(self, name)
            if value is None:
                continue
            value = np.asarray(value, dtype=np.float64)
            if value.ndim != width or value.shape[-1] != 3:
                raise InvalidRequest(name, value.shape, '(3,)' if width == 1 else 'shape (N, 3)')
            object.__setattr__(self, name, value)
        if self.normals is not None and self.normals.shape != self.points.shape:
            raise InvalidRequest('normals', self.normals.shape, f'shape {self.points.shape}')

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> PointCloud:
        """Select points."""
        normals = None if self.normals is None else self.normals[index]
        return replace(self, points=self.points[index], normals=normals)


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
    outlier_factor: float = 4.0
    """A point this many times farther from its neighbours than usual is an outlier."""
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


def clean_cloud(cloud: PointCloud, limits: CloudLimits | None = None) -> PointCloud:
    """
    Return the usable points of ``cloud``, evenly thinned; raise an error if it is unusable.

    Drops points that are non-finite, repeated, or separate from the rest. The size is checked
    after that, so that a stray point does not matter, but before flatness, so that a wrong unit
    is reported as such. Deterministic for a given ``limits.seed``.

    :param cloud: as measured.
    :param limits: requirements; None: the defaults.
    :raises BadCloud: too few usable points, or all on one plane or line.
    :raises ScaleError: too small or too large for a hand.
    """
    limits = limits or CloudLimits()
    cloud = _usable(cloud, limits)
    cloud = _thin(cloud, 8 * limits.num_points, limits.seed)
    cloud = cloud[_inliers(cloud.points, limits)]
    _require_count(len(cloud), limits.min_points, 'after outliers were removed')
    extent = float(np.ptp(cloud.points, axis=0).max())
    if not limits.extent_min <= extent <= limits.extent_max:
        raise ScaleError(extent, limits.extent_min, limits.extent_max)
    _require_solid(cloud.points, limits)
    return _thin(cloud, limits.num_points, limits.seed)


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


def _usable(cloud: PointCloud, limits: CloudLimits) -> PointCloud:
    """Drop non-finite and repeated points."""
    if len(cloud) == 0:
        raise BadCloud('it is empty; check the topic, the file and the segmentation')
    finite = np.asarray(np.isfinite(cloud.points).all(axis=1))
    if not finite.any():
        raise BadCloud(f'all {len(cloud)} points are NaN or infinite; check the depth image')
    cloud = cloud[finite]
    _, first = np.unique(cloud.points, axis=0, return_index=True)
    _require_count(len(first), limits.min_points, 'finite and distinct')
    return cloud[np.sort(first)]


def _require_count(count: int, least: int, which: str) -> None:
    if count < least:
        raise BadCloud(
            f'{count} points are left ({which}), at least {least} are needed; '
            'move the sensor closer or thin the cloud less'
        )


def _inliers(points: Points, limits: CloudLimits) -> NDArray[np.bool_]:
    """Return a mask of points that have close neighbours and are not in a small separate group."""
    count = len(points)
    distance, index = cKDTree(points).query(points, k=limits.neighbours + 1, workers=-1)
    reach = limits.outlier_factor * float(np.median(distance[:, -1]))
    near = distance[:, 1:] < reach  # (N, neighbours)
    rows = np.broadcast_to(np.arange(count)[:, None], near.shape)[near]
    edges = coo_matrix((np.ones(len(rows), bool), (rows, index[:, 1:][near])), (count, count))
    _, group = connected_components(edges, directed=False)
    large = np.bincount(group) >= limits.min_cluster * count
    kept: NDArray[np.bool_] = large[group] & near[:, near.shape[1] // 2]
    return kept


def _require_solid(points: Points, limits: CloudLimits) -> None:
    """Reject clouds on a plane or a line, from which no closed surface can be inferred."""
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
            'move the camera to see a second side'
        )


def _roughness(points: Points, neighbours: int = 60) -> float:
    """Return the RMS distance of points from planes fitted to their neighbours [m]."""
    _, index = cKDTree(points).query(points[::4], k=min(neighbours, len(points)), workers=-1)
    near = points[index] - points[index].mean(axis=1, keepdims=True)  # (N / 4, k, 3)
    square = np.linalg.eigvalsh(np.einsum('nki,nkj->nij', near, near))[:, 0]
    return float(np.sqrt(square.mean() / (index.shape[1] - 3)))  # a plane takes 3 degrees


def _thin(cloud: PointCloud, count: int, seed: int) -> PointCloud:
    """
    Keep ``count`` evenly spread points: per cell of a grid, the point nearest to the cell's mean.

    The cells are the largest that leave at least ``count`` points; the surplus is dropped at
    random.
    """
    if len(cloud) <= count:
        return cloud
    low, high = 0.0, float(np.ptp(cloud.points, axis=0).max())
    best: NDArray[np.integer] = np.arange(len(cloud))
    for _ in range(12):
        side = 0.5 * (low + high)
        kept = _one_per_cube(cloud.points, side)
        if len(kept) >= count:
            low, best = side, kept
        else:
            high = side
    chosen = np.random.default_rng(seed).choice(best, count, replace=False)
    return cloud[np.sort(chosen)]


def _one_per_cube(points: Points, side: float) -> NDArray[np.integer]:
    """Return, for each cube of this side, the index of the point nearest to its mean point."""
    cell = np.floor((points - points.min(axis=0)) / side).astype(np.int64)
    shape = cell.max(axis=0) + 1
    key = np.ravel_multi_index(tuple(cell.T), tuple(shape))
    _, group = np.unique(key, return_inverse=True)
    size = np.bincount(group)
    mean = np.stack([np.bincount(group, points[:, i]) / size for i in range(3)], axis=1)
    off = np.linalg.norm(points - mean[group], axis=1)
    order = np.lexsort((off, group))
    return order[np.unique(group[order], return_index=True)[1]]

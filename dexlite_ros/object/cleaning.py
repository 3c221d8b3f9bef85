# SPDX-License-Identifier: Apache-2.0
"""
From a measured cloud to the usable points of one object, with an account of what was dropped.

Order matters: the cloud is thinned to an even density before any point is called stray, the
support is cut off before groups are counted, and the sensor is known before the points that only
a sensor invents are looked for. N is the number of points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.errors import BadCloud, ScaleError
from dexlite_ros.object.cloud import CloudLimits, PointCloud, Points
from dexlite_ros.object.cloud_checks import (
    require_count,
    require_resolution,
    require_size,
    require_solid,
)
from dexlite_ros.object.flying_pixels import surface_points
from dexlite_ros.object.grouping import free_between, group_points, STRAY
from dexlite_ros.object.orientation import estimate_noise
from dexlite_ros.object.support import Plane
from dexlite_ros.object.support_in_cloud import above_support, find_support
from dexlite_ros.object.thinning import first_of_equal, thin
from dexlite_ros.object.viewpoint import find_viewpoint, likely_eye, Viewpoint
from dexlite_ros.plan_warning import PlanWarning

SECOND_OBJECT = 0.1
"""A separate group with at least this share of the largest one's points is another object."""
PART_GAP = 0.03
"""Groups within this distance of the object may be parts of it that it hides itself [m]."""
FAR_GROUP = 8
"""Points of a group that is not just stray."""
TABLE_FINEST = 1.0 / 400.0
"""As ``thinning.FINEST``, while the cloud may hold a table."""
LARGE_LOSS = 0.3
"""Share of dropped points to warn of."""
FAR_TOO_LARGE = 10.0
"""A cloud of more than this many times the largest object is in another unit, not of a room."""


def largest_first(counts: Mapping[str, int]) -> str:
    """Return the non-zero counts as one phrase, largest first; empty if all are zero."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ', '.join(f'{name} {count}' for name, count in ordered if count)


@dataclass(frozen=True)
class DroppedPoints:
    """Numbers of points that were not used, each counted for the first reason."""

    non_finite: int = 0
    repeated: int = 0
    """Equal to another point."""
    thinned: int = 0
    """Dropped to make the density even; the surface is the same without them."""
    support: int = 0
    """On the plane that the object stands on, or below it."""
    stray: int = 0
    """Without close neighbours, or in a group too small to be anything."""
    far: int = 0
    """In a small group far from the object."""
    other_objects: int = 0
    flying: int = 0
    """Invented by the sensor at an edge."""
    obstacles_on_object: int = 0
    """Of the obstacle cloud: on the object itself."""

    def summary(self) -> str:
        """Return the non-zero counts as one phrase, largest first."""
        return largest_first(vars(self)) or 'none dropped'


@dataclass(frozen=True)
class CleanCloud:
    """The usable points of one object."""

    cloud: PointCloud
    """Evenly thinned; its viewpoint is the one found, None if seen from all around."""
    viewpoint: Viewpoint
    dropped: DroppedPoints
    support: Plane | None
    """The plane it stands on: as given, or found in the cloud."""
    others: Points
    """(M, 3) points of other objects in the cloud [m]."""
    warnings: tuple[PlanWarning, ...]


def clean_cloud(
    cloud: PointCloud, limits: CloudLimits | None = None, support: Plane | None = None,
    walls: Points | None = None,
) -> CleanCloud:
    """
    Return the usable points of the object in ``cloud``; raise an error if it is unusable.

    The size is checked after everything else was dropped, so that neither a stray point nor a
    table matters, but before flatness, so that a wrong unit is reported as such. Deterministic for
    a given ``limits.seed``.

    :param cloud: as measured.
    :param limits: requirements; None: the defaults.
    :param support: plane that the object stands on; None: looked for in the cloud.
    :param walls: (W, 3) other points seen by the camera [m]; None: it is not known what is around.
    :raises BadCloud: too few usable points, or all on one plane or line.
    :raises ScaleError: too small or too large for a hand.
    """
    limits = limits or CloudLimits()
    account = _Account()
    cloud = _usable(cloud, limits, account)
    measured, eye = cloud.points, likely_eye(cloud)
    cloud, support = _without_support(cloud, support, eye, limits, account)
    require_count(len(cloud), limits.min_points, 'above the support')
    cloud = _thinned(cloud, 8 * limits.num_points, limits, account)
    cloud, others = _one_object(
        cloud, eye, np.zeros((0, 3)) if walls is None else walls, limits, account)
    require_count(len(cloud), limits.min_points, 'after outliers were removed')
    require_size(cloud.points, limits)
    require_solid(cloud.points, limits, support)
    even = thin(cloud, limits.num_points, limits.seed)
    viewpoint = _viewpoint(even, measured, support, account)
    # A guessed eye may stand for several cameras, to none of which this would apply.
    if viewpoint.position is not None and viewpoint.source != 'guessed':
        cloud = _on_surface(cloud, viewpoint.position, limits, account)
    account.warn_of_loss(len(cloud))
    cloud = _thinned(cloud, limits.num_points, limits, account)
    return CleanCloud(
        replace(cloud, viewpoint=viewpoint.position), viewpoint,
        DroppedPoints(**account.dropped), support, others, tuple(account.warnings))


def main_points(cloud: PointCloud, limits: CloudLimits) -> Points:
    """
    Return the largest group of points (N, 3) [m], for what has to be known before cleaning.

    :param cloud: as measured.
    :raises BadCloud, ScaleError: as ``clean_cloud``, when not even this can be told.
    """
    even = thin(_usable(cloud, limits, _Account()), limits.num_points, limits.seed).points
    largest: Points = even[group_points(even, limits.neighbours, limits.outlier_factor) == 0]
    return largest


class _Account:
    """Counts of dropped points and warnings, collected on the way."""

    def __init__(self) -> None:
        self.dropped: dict[str, int] = {}
        self.warnings: list[PlanWarning] = []

    def keep(self, cloud: PointCloud, kept: NDArray[np.bool_], reason: str) -> PointCloud:
        """Return the kept points, and count the others under a field of ``DroppedPoints``."""
        self.dropped[reason] = self.dropped.get(reason, 0) + int((~kept).sum())
        return cloud[kept]

    def warn(self, code: str, message: str) -> None:
        """Add a warning."""
        self.warnings.append(PlanWarning(code, message))

    def warn_of_loss(self, left: int) -> None:
        """Warn if many points of the object were not used."""
        lost = sum(self.dropped.get(name, 0) for name in ('stray', 'far', 'flying'))
        if lost > LARGE_LOSS * (lost + left):
            self.warn(
                'points_dropped',
                f'{lost} of {lost + left} evenly spread points were dropped: '
                f'{DroppedPoints(**self.dropped).summary()}')


def _usable(cloud: PointCloud, limits: CloudLimits, account: _Account) -> PointCloud:
    """Drop non-finite and repeated points; refuse coordinates too coarse or in another unit."""
    if len(cloud) == 0:
        raise BadCloud('it is empty; check the topic, the file and the segmentation')
    finite = np.asarray(np.isfinite(cloud.points).all(axis=1))
    if not finite.any():
        raise BadCloud(f'all {len(cloud)} points are NaN or infinite; check the depth image')
    cloud = account.keep(cloud, finite, 'non_finite')
    require_resolution(cloud.points)
    distinct = first_of_equal(cloud.points)
    require_count(int(distinct.sum()), limits.min_points, 'finite and distinct')
    cloud = account.keep(cloud, distinct, 'repeated')
    extent = float(np.ptp(np.quantile(cloud.points, (0.1, 0.9), axis=0), axis=0).max())
    if extent > FAR_TOO_LARGE * limits.extent_max:
        raise ScaleError(extent, limits.extent_min, limits.extent_max)
    return cloud


def _thinned(
    cloud: PointCloud, count: int, limits: CloudLimits, account: _Account
) -> PointCloud:
    """Return the cloud at an even density, with at most ``count`` points."""
    less = thin(cloud, count, limits.seed)
    account.dropped['thinned'] = account.dropped.get('thinned', 0) + len(cloud) - len(less)
    return less


def _without_support(
    cloud: PointCloud, known: Plane | None, eye: Points | None, limits: CloudLimits,
    account: _Account,
) -> tuple[PointCloud, Plane | None]:
    """Cut off the points of the support, and return it: the known one, or one found here."""
    # As fine as a thin object on a large table needs.
    even = thin(cloud, 32 * limits.num_points, limits.seed, TABLE_FINEST).points
    noise = estimate_noise(even)
    support = known
    if support is None:
        group = group_points(even, limits.neighbours, limits.outlier_factor)
        support = find_support(even[group != STRAY], noise, eye)
    if support is None:
        return cloud, None
    above = above_support(cloud.points, support, noise)
    if known is None:
        account.warn(
            'support_in_cloud',
            f'{(~above).sum()} of {len(above)} points lie on a plane around the object; they were '
            'cut off and the plane used as its support')
    return account.keep(cloud, above, 'support'), support


def _one_object(
    cloud: PointCloud, eye: Points | None, walls: Points, limits: CloudLimits, account: _Account
) -> tuple[PointCloud, Points]:
    """Return the largest object's points, and those of all other objects (M, 3)."""
    group = group_points(cloud.points, limits.neighbours, limits.outlier_factor)
    size = np.bincount(group[group != STRAY], minlength=1)
    kind = np.full(len(size) + 1, 'stray', dtype='U13')  # the last one is for STRAY
    kind[0] = ''
    largest = cloud.points[group == 0]
    for number in range(1, len(size)):
        points = cloud.points[group == number]
        if _is_part(largest, points, eye, walls):
            kind[number] = '' if len(points) >= limits.min_cluster * size[0] else 'stray'
        elif len(points) >= SECOND_OBJECT * size[0]:
            kind[number] = 'other_objects'
        elif len(points) >= FAR_GROUP:
            kind[number] = 'far'
    reason = kind[group]
    others = cloud.points[reason == 'other_objects']
    count = 1 + int(np.count_nonzero(kind == 'other_objects'))
    if count > 1:
        account.warn(
            'several_objects',
            f'the cloud holds {count} separate objects; grasps are of the largest, '
            f'{size[0]} of {len(cloud)} points, and keep clear of the others')
    if far := int(np.count_nonzero(reason == 'far')):
        account.warn('far_points', f'{far} points lie apart from the object; they were dropped')
    for name in ('other_objects', 'far', 'stray'):
        cloud, reason = account.keep(cloud, reason != name, name), reason[reason != name]
    return cloud, others


def _is_part(largest: Points, points: Points, eye: Points | None, walls: Points) -> bool:
    """Return whether a group is near an object, and no free space is seen between them."""
    near = float(cKDTree(largest).query(points)[0].min()) <= PART_GAP
    return near and (eye is None or not free_between(largest, points, eye, walls))


def _viewpoint(
    cloud: PointCloud, measured: Points, support: Plane | None, account: _Account
) -> Viewpoint:
    """Return the viewpoint that explains the cloud; warn if a stated one does not."""
    found = find_viewpoint(cloud, measured, None if support is None else support.normal)
    if cloud.viewpoint is None:
        return found
    stated = np.round(cloud.viewpoint, 3).tolist()
    if found.source != cloud.viewpoint_source:
        instead = {
            'none': 'the cloud is closed as one from all around',
            'assumed': "the sensor is at the frame's origin",
        }.get(found.source, 'the sensor was located from the points')
        account.warn(
            'viewpoint_contradicted',
            f'seen from {stated} the points would hide each other or '
            f'face away; {instead}')
    elif found.hollow:
        account.warn(
            'viewpoint_doubtful',
            f'seen from {stated} the object looks hollow; if it is not, '
            'check the frame of the viewpoint')
    return found


def _on_surface(
    cloud: PointCloud, eye: Points, limits: CloudLimits, account: _Account
) -> PointCloud:
    """Drop what a sensor invents at edges, and what is then separate from the object."""
    cloud = account.keep(cloud, surface_points(cloud.points, eye), 'flying')
    group = group_points(cloud.points, limits.neighbours, limits.outlier_factor)
    size = np.bincount(group[group != STRAY], minlength=1)
    large = np.append(size >= limits.min_cluster * size[0], False)
    cloud = account.keep(cloud, large[group], 'flying')
    require_count(len(cloud), limits.min_points, 'after flying pixels were removed')
    return cloud

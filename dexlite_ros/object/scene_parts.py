# SPDX-License-Identifier: Apache-2.0
"""
The parts of a scene that hang together, and why one of them is no object for a hand.

N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.flat_area import FlatArea, longest_side

Reason = Literal['too_large', 'too_small', 'beyond_limits', 'too_low', 'cut', 'floating', 'beside']
MARGINS = 3.0
"""Lowest top of an object, in margins of its support: errors of depth cameras come in waves."""
FLOATS = 0.03
"""Lowest height from which something may be seen to float [m]."""
BARE = 0.5
"""It does if the support is seen to be bare below this share of it."""
STRICTLY_BARE = 0.2
"""The same, where it must tell what the support is."""
BESIDE = 0.5
"""Largest share of an object's points that are farther out than the support."""


@dataclass(frozen=True)
class SegmentationSettings:
    """What belongs to the scene, what together, and what may be an object."""

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
    min_size: float = 0.01
    """Smallest longest side of an object [m]."""
    max_size: float = 0.6
    """Largest longest side of an object [m]."""
    min_height: float = 0.01
    """An object rises at least so much above its support, and nine times its noise [m]."""
    max_clearance: float = 0.1
    """An object is at most this far beside what was seen of its support [m]."""
    max_cut: float = 0.2
    """Largest share of an object's width that lies on the border of the image."""
    min_support: float = 0.02
    """Size from which a flat area may be a support [m^2]."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise InvalidRequest(name, value, 'a positive number')
        if not self.min_size < self.max_size:
            raise InvalidRequest('min_size', self.min_size, f'less than max_size, {self.max_size}')


DEFAULTS = SegmentationSettings()


@dataclass(frozen=True)
class Refusal:
    """Why a part is no object."""

    reason: Reason
    message: str
    """One clause with its numbers."""


class Neighbours:
    """Which points of a scene are near each other; asked for parts of several choices of them."""

    def __init__(self, points: Points, reach: float) -> None:
        """
        Find all pairs of points (N, 3) at most ``reach`` apart [m].

        Points should be thinned: the number of pairs grows with their density.
        """
        self._count = len(points)
        self._pairs: NDArray[np.int64] = np.zeros((0, 2), np.int64)
        if len(points):
            self._pairs = cKDTree(points).query_pairs(reach, output_type='ndarray')

    def parts(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the part (N,) of each chosen point, numbered from 0; -1 for the others."""
        pairs = self._pairs[chosen[self._pairs].all(axis=1)]
        graph = coo_matrix(
            (np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (self._count, self._count))
        label = connected_components(graph, directed=False)[1]
        found = np.full(self._count, -1, np.int64)
        found[chosen] = np.unique(label[chosen], return_inverse=True)[1]
        return found


def refusal(
    points: Points, eye: Points, support: FlatArea | None, settings: SegmentationSettings,
    strict: bool = False,
) -> Refusal | None:
    """
    Return why a part cannot be an object, as far as its points tell; None: it may be one.

    :param points: (N, 3) of the part, one at least [m]
    :param eye: (3,) position of the sensor [m]
    :param support: what it should stand on; None: unknown
    :param strict: whether it must lie over what was seen of the support, and hide it
    """
    size = longest_side(points)
    if size > settings.max_size:
        return Refusal('too_large', f'it is {size:.2f} m long, more than {settings.max_size:g} m')
    if size < settings.min_size:
        return Refusal(
            'too_small', f'it is {1e3 * size:.0f} mm long, less than '
            f'{1e3 * settings.min_size:g} mm')
    if np.linalg.norm(points - eye, axis=1).max() > settings.max_range - settings.gap:
        return Refusal('beyond_limits', f'it reaches max_range, {settings.max_range:g} m')
    if support is None:
        return None
    height = support.plane.height(points)
    if height.max() > settings.max_height - settings.gap:
        return Refusal('beyond_limits', f'it reaches max_height, {settings.max_height:g} m')
    top = float(np.quantile(height, 0.95))
    least = max(settings.min_height, MARGINS * support.margin)
    if top < least:
        return Refusal(
            'too_low', f'it rises {1e3 * top:.1f} mm above the support, less than '
            f'{1e3 * least:.1f} mm')
    return _unsupported(points, height, support, settings.max_clearance, strict)


def _unsupported(
    points: Points, height: Points, support: FlatArea, clearance: float, strict: bool
) -> Refusal | None:
    """Return why a part does not rest on a support; None: it may."""
    aside = float(support.aside(points).min())
    if aside > clearance:
        return Refusal('beside', f'it is {aside:.2f} m beside the support')
    out = float(np.mean(support.outside(points) > (0.0 if strict else clearance)))
    if out > BESIDE:
        return Refusal('beside', f'{100 * out:.0f} % of it are beside the support')
    low = float(np.quantile(height, 0.02))
    bare = float(np.mean(support.bare_below(points)))
    if low > FLOATS and bare > (STRICTLY_BARE if strict else BARE):
        return Refusal(
            'floating', f'it is {low:.2f} m above the support, which is seen to be bare below '
            f'{100 * bare:.0f} % of it')
    return None

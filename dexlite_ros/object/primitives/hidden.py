# SPDX-License-Identifier: Apache-2.0
"""Places that something else hides from the camera, where an object may go on unseen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import Points

NEARER = 0.01
"""What hides a place is at least this much nearer to the camera [m]."""
STEP = 0.005
"""Steps in which the end of a hidden part is looked for [m]."""
FARTHEST = 0.25
"""Largest hidden part [m]."""
# Of the places along an edge that are hidden, if the edge is.
_SHARE = 0.7
# Measured directions compared with that of a place.
_AROUND = 4


class Hidden:
    """The space behind points that were measured on other things."""

    def __init__(self, others: Points, eye: Points) -> None:
        """Look from ``eye`` (3,) at ``others`` (M, 3), at least two [m]."""
        rays = others - eye
        self._eye, self._range = eye, np.linalg.norm(rays, axis=1)
        rays /= np.maximum(self._range, 1e-9)[:, None]
        self._tree = cKDTree(rays)
        self._few = min(_AROUND, len(others))
        gap, _ = self._tree.query(rays[:: max(1, len(rays) // 500)], k=[2])
        self._gap = 2.0 * float(np.median(gap))

    def __call__(self, places: Points) -> NDArray[np.bool_]:
        """Return which ``places`` (P, 3) are hidden [m]."""
        rays = places - self._eye
        reach = np.linalg.norm(rays, axis=1)
        off, index = self._tree.query(rays / reach[:, None], k=range(1, 1 + self._few))
        near = (off < self._gap) & (self._range[index] < reach[:, None] - NEARER)
        hidden: NDArray[np.bool_] = near.any(axis=1)
        return hidden


def around(others: Points, points: Points, eye: Points) -> Points:
    """
    Return the points (M, 3) of other things near the lines of sight to an object [m].

    :param others: (L, 3) on other things [m].
    :param points: (N, 3) on the object [m].
    :param eye: (3,) [m].
    """
    middle = points.mean(axis=0) - eye
    distance = float(np.linalg.norm(middle))
    axis = middle / distance
    reach = float(np.linalg.norm(points - eye - middle, axis=1).max()) + FARTHEST
    rays = others - eye
    along = rays @ axis
    beside = np.linalg.norm(rays - along[:, None] * axis, axis=1)
    ahead = (along > 0.0) & (along < distance + reach)
    chosen: Points = others[ahead & (beside < reach / distance * along)]
    return chosen


def hidden_beyond(hidden: Hidden, edge: Points, outwards: Points) -> float:
    """
    Return how far an object may go on beyond an end that was seen, hidden all the way [m].

    :param hidden: what is hidden.
    :param edge: (P, 3) places where it ends [m].
    :param outwards: (3,) unit direction from the object over this end.
    """
    far = np.arange(STEP, FARTHEST + STEP, STEP)
    places = edge + far[:, None, None] * outwards
    shares = hidden(places.reshape(-1, 3)).reshape(len(far), -1).mean(axis=1)
    seen = np.flatnonzero(shares < _SHARE)
    return STEP * int(seen[0] if len(seen) else len(far))

# SPDX-License-Identifier: Apache-2.0
"""
Radius of a solid of revolution along its axis: linear between knots.

One knot makes a cylinder, two a frustum. N points, K knots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KNOT = 0.012
"""Usual distance of the knots of a free profile [m]."""
_FEWEST, _MOST = 6, 16


def free_knots(low: float, high: float) -> Array:
    """Return the knots (K,) of a free profile between two places on the axis [m]."""
    count = int(np.clip(np.rint((high - low) / KNOT) + 1, _FEWEST, _MOST))
    return np.linspace(low, high, count)


def hats(place: Array, knots: Array) -> tuple[Array, Array]:
    """
    Return the weights (N, K) of the knots' radii at ``place`` (N,), and their derivatives.

    Beyond the first and the last knot the radius is constant.
    """
    count = len(knots)
    weight, slope = np.zeros((len(place), count)), np.zeros((len(place), count))
    if count == 1:
        weight[:] = 1.0
        return weight, slope
    gap = np.diff(knots)
    row = np.arange(len(place))
    left = np.clip(np.searchsorted(knots, place, 'right') - 1, 0, count - 2)
    share = (place - knots[left]) / gap[left]
    inside = (share >= 0.0) & (share <= 1.0)
    share = np.clip(share, 0.0, 1.0)
    weight[row, left], weight[row, left + 1] = 1.0 - share, share
    steep = inside / gap[left]
    slope[row, left], slope[row, left + 1] = -steep, steep
    return weight, slope


def first_radii(place: Array, radius: Array, knots: Array) -> Array:
    """
    Return the median radii (K,) of points near each knot; interpolated where there are none.

    :param place: (N,) of the points along the axis, at least one [m].
    :param radius: (N,) their distances from it [m].
    :param knots: (K,) increasing [m].
    """
    nearest = hats(place, knots)[0].argmax(axis=1)
    found = [k for k in range(len(knots)) if (nearest == k).sum() >= 3]
    if not found:
        return np.full(len(knots), np.median(radius))
    middle = np.array([np.median(radius[nearest == k]) for k in found])
    radii: Array = np.interp(knots, knots[found], middle)
    return radii


def bends(knots: Array, first: int, width: int) -> Array:
    """
    Return the rows (max(K - 2, 0), ``width``) that take second differences of the radii.

    :param knots: (K,).
    :param first: column of the first radius.
    :param width: number of parameters.
    """
    count = max(len(knots) - 2, 0)
    rows = np.zeros((count, width))
    for i in range(count):
        rows[i, first + i:first + i + 3] = 1.0, -2.0, 1.0
    return rows

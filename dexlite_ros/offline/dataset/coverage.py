# SPDX-License-Identifier: Apache-2.0
"""
Balanced choice: places are weighted by 1 / (n + 1), where n grasps are already there.

Dex1B (2025) counts grasps by associated point. With two thousand points, a few dozen grasps rarely
share one, so the count of a point includes its neighbourhood.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

NEIGHBOURHOOD = 0.01
"""Radius within which grasps count as being at the same place, on the scaled object [m]."""


def local_counts(
    cloud: NDArray[np.float64], points: NDArray[np.integer]
) -> NDArray[np.int64]:
    """
    Return the number of grasps (P,) near each point of a cloud (P, 3) [m].

    :param points: (N,) index of each grasp's associated point
    """
    if not len(points):
        return np.zeros(len(cloud), np.int64)
    return cKDTree(cloud[points]).query_ball_point(cloud, NEIGHBOURHOOD, return_length=True)


def rarity(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return 1 / (count + 1)."""
    return 1.0 / (counts.astype(np.float64) + 1.0)


def choose_balanced(
    places: NDArray[np.float64],
    known: NDArray[np.integer],
    wanted: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return indices of at most ``wanted`` of K candidates, in the order they were drawn.

    Each draw prefers places with few grasps, counting those already drawn.

    :param places: (K, 3) associated point of each candidate [m]
    :param known: (K,) number of known grasps at each candidate's place
    :return: indices, and the number of grasps at each one's place when it was drawn
    """
    near = np.linalg.norm(places[:, None] - places, axis=2) <= NEIGHBOURHOOD  # (K, K)
    counts = np.asarray(known, np.int64).copy()
    free = np.ones(len(places), bool)
    chosen, found = [], []
    for _ in range(min(wanted, len(places))):
        weight = rarity(counts) * free
        index = int(rng.choice(len(places), p=weight / weight.sum()))
        chosen.append(index)
        found.append(counts[index])
        free[index] = False
        counts += near[index]
    return np.array(chosen, np.int64), np.array(found, np.int64)

# SPDX-License-Identifier: Apache-2.0
"""
Where a surface is best cut in two along concave edges and gaps, as between two touching objects.

The cut is the normalised one (Shi and Malik 2000) of the graph of neighbouring points, which hold
together less the more concave the surface is between them, by the test of Stein et al. ("Object
partitioning using local convexity", 2014). N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, Points

POINTS = 900
"""Largest number of points that are looked at."""
NEIGHBOURS = 10
"""Edges of the graph for each point."""
STRAIGHT = 0.15
"""Concavity of noise on a flat surface, the sine of an angle."""
YIELDING = 0.08
"""Concavity beyond it that weakens an edge by a factor of e."""
SMALLEST = 0.12
"""Smallest share of the points in a part."""
_WEAKEST = 1e-6
# Weight of every edge at least, so that the graph falls into no more pieces than the points do.


@dataclass(frozen=True)
class Seam:
    """A cut of a surface in two."""

    first: NDArray[np.bool_]
    """(N,) points on one side of it."""
    strength: float
    """How well both sides hold together across it: 0 not at all, about 0.5 or more for one convex
    thing; independent of the number of points."""


def weakest_seam(points: Points, normals: Points) -> Seam:
    """
    Return the seam along which a surface holds together least.

    :param points: (N, 3), at least 20, of one seen surface [m]
    :param normals: (N, 3) unit, outwards
    """
    chosen = np.random.default_rng(0).permutation(len(points))[:POINTS]
    few = points[chosen]
    graph = _graph(few, normals[chosen])
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = degree**-0.5
    _, vectors = eigh(
        scale[:, None] * graph.toarray() * scale,
        subset_by_index=(len(few) - 2, len(few) - 1))
    side, strength = np.zeros(len(few), dtype=bool), np.inf
    for vector in vectors.T:
        order = np.argsort(vector * scale)
        values = _strengths(graph, degree, order)
        best = int(values.argmin())
        if values[best] < strength:
            side[order], strength = np.arange(len(few)) > best, values[best]
    nearest = cKDTree(few).query(points)[1]
    return Seam(side[nearest], float(strength) * float(np.sqrt(len(few))))


def _strengths(
    graph: csr_matrix, degree: NDArray[np.float64], order: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the normalised cut (N - 1,) behind each point in an order; inf: a part too small."""
    edges = graph.tocoo()
    rank = np.argsort(order)
    first, last = (side(rank[edges.row], rank[edges.col]) for side in (np.minimum, np.maximum))
    # Each edge stands in the graph twice, and crosses every cut from its first to its last point.
    across = np.cumsum(
        np.bincount(first, edges.data, len(order)) - np.bincount(last, edges.data, len(order)))
    before = np.cumsum(degree[order])[:-1]
    inverse = 1.0 / before + 1.0 / (degree.sum() - before)
    values: NDArray[np.float64] = 0.5 * across[:-1] * inverse
    smallest = int(SMALLEST * len(order))
    values[:smallest], values[len(values) - smallest:] = np.inf, np.inf
    return values


def _graph(points: Points, normals: Points) -> csr_matrix:
    """Return the symmetric weights (N, N) of the edges between neighbours."""
    count = len(points)
    near = cKDTree(points).query(points, k=min(NEIGHBOURS + 1, count))[1][:, 1:]
    start, end = np.repeat(np.arange(count), near.shape[1]), near.ravel()
    edge = points[end] - points[start]
    length = np.maximum(np.linalg.norm(edge, axis=1), 1e-9)
    concave = -np.einsum('ij,ij->i', normals[end] - normals[start], edge) / length
    weight = np.exp(
        -np.maximum(concave - STRAIGHT, 0.0) / YIELDING
        - (length / (2.0 * mean_spacing(points)))**2)
    graph = coo_matrix(
        (np.maximum(weight, _WEAKEST), (start, end)), shape=(count, count)).tocsr()
    return graph.maximum(graph.T)

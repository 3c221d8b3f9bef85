# SPDX-License-Identifier: Apache-2.0
"""
Completion of the unseen side of an object seen by one camera.

The volume that the object may occupy is bounded by the space seen to be empty (Curless and Levoy
1996), by the support plane, and by the convex hull of all points measured or derived from a
symmetry. Where no measured point is near, the boundary of this volume is taken as the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree, ConvexHull

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.depth_view import DepthView
from dexlite_ros.object.isometries import half_turns, IDENTITY, inversions, Isometries, mirrors
from dexlite_ros.object.support import Plane
from dexlite_ros.object.symmetry import SymmetryFinder
from dexlite_ros.object.viewpoint import sphere_directions

# Walls are assumed to be at least this thick [point spacings].
_WALL = 2.0
# Number of places whose heights above all facets of a hull fit into the processor's cache.
_PART = 1000


@dataclass(frozen=True)
class Completion:
    """Q oriented points all around an object."""

    points: Points
    """(Q, 3) measured points, their symmetric images, and assumed points [m]."""
    normals: Points
    """(Q, 3) unit, outwards."""
    method: str
    """``view`` and the symmetry used, such as ``view+mirror``."""


def complete_view(
    points: Points,
    normals: Points,
    eye: Points,
    spacing: float,
    support: Plane | None = None,
    noise: float = 0.0,
) -> Completion:
    """
    Add points to the unseen side of an object.

    :param points: (N, 3) seen from ``eye`` [m].
    :param normals: (N, 3) unit, outwards.
    :param eye: (3,) position of the camera [m].
    :param spacing: of the points [m].
    :param support: plane the object stands on, if known.
    :param noise: typical error of a point, also where it changes slowly across the image [m].
    """
    view = DepthView.of(points, eye)
    moves = find_moves(SymmetryFinder(points, normals, view, spacing, noise), points, support)
    moved, turned = _believable(points, normals, view, moves, support, noise)
    hull = moved if support is None else np.concatenate([moved, _feet(moved, view, support)])
    assumed, outward = _boundary(view, moves, moved, hull, support, spacing)
    distance, nearest = cKDTree(moved).query(assumed, workers=-1)
    other_side = np.einsum('ni,ni->n', turned[nearest], outward) < -0.2  # of something thin
    far = (distance > 2.0 * spacing) | (other_side & (distance > 0.5 * spacing))
    return Completion(
        np.concatenate([moved, assumed[far]]),
        np.concatenate([turned, outward[far]]),
        f'view+{moves.name}',
    )


def find_moves(finder: SymmetryFinder, points: Points, support: Plane | None) -> Isometries:
    """
    Return the strongest symmetry consistent with a view; the identity alone if there is none.

    :param finder: search prepared for the view.
    :param points: (N, 3) seen [m].
    :param support: plane the object stands on; its normal is the axis to try first.
    """
    up = None if support is None else support.normal
    turns = finder.revolution(up)
    if turns is not None:
        return turns
    if up is None:
        centres = finder.places(7, 7, 10)
        return (looks_convex(points) and finder.tightest(inversions(centres))) or IDENTITY
    first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    first /= np.linalg.norm(first)
    angle = np.deg2rad(np.arange(0.0, 180.0, 7.5))[:, None]
    across = np.cos(angle) * first + np.sin(angle) * np.cross(up, first)
    mirror = finder.best(mirrors(points, across, float(np.ptp(points, axis=0).max()) / 25.0))
    half_turn = finder.best(half_turns(up, finder.places(11, 1, 15, up)))
    if mirror is None or half_turn is None:
        return mirror or half_turn or IDENTITY
    return mirror.then(half_turn)


def looks_convex(points: Points) -> bool:
    """
    Return whether nearly all of ``points`` lie on their convex hull.

    :param points: (N, 3) seen [m].
    """
    depth = -_hull_level(points, points)
    size = float(np.linalg.norm(np.ptp(points, axis=0)))
    return float(np.mean(depth > 0.04 * size)) < 0.05


def _hull_level(points: Points, places: Points) -> NDArray[np.float64]:
    """
    Return the height (P,) of ``places`` above the hull of ``points`` [m]; negative inside.

    The hull is approximated by the outermost points in 500 directions, which is fast for any
    number of points.
    """
    outer = np.unique(np.concatenate([
        (part @ points.T).argmax(axis=1) for part in np.array_split(sphere_directions(500), 25)]))
    facets = np.unique(np.round(ConvexHull(points[outer]).equations, 6), axis=0)
    facets = facets.T.astype(np.float32)  # off by less than a micrometre, in half the time
    return np.concatenate([
        (part @ facets[:3] + facets[3]).max(axis=1)
        for part in np.array_split(places.astype(np.float32), 1 + len(places) // _PART)],
        dtype=np.float64)


def _believable(
    points: Points,
    normals: Points,
    view: DepthView,
    moves: Isometries,
    support: Plane | None,
    noise: float,
) -> tuple[Points, Points]:
    """Return the symmetric images that are not in empty space, with their normals."""
    moved, turned = moves.apply(points), moves.turn(normals)
    flat, outward = moved[1:].reshape(-1, 3), turned[1:].reshape(-1, 3)
    keep = view.behind(flat) > -max(0.004, 2.5 * noise)
    if support is not None:
        keep &= support.height(flat) > -max(0.002, 2.0 * noise)
    return np.concatenate([points, flat[keep]]), np.concatenate([normals, outward[keep]])


def _feet(points: Points, view: DepthView, support: Plane) -> Points:
    """Return projections on the support of those ``points`` that have no visible gap below."""
    feet = support.project(points)
    filled = np.ones(len(points), dtype=bool)
    for share in (0.25, 0.5, 0.75, 1.0):
        filled &= view.behind(points + share * (feet - points)) > -0.006
    return feet[filled]


def _boundary(
    view: DepthView,
    moves: Isometries,
    moved: Points,
    hull: Points,
    support: Plane | None,
    spacing: float,
) -> tuple[Points, Points]:
    """Return oriented points on the boundary of the volume the object may occupy."""
    low, high = hull.min(axis=0), hull.max(axis=0)
    step = max(0.8 * spacing, float((high - low).max()) / 70.0)
    low = low - 3.0 * step
    shape = np.ceil((high + 3.0 * step - low) / step).astype(int)
    nodes = low + step * np.stack(np.meshgrid(*map(np.arange, shape), indexing='ij'), axis=-1)
    nodes = nodes.reshape(-1, 3)
    depth = -_hull_level(hull, nodes)
    # Where a face of the hull passes through seen points, leave a wall behind them.
    thin = np.flatnonzero(depth < _WALL * spacing)
    near, _ = cKDTree(moved).query(
        nodes[thin], distance_upper_bound=4.0 * spacing, workers=-1)
    depth[thin] = np.maximum(depth[thin], _WALL * spacing - np.minimum(near, 1.0))
    if support is not None:
        depth = np.minimum(depth, support.height(nodes))
    left = np.flatnonzero(depth > -2.0 * step)
    for i in range(len(moves)):
        back = moves[i:i + 1].inverse().apply(nodes[left])[0]
        depth[left] = np.minimum(depth[left], view.behind(back))
    depth = np.clip(depth, -2.0 * step, 2.0 * step).reshape(shape)
    return _crossings(ndimage.gaussian_filter(depth, 0.7), low, step)


def _crossings(
    depth: NDArray[np.float64],
    origin: Points,
    step: float,
) -> tuple[Points, Points]:
    """Return the points where grid edges cross depth 0, and the directions of descent there."""
    gradient = np.stack([*np.gradient(depth)], axis=-1)
    found, outward = [], []
    for axis in range(3):
        a = np.take(depth, range(depth.shape[axis] - 1), axis)
        b = np.take(depth, range(1, depth.shape[axis]), axis)
        index = np.argwhere((a > 0) != (b > 0))
        before, after = a[tuple(index.T)], b[tuple(index.T)]
        share = before / (before - after)
        place = index.astype(float)
        place[:, axis] += share
        found.append(origin + step * place)
        nearest = index.copy()
        nearest[:, axis] += share > 0.5
        outward.append(-gradient[tuple(nearest.T)])
    normals = np.concatenate(outward)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.concatenate(found), normals / np.maximum(length, 1e-12)

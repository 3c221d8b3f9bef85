# SPDX-License-Identifier: Apache-2.0
"""
Fit primitives to meshes: a capsule or a box where one comes close, else the convex hull.

What is fitted is the convex hull of each convex piece, which is also what physics simulates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
import trimesh

from dexlite_ros.hand.description import Geom
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.object.mesh_distance import signed_distance
from dexlite_ros.offline.hands.robot_model import Part
from dexlite_ros.offline.hands.skeleton import quaternion
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.surface_points import farthest_points

CLOSE = 0.0005
"""Mean distance up to which a primitive stands for a mesh [m]."""
MOST_VERTICES = 160
"""Vertices that are kept of a hull."""
SAMPLES = 600
"""Points of the surface that fits are compared at."""


@dataclass(frozen=True)
class Fit:
    """A shape, and how far its surface is from that of the mesh, on average over both [m]."""

    geom: Geom
    error: float


def fit_part(part: Part) -> list[Fit]:
    """Return the shapes of a collision shape, in the frame of its link."""
    if part.primitive is not None and not _drawn_out(part.primitive):
        return [Fit(_moved(part.primitive, part.place), 0.0)]
    own = part.vertices if part.primitive is None else geom_mesh(part.primitive).vertices
    vertices = trimesh.transform_points(np.asarray(own), part.place)
    if part.faces is None:
        return [fit_hull(vertices)]
    mesh = trimesh.Trimesh(vertices, part.faces)
    if not mesh.is_watertight:
        return [fit_hull(vertices)]
    return [fit_hull(piece) for piece in convex_pieces(mesh)]


def fit_hull(vertices: NDArray[np.float64]) -> Fit:
    """Return the shape of the convex hull of vertices (V, 3) [m]."""
    hull = trimesh.convex.convex_hull(vertices)
    points = np.asarray(trimesh.sample.sample_surface(hull, SAMPLES, seed=0)[0])
    fits = [Fit(geom, _error(hull, points, geom)) for geom in (_capsule(points), _box(hull))]
    best = min(fits, key=lambda fit: fit.error)
    if best.error <= CLOSE:
        return best
    geom = _hull(hull)
    return Fit(geom, _error(hull, points, geom))


def _drawn_out(geom: Geom) -> bool:
    """Return whether a cylinder is a rod or a disc: as contact, cylinders count as balls."""
    return geom.shape == 'cylinder' and not 0.7 < geom.size[1] / geom.size[0] < 1.4


def _moved(geom: Geom, place: NDArray[np.float64]) -> Geom:
    x, y, z = place[:3, 3].tolist()
    return replace(geom, position=(x, y, z), quat_wxyz=quaternion(place))


def _error(hull: trimesh.Trimesh, points: NDArray[np.float64], geom: Geom) -> float:
    """Return the mean distance of either surface from the other."""
    mesh = geom_mesh(geom)
    others = np.asarray(trimesh.sample.sample_surface(mesh, SAMPLES, seed=0)[0])
    there = signed_distance(np.asarray(mesh.vertices), np.asarray(mesh.faces), points)
    back = signed_distance(np.asarray(hull.vertices), np.asarray(hull.faces), others)
    return float((np.abs(there).mean() + np.abs(back).mean()) / 2)


def _capsule(points: NDArray[np.float64]) -> Geom:
    """Return the capsule nearest to points on a surface, by least squares from their axis."""
    middle = points.mean(0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    along = (points - middle) @ axes[0]
    radius = float(np.linalg.norm((points - middle) @ axes[1:].T, axis=1).mean())
    half = max(float(np.ptp(along)) / 2 - radius, 1e-4)
    first, second = middle - half * axes[0], middle + half * axes[0]

    def apart(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        start, end, size = numbers[:3], numbers[3:6], numbers[6]
        way = end - start
        share = np.clip((points - start) @ way / max(float(way @ way), 1e-12), 0, 1)
        return np.asarray(np.linalg.norm(points - start - share[:, None] * way, axis=1) - size)

    found = least_squares(apart, [*first, *second, radius], max_nfev=60).x
    first, second, radius = found[:3], found[3:6], abs(float(found[6]))
    turn = trimesh.geometry.align_vectors((0, 0, 1), second - first)
    x, y, z = ((first + second) / 2).tolist()
    half = max(float(np.linalg.norm(second - first)) / 2, 1e-5)
    return Geom('capsule', (radius, half), (x, y, z), quaternion(turn))


def _box(hull: trimesh.Trimesh) -> Geom:
    """Return the smallest box around a hull."""
    place, extents = trimesh.bounds.oriented_bounds(hull)
    back = np.linalg.inv(place)
    x, y, z = back[:3, 3].tolist()
    a, b, c = (0.5 * extents).tolist()
    return Geom('box', (a, b, c), (x, y, z), quaternion(back))


def _hull(hull: trimesh.Trimesh) -> Geom:
    vertices = np.asarray(hull.vertices)
    if len(vertices) > MOST_VERTICES:
        vertices = vertices[farthest_points(vertices, MOST_VERTICES)]
    return Geom('hull', vertices=tuple((x, y, z) for x, y, z in vertices.tolist()))

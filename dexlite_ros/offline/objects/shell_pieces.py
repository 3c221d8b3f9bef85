# SPDX-License-Identifier: Apache-2.0
"""
Convex pieces of thin shells, such as bowls and cups.

CoACD bounds its error relative to the object, so pieces of a thin wall reach millimetres into the
hollow, and fingers start inside them. Here the object is halved again and again across its longest
side, until hardly any of its surface lies inside the hull of a part.
"""

from __future__ import annotations

from collections.abc import Iterator

import manifold3d
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
import trimesh

Points = NDArray[np.float64]
FULL = 0.35
"""An object that fills more of its convex hull is not a shell."""
THICK = 0.008
"""Nor is one with a greater mean thickness, twice its volume divided by its area [m]."""
TOLERANCE = 0.001
"""Depth inside its hull that all but a twentieth of a part's surface, with cuts, keeps to [m]."""
SMALLEST = 0.006
"""Parts without a longer side are not halved [m]."""
MOST = 200
"""Number of pieces at which halving ends; the largest errors are mended first."""
SLIVER = 1e-10
"""Pieces of a smaller volume are left out [m^3]; MuJoCo refuses some of them."""
SAMPLES = 200
"""Points on a part's surface that are looked at."""


def is_shell(mesh: trimesh.Trimesh) -> bool:
    """Return whether a solid is mostly hollow and thin; its size counts [m]."""
    hollow = mesh.volume < FULL * mesh.convex_hull.volume
    return bool(hollow and 2 * mesh.volume < THICK * mesh.area)


def shell_pieces(
    mesh: trimesh.Trimesh, tolerance: float = TOLERANCE, most: int = MOST
) -> list[Points]:
    """
    Return the corners (V, 3) of convex pieces that follow a closed mesh within a tolerance [m].

    :param mesh: surface of a solid [m]
    :param tolerance: how far the surface may lie inside a piece [m]
    :param most: number of pieces at which halving ends, reached or not
    :return: empty for a mesh that manifold3d does not take for a solid
    """
    whole = manifold3d.Manifold(manifold3d.Mesh(
        np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)))
    if whole.status() != manifold3d.Error.NoError or whole.is_empty():
        return []
    rng = np.random.default_rng(0)
    waiting = [(_error(whole, rng), whole)]
    done: list[manifold3d.Manifold] = []
    while waiting and len(waiting) + len(done) < most:
        waiting.sort(key=lambda each: each[0])
        error, part = waiting.pop()
        if error <= tolerance or max(_sides(part)) < SMALLEST:
            done.append(part)
            continue
        waiting += [(_error(half, rng), half) for half in _halves(part)]
    hulls = [part.hull() for part in (*done, *(part for _, part in waiting))]
    return [np.asarray(hull.to_mesh().vert_properties[:, :3], float)
            for hull in hulls if hull.volume() > SLIVER]


def surface_depth(points: Points, pieces: list[Points]) -> Points:
    """Return how deep points (N, 3) lie inside convex pieces [m]; 0 outside of all."""
    depth = np.zeros(len(points))
    for piece in pieces:
        planes = ConvexHull(piece).equations
        inside = -(points @ planes[:, :3].T + planes[:, 3]).max(1)
        depth = np.maximum(depth, inside)
    return depth


def _error(part: manifold3d.Manifold, rng: np.random.Generator) -> float:
    """Return the 95 % quantile of the depth of a part's surface inside its hull [m]."""
    shape = part.to_mesh()
    surface = trimesh.Trimesh(shape.vert_properties[:, :3], shape.tri_verts, process=False)
    points, _ = trimesh.sample.sample_surface(surface, SAMPLES, seed=rng)
    try:
        return float(np.quantile(surface_depth(np.asarray(points), [surface.vertices]), 0.95))
    except QhullError:  # It is flat, so nothing lies inside it.
        return 0.0


def _sides(part: manifold3d.Manifold) -> Points:
    """Return the sides (3,) of a part's box [m]."""
    box = np.array(part.bounding_box())
    return np.asarray(box[3:] - box[:3])


def _halves(part: manifold3d.Manifold) -> Iterator[manifold3d.Manifold]:
    """Yield the bodies into which a plane across its longest side cuts a part."""
    box = np.array(part.bounding_box())
    axis = int(_sides(part).argmax())
    normal = np.eye(3)[axis]
    for half in part.split_by_plane(normal, float((box[axis] + box[axis + 3]) / 2)):
        yield from (body for body in half.decompose() if body.volume() > 0)

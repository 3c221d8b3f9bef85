# SPDX-License-Identifier: Apache-2.0
"""Convex pieces of a mesh for the simulation: read from a file, or cut by CoACD and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
import trimesh

from dexlite_ros.errors import BadMesh, FileError
from dexlite_ros.object.geometry_file import MENDED, read_mesh
from dexlite_ros.object.solidity import check_solid
from dexlite_ros.offline.objects.piece_cache import keep_pieces, kept_pieces
from dexlite_ros.offline.objects.procedural.solids import union
from dexlite_ros.offline.objects.shell_pieces import (
    is_shell,
    MOST,
    shell_pieces,
    SLIVER,
    SMALLEST,
    TOLERANCE,
)

CONVEX_RATIO = 0.97
"""A mesh that fills at least this fraction of its hull is treated as convex."""
CONCAVITY = 0.06
"""Maximum concavity that CoACD leaves in a piece, relative to the object."""
MAX_PIECES = 40
OVERLAP_MAX = 0.1
"""Convex parts of a file are used if their volumes add up to its own within this share."""
MISFIT_MAX = 0.25
"""Largest relative difference between the sizes of a mesh and of its convex parts."""


def convex_pieces(mesh: trimesh.Trimesh) -> list[NDArray[np.float64]]:
    """
    Return the corners (V, 3) of convex pieces that together form the mesh [m].

    CoACD (Wei et al. 2022) decomposes it, or ``shell_pieces`` if it is a thin shell; results are
    kept by mesh content (``piece_cache``).
    """
    ratio = mesh.volume / mesh.convex_hull.volume
    if ratio > CONVEX_RATIO:
        return [np.asarray(mesh.convex_hull.vertices)]
    shell = is_shell(mesh)
    settings = ('shell', TOLERANCE, MOST, SMALLEST, SLIVER) if shell else (CONCAVITY, MAX_PIECES)
    digest = hashlib.sha256(
        np.ascontiguousarray(mesh.vertices).tobytes() + np.ascontiguousarray(mesh.faces).tobytes()
        + repr(settings).encode()).hexdigest()[:24]
    pieces = kept_pieces(digest)
    if pieces is None:
        pieces = (shell_pieces(mesh) if shell else []) or _decompose(mesh)
        keep_pieces(digest, pieces)
    return pieces


def convex_parts(path: str | Path) -> list[NDArray[np.float64]]:
    """Return the corners of an OBJ file's parts if all are convex; otherwise an empty list."""
    if Path(path).suffix.lower() != '.obj':
        return []
    read_mesh(path)  # Refuses what is missing or broken.
    scene = trimesh.load_scene(path, process=False, group_material=False, split_objects=True)
    parts = list(scene.geometry.values())
    convex = len(parts) > 1 and all(
        part.volume > CONVEX_RATIO * part.convex_hull.volume for part in parts)
    return [np.asarray(part.convex_hull.vertices) for part in parts] if convex else []


def fill(parts: list[NDArray[np.float64]], mesh: trimesh.Trimesh) -> bool:
    """Return whether convex parts have the volume of the mesh, and nothing beside it."""
    volume = sum(float(ConvexHull(part).volume) for part in parts)
    corners = np.concatenate(parts)
    beside = max(np.abs(corners.min(0) - mesh.bounds[0]).max(),
                 np.abs(corners.max(0) - mesh.bounds[1]).max())
    return bool(abs(volume / mesh.volume - 1) < OVERLAP_MAX and beside < 0.01 * mesh.scale)


def united(path: Path, parts: list[NDArray[np.float64]]) -> trimesh.Trimesh:
    """
    Return the mesh of an object that is given only as convex parts.

    :raises FileError: when their union is not a solid
    """
    mesh = union(parts)
    try:
        check_solid(mesh)
    except BadMesh as error:
        raise FileError(path, f'the union of its convex parts: {error.reason}') from error
    mesh.metadata[MENDED] = ()
    return mesh


def check_size(path: Path, parts: list[NDArray[np.float64]], mesh: trimesh.Trimesh) -> None:
    """
    Check that convex parts are about as large as the mesh.

    :raises FileError: when they are not
    """
    size = np.ptp(np.concatenate(parts), axis=0)
    if np.abs(size / mesh.extents - 1).max() > MISFIT_MAX:
        theirs, own = (' x '.join(f'{1e3 * side:.0f}' for side in each)
                       for each in (size, mesh.extents))
        raise FileError(
            path, f'its convex parts measure {theirs} mm, the mesh {own} mm; they are not of the '
            'same object and size')


def _decompose(mesh: trimesh.Trimesh) -> list[NDArray[np.float64]]:
    import coacd  # After open3d: the other order breaks open3d.

    coacd.set_log_level('error')
    parts = coacd.run_coacd(
        coacd.Mesh(mesh.vertices, mesh.faces), threshold=CONCAVITY, max_convex_hull=MAX_PIECES,
        seed=1)
    return [np.asarray(vertices) for vertices, _ in parts]

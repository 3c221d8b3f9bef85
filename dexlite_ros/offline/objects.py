"""Object meshes for simulation: folders of meshes, and their convex pieces."""

from __future__ import annotations

import csv
from dataclasses import dataclass
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.files import replaced
from dexlite_ros.object.geometry_file import load_mesh

CACHE = Path.home() / '.cache' / 'dexlite_ros' / 'convex_pieces'
CONVEX_RATIO = 0.97
"""A mesh that fills this much of its hull is its hull."""
CONCAVITY = 0.06
"""Largest concavity CoACD leaves in a piece, relative to the object."""
MAX_PIECES = 40


@dataclass(frozen=True)
class ObjectFile:
    """One row of a folder's manifest."""

    name: str
    path: Path
    split: str
    tier: str


def list_objects(
    folder: str | Path, split: str | None = None, tier: str | None = None
) -> list[ObjectFile]:
    """
    Return the objects of a folder with a manifest.csv (columns id, split, tier), in its order.

    :param split: only this split, such as 'train' or 'dev'
    :param tier: only this tier, such as 'core' or 'hard'
    :raises FileError: when there is no manifest
    """
    manifest = Path(folder) / 'manifest.csv'
    if not manifest.is_file():
        raise FileError(manifest, 'no such file; give a folder with manifest.csv in it')
    with manifest.open(newline='') as rows:
        objects = [
            ObjectFile(row['id'], Path(folder) / row['id'] / 'mesh.obj', row['split'], row['tier'])
            for row in csv.DictReader(rows)]
    return [
        each for each in objects
        if split in (None, each.split) and tier in (None, each.tier)]


def convex_pieces(mesh: trimesh.Trimesh) -> list[NDArray[np.float64]]:
    """
    Return the corners (V, 3) of convex pieces that together are the mesh [m].

    CoACD (Wei et al. 2022) cuts it; the result is kept in the user's cache by content.
    """
    ratio = mesh.volume / mesh.convex_hull.volume
    if ratio > CONVEX_RATIO:
        return [np.asarray(mesh.convex_hull.vertices)]
    digest = hashlib.sha256(
        np.ascontiguousarray(mesh.vertices).tobytes() + np.ascontiguousarray(mesh.faces).tobytes()
        + repr((CONCAVITY, MAX_PIECES)).encode()).hexdigest()[:24]
    cached = CACHE / f'{digest}.npz'
    if cached.is_file():
        with np.load(cached) as stored:
            return [stored[name] for name in stored.files]
    pieces = _decompose(mesh)
    with replaced(cached) as temporary, temporary.open('wb') as stream:
        np.savez(stream, *pieces)
    return pieces


def load_object(
    path: str | Path, scale: float = 1.0
) -> tuple[trimesh.Trimesh, list[NDArray[np.float64]]]:
    """
    Return a mesh and its convex pieces, both scaled to metres.

    A file whose parts are all convex is cut already, as by CoACD, and is taken as it is.

    :param scale: factor from the file's unit to metres
    :raises FileError: when the file is not a mesh, or has no volume
    :raises InvalidRequest: for a scale that is not positive
    """
    if not scale > 0:
        raise InvalidRequest('scale', scale, 'a positive number')
    mesh = load_mesh(path)
    mesh.apply_scale(scale)
    if not abs(mesh.convex_hull.volume) > 0:
        raise FileError(path, 'it is flat: its convex hull has no volume')
    parts = _convex_parts(path)
    if parts:
        return mesh, [part * scale for part in parts]
    return mesh, convex_pieces(mesh)


def _convex_parts(path: str | Path) -> list[NDArray[np.float64]]:
    """Return the corners of the parts of an OBJ file that is cut into convex ones; else none."""
    if Path(path).suffix.lower() != '.obj':
        return []
    scene = trimesh.load_scene(path, process=False, group_material=False, split_objects=True)
    parts = list(scene.geometry.values())
    convex = len(parts) > 1 and all(
        part.volume > CONVEX_RATIO * part.convex_hull.volume for part in parts)
    return [np.asarray(part.convex_hull.vertices) for part in parts] if convex else []


def _decompose(mesh: trimesh.Trimesh) -> list[NDArray[np.float64]]:
    import coacd  # After open3d: the other order breaks open3d.

    coacd.set_log_level('error')
    parts = coacd.run_coacd(
        coacd.Mesh(mesh.vertices, mesh.faces), threshold=CONCAVITY, max_convex_hull=MAX_PIECES,
        seed=1)
    return [np.asarray(vertices) for vertices, _ in parts]

# SPDX-License-Identifier: Apache-2.0
"""Object meshes for simulation: folders of meshes, and their convex pieces."""

from __future__ import annotations

import csv
from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import QhullError
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.object.geometry_file import load_mesh, MESH_SUFFIXES
from dexlite_ros.offline.objects.piece_cache import keep_pieces, kept_pieces

CONVEX_RATIO = 0.97
"""A mesh that fills at least this fraction of its hull is treated as convex."""
CONCAVITY = 0.06
"""Maximum concavity that CoACD leaves in a piece, relative to the object."""
MAX_PIECES = 40
MANIFEST = 'manifest.csv'
CONVEX_PARTS = ('coacd.obj', 'decomposed.obj')
"""File names that other projects use for meshes decomposed into convex parts."""


@dataclass(frozen=True)
class ObjectFile:
    """One object of a folder."""

    name: str
    path: Path
    """File of its mesh."""
    pieces: Path | None = None
    """The same mesh decomposed into convex parts, if the folder has one."""
    split: str = ''
    tier: str = ''
    unit: float = 1.0
    """Metres per unit of the file."""
    licence: str = ''
    group: str = ''
    """Group of similar objects; empty: a group of its own."""
    family: ClassVar[str] = 'mesh'


def list_objects(
    folder: str | Path, split: str | None = None, tier: str | None = None
) -> list[ObjectFile]:
    """
    Return the objects of a folder.

    With a manifest.csv (columns id, split, tier), these are its rows, in order, with meshes in
    ID/mesh.obj. Without, every mesh file and every subfolder with mesh files is one object,
    sorted by name; the files coacd.obj and decomposed.obj of
    DexGraspBench and DexGraspNet count as its convex parts.

    :param split: only this split, such as 'train' or 'dev'; needs a manifest
    :param tier: only this tier, such as 'core' or 'hard'; needs a manifest
    :raises FileError: when there is no such folder, or no mesh in it
    """
    folder = Path(folder)
    manifest = folder / MANIFEST
    if not manifest.is_file():
        if not folder.is_dir():
            raise FileError(folder, 'there is no such folder')
        if split or tier:
            raise FileError(manifest, 'no such file; it tells the split and the tier of objects')
        return _mesh_files(folder)
    with manifest.open(newline='') as rows:
        objects = [
            ObjectFile(
                row['id'], folder / row['id'] / 'mesh.obj', split=row['split'],
                tier=row['tier'], licence=row.get('licence', ''), group=row.get('split_key', ''))
            for row in csv.DictReader(rows)]
    wanted = [
        each for each in objects
        if split in (None, each.split) and tier in (None, each.tier)]
    if not wanted:
        raise FileError(manifest, f"it has no object of split '{split}' and tier '{tier}'")
    return wanted


def _mesh_files(folder: Path) -> list[ObjectFile]:
    """Return one object for each mesh file, or each folder with mesh files, in ``folder``."""
    found = []
    for entry in sorted(folder.iterdir()):
        files = sorted(
            each for each in ([entry] if entry.is_file() else entry.rglob('*'))
            if each.suffix.lower() in MESH_SUFFIXES)
        whole = [each for each in files if each.name not in CONVEX_PARTS]
        parts = [each for each in files if each.name in CONVEX_PARTS]
        if files:
            found.append(ObjectFile(
                entry.stem if entry.is_file() else entry.name,
                (whole or parts)[0], parts[0] if parts else None))
    if not found:
        raise FileError(folder, f'there is no mesh in it ({", ".join(MESH_SUFFIXES)})')
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileError(folder, f'several objects in it are called {", ".join(twice)}')
    return found


def convex_pieces(mesh: trimesh.Trimesh) -> list[NDArray[np.float64]]:
    """
    Return the corners (V, 3) of convex pieces that together form the mesh [m].

    CoACD (Wei et al. 2022) decomposes it; results are kept by mesh content (``piece_cache``).
    """
    ratio = mesh.volume / mesh.convex_hull.volume
    if ratio > CONVEX_RATIO:
        return [np.asarray(mesh.convex_hull.vertices)]
    digest = hashlib.sha256(
        np.ascontiguousarray(mesh.vertices).tobytes() + np.ascontiguousarray(mesh.faces).tobytes()
        + repr((CONCAVITY, MAX_PIECES)).encode()).hexdigest()[:24]
    pieces = kept_pieces(digest)
    if pieces is None:
        pieces = _decompose(mesh)
        keep_pieces(digest, pieces)
    return pieces


def load_pieces(
    target: ObjectFile, scale: float = 1.0
) -> tuple[trimesh.Trimesh, list[NDArray[np.float64]]]:
    """
    Return an object's mesh and its convex pieces, both scaled to metres.

    A file whose parts are all convex counts as decomposed and is used as is.

    :param scale: factor applied to the object's own size
    :raises FileError: when the file is not a mesh, or has no volume
    :raises InvalidRequest: for a scale that is not positive
    """
    if not scale > 0:
        raise InvalidRequest('scale', scale, 'a positive number')
    mesh = load_mesh(target.path)
    scale *= target.unit
    mesh.apply_scale(scale)
    if np.linalg.matrix_rank(mesh.vertices - mesh.vertices.mean(0), tol=1e-9) < 3:
        raise FileError(target.path, 'it is flat, so it has no volume')
    try:
        parts = _convex_parts(target.pieces or target.path)
        return mesh, [part * scale for part in parts] or convex_pieces(mesh)
    except (QhullError, RuntimeError, ValueError) as error:
        raise FileError(target.path, f'it cannot be cut into convex pieces: {error}') from error


def _convex_parts(path: str | Path) -> list[NDArray[np.float64]]:
    """Return the corners of an OBJ file's parts if all are convex; otherwise an empty list."""
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

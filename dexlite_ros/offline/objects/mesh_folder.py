# SPDX-License-Identifier: Apache-2.0
"""Object meshes for simulation: folders of meshes, and their convex pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
import csv
from dataclasses import dataclass
import logging
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import QhullError
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.object.cloud import CloudLimits
from dexlite_ros.object.geometry_file import load_mesh, MESH_SUFFIXES
from dexlite_ros.offline.objects.convex_parts import (
    check_size,
    convex_parts,
    convex_pieces,
    fill,
    united,
)
from dexlite_ros.offline.objects.folder_layout import (
    choose,
    is_one_object,
    LeftOut,
    parted,
    sorted_out,
)

MANIFEST = 'manifest.csv'
LIMITS = CloudLimits()
"""Object sizes that the planner accepts."""
log = logging.getLogger(__name__)


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
    sorted by name; ``folder_layout`` tells which file of a subfolder is the object. Shapes that
    are left out are named in a warning.

    :param split: only this split, such as 'train' or 'dev'; needs a manifest
    :param tier: only this tier, such as 'core' or 'hard'; needs a manifest
    :raises FileError: when there is no such folder, no mesh in it, or it is not clear which files
        are the objects
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
    """Return the objects of a folder without a manifest; a warning names what is left out."""
    inside = sorted_out((path for path in folder.rglob('*') if path.is_file()), folder)
    left_out = list(inside.left_out)
    if is_one_object(folder, inside.meshes):
        chosen = choose(folder, inside.meshes)
        found = [ObjectFile(folder.resolve().name, chosen.mesh, chosen.pieces)]
        left_out += chosen.left_out
    else:
        found, more = _entries(folder, inside.meshes)
        left_out += more
    _warn(folder, left_out, inside.others)
    if not found:
        raise FileError(folder, f'there is no mesh in it ({", ".join(MESH_SUFFIXES)})')
    for name, files in _by_name(found).items():
        if len(files) > 1:
            raise FileError(
                folder, f'several objects in it are called {name}: '
                f'{", ".join(str(path.relative_to(folder)) for path in files)}')
    return found


def _entries(folder: Path, meshes: Sequence[Path]) -> tuple[list[ObjectFile], list[LeftOut]]:
    """Return one object for each mesh in a folder, and for each folder in it with meshes."""
    beside = [path for path in meshes if path.parent == folder]
    pieces, left_out = parted(beside)
    unused = {*pieces.values(), *(each.path for each in left_out)}
    found = [ObjectFile(path.stem, path, pieces.get(path))
             for path in beside if path not in unused]
    inner: dict[Path, list[Path]] = {}
    for path in meshes:
        if path.parent != folder:
            inner.setdefault(folder / path.relative_to(folder).parts[0], []).append(path)
    for place, files in inner.items():
        if (place / MANIFEST).is_file():
            raise FileError(place, f'it has a {MANIFEST}; give it instead of the folder around it')
        chosen = choose(place, files)
        found.append(ObjectFile(place.name, chosen.mesh, chosen.pieces))
        left_out += chosen.left_out
    return sorted(found, key=lambda each: each.name), left_out


def _by_name(found: Sequence[ObjectFile]) -> dict[str, list[Path]]:
    """Return the files of all objects of each name."""
    names: dict[str, list[Path]] = {}
    for each in found:
        names.setdefault(each.name, []).append(each.path)
    return names


def _warn(folder: Path, left_out: Sequence[LeftOut], others: Sequence[Path]) -> None:
    """Name the files that are not used, once."""
    if left_out:
        kinds = Counter(path.suffix.lower() or 'no suffix' for path in others)
        without = ', '.join(f'{count} {kind}' for kind, count in kinds.most_common())
        log.warning(
            '%s: %d of its files left out%s:\n%s', folder, len(left_out),
            f', besides those without a shape ({without})' if without else '',
            '\n'.join(f'  {each.path.relative_to(folder)}: {each.reason}' for each in sorted(
                left_out, key=lambda each: each.path)))


def load_pieces(
    target: ObjectFile, scale: float = 1.0
) -> tuple[trimesh.Trimesh, list[NDArray[np.float64]]]:
    """
    Return an object's mesh, mended into a solid, and its convex pieces, both scaled to metres.

    A file whose parts are all convex and hardly overlap counts as decomposed and is used as is.

    :param scale: factor applied to the object's own size
    :raises FileError: when the file is not a mesh, is not the surface of a solid, its size is out
        of range, or its convex parts are of another object or size
    :raises InvalidRequest: for a scale that is not positive
    """
    if not scale > 0:
        raise InvalidRequest('scale', scale, 'a positive number')
    scale *= target.unit
    try:
        if target.pieces == target.path and convex_parts(target.path):
            parts = [part * scale for part in convex_parts(target.path)]
            mesh = united(target.path, parts)
            _check_extent(target.path, mesh)
            return mesh, parts
        mesh = load_mesh(target.path, scale)
        _check_extent(target.path, mesh)
        parts = [part * scale for part in convex_parts(target.pieces or target.path)]
        if parts and target.pieces is not None:
            check_size(target.pieces, parts, mesh)
        elif parts and not fill(parts, mesh):
            parts = []
        return mesh, parts or convex_pieces(mesh)
    except (QhullError, RuntimeError, ValueError) as error:
        raise FileError(target.path, f'it cannot be cut into convex pieces: {error}') from error


def _check_extent(path: Path, mesh: trimesh.Trimesh) -> None:
    extent = float(mesh.extents.max())
    if not LIMITS.extent_min <= extent <= LIMITS.extent_max:
        raise FileError(
            path, f'its longest side is {extent:g} m, outside {LIMITS.extent_min:g} to '
            f'{LIMITS.extent_max:g} m; if the file is in millimetres, add --unit 0.001 (for '
            'stability and validate: --scale 0.001, for evaluate: --scales 0.001)')

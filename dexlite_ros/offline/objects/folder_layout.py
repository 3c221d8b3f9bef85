# SPDX-License-Identifier: Apache-2.0
"""
Which file of a folder is the object, in the layouts in which others hand out their meshes.

Known are DexGraspNet (``coacd/decomposed.obj`` beside its pieces), DexGraspBench
(``mesh/simplified.obj``, ``mesh/coacd.obj``), YCB (``google_16k``, ``poisson``, ``tsdf``,
``clouds``), and ``visual`` beside ``collision``. A folder in none of these layouts, with several
meshes, is refused: which of them is meant cannot be guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
import re

from dexlite_ros.errors import FileError
from dexlite_ros.object.geometry_file import CLOUD_SUFFIXES, is_mesh_file, MESH_SUFFIXES

OWN_SUFFIX = re.compile(r'_(coll?|collision|convex|vhacd|coacd|decomposed)$')
"""What the stem of a mesh made for collisions has besides that of its object."""
PIECE = re.compile(r'.*(convex_?piece|_(hull|vhacd|coacd|convex))_?\d+')
"""Stems of files that hold one convex piece."""
CONVEX_PARTS = ('coacd', 'decomposed')
"""Stems that other projects use for meshes decomposed into convex parts."""
COLLISION = re.compile(r'(.*_)?(coll?|collision|convex|vhacd|coacd|decomposed)')
"""Stems of meshes made for collisions, and names of folders that hold only such meshes."""
YCB = ('google_16k', 'google_64k', 'google_512k', 'poisson', 'tsdf')
"""Folders of an object of YCB, the preferred one first."""
YCB_FILES = ('textured.obj', 'nontextured.ply', 'nontextured.stl')
LAYOUT = {*YCB, 'clouds', 'coacd', 'collision', 'mesh', 'meshes', 'urdf', 'visual'}
"""Names of folders that are parts of one object."""
JUNK = re.compile(r'\..*|__MACOSX|Thumbs\.db|desktop\.ini')
UNREAD = {
    '.3ds', '.3mf', '.blend', '.ctm', '.fbx', '.iges', '.igs', '.mesh', '.msh', '.pts', '.step',
    '.stp', '.usd', '.usda', '.usdc', '.usdz', '.vtk', '.vtp', '.wrl', '.x3d', '.xyz', '.zip'}
"""Suffixes of shapes in formats that are not read."""
SHOWN = 12
"""Largest number of candidates that an error names."""


@dataclass(frozen=True)
class LeftOut:
    """A file with a shape that is not used."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Meshes:
    """The files of a folder, by what they are."""

    meshes: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]
    others: tuple[Path, ...]
    """Files without a shape, such as textures."""


@dataclass(frozen=True)
class Chosen:
    """The file that is the object."""

    mesh: Path
    pieces: Path | None
    """File of the same mesh cut into convex parts."""
    left_out: tuple[LeftOut, ...]


def sorted_out(files: Iterable[Path], root: Path) -> Meshes:
    """Return files by what they are; ``root`` is the folder that they were found in."""
    meshes, left_out, others = [], [], []
    for path in sorted(files):
        suffix = path.suffix.lower()
        shape = suffix in MESH_SUFFIXES or suffix in CLOUD_SUFFIXES or suffix in UNREAD
        if any(JUNK.fullmatch(part) for part in path.relative_to(root).parts):
            if shape:
                left_out.append(LeftOut(path, 'hidden, or written by a system for itself'))
            else:
                others.append(path)
        elif suffix in UNREAD:
            left_out.append(LeftOut(path, f'its format is not one of {", ".join(MESH_SUFFIXES)}'))
        elif not shape:
            others.append(path)
        elif suffix == '.pcd' or (suffix == '.ply' and _is_cloud(path)):
            left_out.append(LeftOut(path, 'a cloud, without faces'))
        else:
            meshes.append(path)
    return Meshes(tuple(meshes), tuple(left_out), tuple(others))


def is_one_object(folder: Path, meshes: Sequence[Path]) -> bool:
    """Return whether a folder is one object, as its meshes are in parts of a known layout."""
    parts = {path.relative_to(folder).parts[0] for path in meshes if path.parent != folder}
    return bool(parts) and parts <= LAYOUT and all(path.parent != folder for path in meshes)


def choose(folder: Path, meshes: Sequence[Path]) -> Chosen:
    """
    Return which of the meshes in a folder is the object.

    :param meshes: at least one, all in the folder or below it
    :raises FileError: when this cannot be told; it names the candidates
    """
    single = [path for path in meshes if PIECE.fullmatch(path.stem)]
    collision = [
        path for path in meshes if path not in single and _for_collisions(path, folder)]
    whole = [path for path in meshes if path not in single and path not in collision]
    decomposed = [path for path in collision if path.stem in CONVEX_PARTS] or collision
    candidates = _preferred(folder, whole) if whole else decomposed
    if len(candidates) != 1:
        raise _ambiguous(folder, candidates or single)
    (mesh,) = candidates
    parts = [path for path in decomposed if path.suffix.lower() == '.obj']
    pieces = parts[0] if len(parts) == 1 else None
    return Chosen(mesh, pieces, tuple(
        LeftOut(path, _reason(path, mesh, single, collision))
        for path in meshes if path not in (mesh, pieces)))


def parted(files: Sequence[Path]) -> tuple[dict[Path, Path], list[LeftOut]]:
    """
    Return the objects among meshes side by side, each with its convex parts, and what is left out.

    ``mug_collision.obj`` and ``mug_vhacd.obj`` belong to a ``mug`` of any format.
    """
    stems = {path.stem: path for path in files}
    pieces: dict[Path, Path] = {}
    left_out = []
    for path in files:
        stem, count = OWN_SUFFIX.subn('', path.stem)
        owner = stems.get(stem) if count else None
        if PIECE.fullmatch(path.stem) and len(files) > 1:
            left_out.append(LeftOut(path, 'one convex piece, not a whole object'))
        elif owner is not None:
            if owner in pieces or path.suffix.lower() != '.obj':
                left_out.append(LeftOut(path, f'for collisions; the object is {owner.name}'))
            else:
                pieces[owner] = path
    return pieces, left_out


def _is_cloud(path: Path) -> bool:
    try:
        return not is_mesh_file(path)
    except FileError:
        return False  # A broken file is reported when it is read, with the reason.


def _for_collisions(path: Path, folder: Path) -> bool:
    """Return whether a mesh is made for collisions, as its name or that of its folder says."""
    inner = path.relative_to(folder).parts[:-1]
    return bool(COLLISION.fullmatch(path.stem)) or any(COLLISION.fullmatch(part) for part in inner)


def _preferred(folder: Path, whole: Sequence[Path]) -> list[Path]:
    """Return the meshes that a known layout prefers; all when there is no such layout."""
    rules: list[Callable[[Path], bool]] = [
        *(lambda path, name=name: path.parent.name == name for name in YCB),
        lambda path: 'visual' in path.relative_to(folder).parts[:-1] or path.stem == 'visual',
        lambda path: path.parent.name == 'mesh' and path.name == 'simplified.obj',
        *(lambda path, name=name: path.name == name for name in YCB_FILES),
        lambda path: path.parent == folder and path.name == 'mesh.obj',
        lambda path: path.parent == folder and path.stem == folder.name]
    found = list(whole)
    for rule in rules:
        if len(found) > 1:
            found = [path for path in found if rule(path)] or found
    return found


def _reason(
    path: Path, mesh: Path, single: Sequence[Path], collision: Sequence[Path]
) -> str:
    if path in single:
        return 'one convex piece, not a whole object'
    kind = 'for collisions' if path in collision else 'another version'
    return f'{kind}; the object is {mesh.parent.name}/{mesh.name}'


def _ambiguous(folder: Path, candidates: Sequence[Path]) -> FileError:
    names = [str(path.relative_to(folder)) for path in candidates]
    listed = ', '.join(names[:SHOWN]) + (
        f' and {len(names) - SHOWN} more' if len(names) > SHOWN else '')
    inner = {path.relative_to(folder).parts[0] for path in candidates if path.parent != folder}
    if len(inner - LAYOUT) > 1:
        return FileError(
            folder, f'it is a folder of objects in itself ({listed}); give it instead of the '
            'folder around it')
    return FileError(
        folder, f'it does not tell which of its meshes is the object: {listed}; leave one of '
        'them, or make each a folder or a file of its own')

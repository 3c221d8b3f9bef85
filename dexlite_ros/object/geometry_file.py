# SPDX-License-Identifier: Apache-2.0
"""
Geometry from files: clouds (PLY, PCD) and meshes (OBJ, STL, OFF, GLB, GLTF, DAE, PLY with faces).

A PLY file may hold either; its header tells which. All is in metres, unless a unit is given, and
in the frame of the file: the axes of GLB, GLTF and DAE are not turned.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import trimesh

from dexlite_ros.errors import BadMesh, FileError
from dexlite_ros.object.cloud import organised_pixels, PointCloud, Points
from dexlite_ros.object.mesh_repair import mend
from dexlite_ros.object.obstacle_points import spread_over_faces
from dexlite_ros.open3d_core import open3d_core

CLOUD_SUFFIXES = ('.pcd', '.ply')
MESH_SUFFIXES = ('.dae', '.glb', '.gltf', '.obj', '.off', '.ply', '.stl')
MENDED = 'mended'
"""Key of a mesh's metadata that holds what was changed, in sentences."""
log = logging.getLogger(__name__)


def load_geometry(path: str | Path) -> PointCloud | trimesh.Trimesh:
    """
    Read a cloud or a mesh to plan on, whichever ``path`` holds.

    A mesh is mended as by ``load_mesh``, with a warning. One that is open and does not tell what
    it encloses stays open, also with a warning: a planner can close it like a cloud.

    :param path: a cloud or a mesh [m]
    :raises FileError: missing, unreadable, of an unknown kind, or a closed mesh that is no solid
    """
    if not is_mesh_file(path):
        return load_cloud(path)
    mesh = read_mesh(path)
    try:
        mended = mend(mesh)
    except BadMesh as error:
        if mesh.is_watertight:
            raise FileError(path, error.reason) from error
        log.warning('%s: %s; its faces are taken as a cloud', path, error.reason)
        return mesh
    if mended.notes:
        log.warning('%s was mended: %s', path, '; '.join(mended.notes))
    return mended.mesh


def is_mesh_file(path: str | Path) -> bool:
    """
    Return whether ``path`` holds triangles, by its suffix and, for PLY, by its header.

    :raises FileError: missing, or of an unknown kind
    """
    path = _existing(path, (*CLOUD_SUFFIXES, *MESH_SUFFIXES))
    if path.suffix.lower() != '.ply':
        return path.suffix.lower() in MESH_SUFFIXES
    with path.open('rb') as stream:
        for line in stream:
            words = line.split()
            if words[:2] == [b'element', b'face'] and words[2:]:
                return int(words[2]) > 0
            if words[:1] == [b'end_header']:
                return False
    raise FileError(path, 'its PLY header does not end')


def load_cloud(path: str | Path) -> PointCloud:
    """
    Read the points, and normals if any, of a .ply or .pcd file.

    Of a .pcd file also the viewpoint, and the pixels of its points if it is organised.

    A viewpoint at the origin is what programs write that know none, so it counts as not stated.

    :param path: file in metres.
    :raises FileError: missing, unreadable, or without points.
    """
    path = _existing(path, CLOUD_SUFFIXES)
    open3d = open3d_core()
    with open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error):
        cloud = open3d.io.read_point_cloud(str(path))
    if not cloud.has_points():
        raise FileError(path, 'it holds no points that open3d can read')
    normals = np.asarray(cloud.normals).copy() if cloud.has_normals() else None
    points, header = np.asarray(cloud.points).copy(), _pcd_header(path)
    size = _image_size(header, len(points))
    return PointCloud(
        points, normals, _viewpoint(header), 'read',
        None if size is None else organised_pixels(*size), size)


def _pcd_header(path: Path) -> dict[bytes, list[bytes]]:
    """Return the entries of the header of a PCD file; of another file, none."""
    entries: dict[bytes, list[bytes]] = {}
    if path.suffix.lower() != '.pcd':
        return entries
    with path.open('rb') as stream:
        for line in stream:
            key, *words = line.split() or [b'']
            entries.setdefault(key, words)
            if key == b'DATA':
                break
    return entries


def _viewpoint(header: dict[bytes, list[bytes]]) -> Points | None:
    """Return the position (3,) in the header of a PCD file [m]; None: not stated."""
    try:
        position = np.array([float(word) for word in header.get(b'VIEWPOINT', [])[:3]])
    except ValueError:
        return None
    stated = position.shape == (3,) and np.isfinite(position).all() and position.any()
    return position if stated else None


def _image_size(header: dict[bytes, list[bytes]], count: int) -> tuple[int, int] | None:
    """Return columns and rows of an organised PCD file of ``count`` points; None: of another."""
    try:
        columns, rows = (int(header[key][0]) for key in (b'WIDTH', b'HEIGHT'))
    except (KeyError, IndexError, ValueError):
        return None
    return (columns, rows) if min(columns, rows) > 1 and columns * rows == count else None


def load_mesh(path: str | Path, unit: float = 1.0) -> trimesh.Trimesh:
    """
    Read a mesh as the solid it encloses.

    What had to be changed for this is in its metadata under ``MENDED``, as a tuple of sentences.

    :param path: one of MESH_SUFFIXES
    :param unit: metres per unit of the file
    :return: closed and wound outwards [m]; not changed where it was so before
    :raises FileError: missing, unreadable, without faces, or not the surface of a solid
    """
    mesh = read_mesh(path)
    mesh.apply_scale(unit)
    try:
        mended = mend(mesh)
    except BadMesh as error:
        raise FileError(path, error.reason) from error
    mended.mesh.metadata[MENDED] = mended.notes
    return mended.mesh


def read_mesh(path: str | Path) -> trimesh.Trimesh:
    """
    Read the triangles of a mesh as they are, with equal vertices merged.

    :param path: one of MESH_SUFFIXES, in metres; a DAE file may state another unit
    :raises FileError: missing, unreadable, or without faces
    """
    path = _existing(path, MESH_SUFFIXES)
    try:
        mesh = trimesh.load(path, force='mesh', process=True)
        unit = _stated_unit(path)
    except Exception as error:  # The parsers of six formats raise whatever they meet.
        raise FileError(path, f'{type(error).__name__}: {error}') from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise FileError(path, 'it holds no triangles')
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    if unit != 1.0:
        mesh.apply_scale(unit)
    return mesh


def load_obstacles(
    path: str | Path, near: PointCloud | trimesh.Trimesh | None = None
) -> Points:
    """
    Read what a hand must not touch, as points: those of a cloud, or many on the faces of a mesh.

    Points of a mesh are at most 5 mm apart, unless it is so large that they would be too many;
    then a warning tells how far apart they are. Points that are no numbers are dropped, with a
    warning that counts them.

    :param path: a cloud or a mesh [m]
    :param near: the object; faces of a mesh out of a hand's reach of it are left out [m]. None:
        all faces are used
    :return: (M, 3) [m]; none if no point of a cloud is finite
    :raises FileError: missing, unreadable, without points, or without a triangle that has an area
    """
    if is_mesh_file(path):
        triangles = np.asarray(read_mesh(path).triangles)
        points, spacing = spread_over_faces(triangles, _places(near))
        if points is None:
            raise FileError(path, 'none of its triangles has an area')
        if spacing is not None:
            log.warning('%s is so large that its points are %.0f mm apart', path, 1e3 * spacing)
        return points
    points = load_cloud(path).points
    finite = np.isfinite(points).all(axis=1)
    if finite.any() and not finite.all():
        log.warning('%s: %d of %d points are no numbers and are dropped', path,
                    (~finite).sum(), len(points))
    return points[finite]


def _places(target: PointCloud | trimesh.Trimesh | None) -> Points | None:
    if isinstance(target, trimesh.Trimesh):
        return np.asarray(target.vertices)
    return None if target is None else target.points


def _stated_unit(path: Path) -> float:
    """Return metres per unit as a DAE file states it; 1 for all others."""
    if path.suffix.lower() != '.dae':
        return 1.0
    units = trimesh.load_scene(path).units
    return 1.0 if units is None else float(trimesh.units.unit_conversion(units, 'meters'))


def _existing(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        known = ', '.join(sorted(set(suffixes)))
        raise FileError(path, f"its suffix '{path.suffix}' is not one of {known}")
    if not path.is_file():
        raise FileError(path, 'there is no such file')
    return path

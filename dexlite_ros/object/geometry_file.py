# SPDX-License-Identifier: Apache-2.0
"""
Objects from files: clouds (PLY, PCD) and meshes (OBJ, STL, PLY with faces), in metres.

A PLY file may hold either; its header tells which.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.object.cloud import PointCloud, Points

CLOUD_SUFFIXES = ('.pcd', '.ply')
MESH_SUFFIXES = ('.obj', '.ply', '.stl')


def load_geometry(path: str | Path) -> PointCloud | trimesh.Trimesh:
    """
    Read a cloud or a mesh, whichever ``path`` holds.

    :param path: a .pcd, .ply, .obj or .stl file [m].
    :raises FileError: missing, unreadable or of an unknown kind.
    """
    return load_mesh(path) if is_mesh_file(path) else load_cloud(path)


def is_mesh_file(path: str | Path) -> bool:
    """Return whether ``path`` holds triangles, by its suffix and, for PLY, by its header."""
    path = _existing(path, (*CLOUD_SUFFIXES, *MESH_SUFFIXES))
    if path.suffix.lower() != '.ply':
        return path.suffix.lower() in MESH_SUFFIXES
    with path.open('rb') as stream:
        for line in stream:
            words = line.split()
            if words[:2] == [b'element', b'face']:
                return int(words[2]) > 0
            if words[:1] == [b'end_header']:
                return False
    raise FileError(path, 'its PLY header does not end')


def load_cloud(path: str | Path) -> PointCloud:
    """
    Read the points, and normals if any, of a .ply or .pcd file, and the viewpoint of a .pcd file.

    A viewpoint at the origin is what programs write that know none, so it counts as not stated.

    :param path: file in metres.
    :raises FileError: missing, unreadable, or without points.
    """
    path = _existing(path, CLOUD_SUFFIXES)
    import open3d

    with open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error):
        cloud = open3d.io.read_point_cloud(str(path))
    if not cloud.has_points():
        raise FileError(path, 'it holds no points that open3d can read')
    normals = np.asarray(cloud.normals).copy() if cloud.has_normals() else None
    return PointCloud(np.asarray(cloud.points).copy(), normals, _pcd_viewpoint(path), 'read')


def _pcd_viewpoint(path: Path) -> Points | None:
    """Return the position (3,) in the header of a PCD file [m]; None: not stated."""
    if path.suffix.lower() != '.pcd':
        return None
    with path.open('rb') as stream:
        for line in stream:
            words = line.split()
            if words[:1] == [b'DATA']:
                break
            if words[:1] == [b'VIEWPOINT']:
                try:
                    position = np.array([float(word) for word in words[1:4]])
                except ValueError:
                    return None
                stated = position.shape == (3,) and np.isfinite(position).all() and position.any()
                return position if stated else None
    return None


def load_mesh(path: str | Path) -> trimesh.Trimesh:
    """
    Read a triangle mesh, merge its vertices and fill small holes.

    The result may still be open; check ``mesh.is_watertight``.

    :param path: a .obj, .stl or .ply file in metres.
    :raises FileError: missing, unreadable, or without faces.
    """
    path = _existing(path, MESH_SUFFIXES)
    try:
        mesh = trimesh.load(path, force='mesh', process=True)
    except (ValueError, IndexError, KeyError, TypeError, OSError) as error:
        raise FileError(path, str(error)) from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise FileError(path, 'it holds no triangles')
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    if not mesh.is_watertight:
        mesh.fill_holes()
    if mesh.is_watertight and mesh.volume < 0:
        mesh.invert()
    return mesh


def _existing(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        known = ', '.join(sorted(set(suffixes)))
        raise FileError(path, f"its suffix '{path.suffix}' is not one of {known}")
    if not path.is_file():
        raise FileError(path, 'there is no such file')
    return path

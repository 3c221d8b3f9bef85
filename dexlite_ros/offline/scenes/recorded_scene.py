# SPDX-License-Identifier: Apache-2.0
"""
Scenes in a folder: what a camera measured, and the truth.

For each scene NAME there are NAME.ply, the object's points in the camera's optical frame with the
sensor at the origin; NAME_rest.ply, the other points; NAME_truth.obj, the true mesh in its own
frame; and NAME.json with the poses T_world_truth of that mesh and T_world_cloud of the camera, in
a world with z up and the table at z = 0. Lengths are in metres.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced, write_json
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.geometry_file import load_cloud
from dexlite_ros.offline.objects.mesh_folder import ObjectFile
from dexlite_ros.offline.scenes.seen_scene import SeenScene

TRUTH = '_truth.obj'


def list_scenes(folder: Path) -> list[ObjectFile]:
    """
    Return the objects of a folder of scenes, named after them, sorted by name.

    :raises FileError: when there is no scene in the folder
    """
    found = [
        ObjectFile(path.name.removesuffix(TRUTH), path)
        for path in sorted(folder.glob(f'*{TRUTH}'))]
    if not found:
        raise FileError(folder, f'there is no scene in it: no file NAME{TRUTH}')
    return found


def read_scene(folder: Path, name: str) -> SeenScene:
    """
    Return one scene of a folder.

    :raises FileError: when a file is missing or broken, or a pose is not rigid
    """
    path = folder / f'{name}.json'
    try:
        stored = json.loads(path.read_text())
        truth, camera = (_pose(path, stored, key) for key in ('T_world_truth', 'T_world_cloud'))
    except (OSError, ValueError) as error:
        raise FileError(path, str(error)) from error
    cloud = load_cloud(folder / f'{name}.ply').points
    rest = load_cloud(folder / f'{name}_rest.ply').points
    return SeenScene(PointCloud(cloud, viewpoint=np.zeros(3)), rest, camera, truth)


def write_scene(folder: Path, name: str, scene: SeenScene, mesh: trimesh.Trimesh) -> None:
    """
    Write a scene; its JSON file comes last, so where that is, the others are complete.

    Neighbours are written as the points seen of them, in ``NAME_rest.ply``.

    :param folder: created if needed
    :param name: first part of the names of the files
    :param mesh: the true object in its own frame [m]
    :raises WriteError: when the folder cannot be made or written to
    """
    _write_points(folder / f'{name}.ply', scene.cloud.points)
    _write_points(folder / f'{name}_rest.ply', scene.rest)
    with replaced(folder / f'{name}{TRUTH}') as temporary:
        mesh.export(temporary, file_type='obj', include_normals=False)
    write_json(folder / f'{name}.json', {
        'T_world_truth': scene.object.tolist(), 'T_world_cloud': scene.camera.tolist(),
        'num_points': len(scene.cloud)})


def _write_points(path: Path, points: NDArray[np.float64]) -> None:
    """Write points (N, 3) [m] as a binary PLY file."""
    with replaced(path) as temporary:
        trimesh.PointCloud(points).export(temporary, file_type='ply')


def _pose(path: Path, stored: object, key: str) -> NDArray[np.float64]:
    if not isinstance(stored, dict) or key not in stored:
        raise FileError(path, f'it has no {key}, a pose of 4 x 4 numbers')
    try:
        pose = np.asarray(stored[key], dtype=np.float64)
    except (TypeError, ValueError):
        pose = np.zeros(0)
    if not _is_rigid(pose):
        raise FileError(path, f'its {key} is not a rigid pose of 4 x 4 numbers')
    return pose


def _is_rigid(pose: NDArray[np.float64]) -> bool:
    """Return whether an array is a (4, 4) rotation and translation."""
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        return False
    turn = pose[:3, :3]
    return bool(
        np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0.0
        and np.allclose(pose[3], (0.0, 0.0, 0.0, 1.0)))

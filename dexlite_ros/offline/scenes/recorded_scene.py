# SPDX-License-Identifier: Apache-2.0
"""
Scenes as files: ``NAME.ply``, ``NAME_rest.ply``, ``NAME_truth.obj`` and ``NAME.json``.

The clouds are in the camera's optical frame, the truth is a mesh in its own frame, and the JSON
file has their poses in the world, ``T_world_cloud`` and ``T_world_truth`` (4 x 4; z up, the table
at z = 0). Lengths are in metres.
"""

from __future__ import annotations

from pathlib import Path

import trimesh

from dexlite_ros.files import replaced, write_json
from dexlite_ros.offline.scenes.body_rays import Array
from dexlite_ros.offline.scenes.seen_scene import SeenScene


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
    with replaced(folder / f'{name}_truth.obj') as temporary:
        mesh.export(temporary, file_type='obj', include_normals=False)
    write_json(folder / f'{name}.json', {
        'T_world_truth': scene.object.tolist(), 'T_world_cloud': scene.camera.tolist(),
        'num_points': len(scene.cloud)})


def _write_points(path: Path, points: Array) -> None:
    """Write points (N, 3) [m] as a binary PLY file."""
    with replaced(path) as temporary:
        trimesh.PointCloud(points).export(temporary, file_type='ply')

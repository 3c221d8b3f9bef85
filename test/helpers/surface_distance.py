# SPDX-License-Identifier: Apache-2.0
"""Distances to meshes."""

import numpy as np
import trimesh

from dexlite_ros.open3d_core import open3d_core


def distance_to(mesh: trimesh.Trimesh, points: np.ndarray) -> np.ndarray:
    """Return the distance (N,) of points (N, 3) to the surface of a mesh [m]."""
    core = open3d_core()
    scene = core.t.geometry.RaycastingScene()
    scene.add_triangles(
        core.core.Tensor(np.asarray(mesh.vertices, np.float32)),
        core.core.Tensor(np.asarray(mesh.faces, np.uint32)))
    return scene.compute_distance(core.core.Tensor(np.asarray(points, np.float32))).numpy()

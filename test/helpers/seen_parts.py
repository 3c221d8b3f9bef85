# SPDX-License-Identifier: Apache-2.0
"""What a camera sees of a solid on a table, drawn from the solid's own mesh."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import trimesh

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.primitives.seen_part import SeenPart
from dexlite_ros.object.sampling import cast_rays
from dexlite_ros.open3d_core import open3d_core

EYE = np.array([0.5, 0.25, 0.5])


def seen_part(
    mesh: trimesh.Trimesh,
    eye: Points = EYE,
    *,
    noise: float = 0.0,
    outliers: float = 0.0,
    hidden: Callable[[Points], np.ndarray] | None = None,
    count: int = 1500,
) -> SeenPart:
    """
    Return ``count`` points of the visible side, with their normals, in the mesh's frame.

    :param mesh: on the table z = 0 [m].
    :param eye: (3,) [m].
    :param noise: standard deviation along the line of sight [m].
    :param outliers: share of the points that fly up to 3 cm behind the surface.
    :param hidden: which points (N,) a neighbour hides.
    :param count: of points.
    """
    rng = np.random.default_rng(0)
    points, face = trimesh.sample.sample_surface(mesh, 6 * count, seed=0)
    points, normals = np.asarray(points), np.asarray(mesh.face_normals)[face]
    rays = points - eye
    length = np.linalg.norm(rays, axis=1)
    rays /= length[:, None]
    seen = np.abs(cast_rays(mesh, np.broadcast_to(eye, rays.shape), rays) - length) < 1e-4
    seen &= np.einsum('ni,ni->n', normals, rays) < -0.1
    if hidden is not None:
        seen &= ~hidden(points)
    chosen = rng.permutation(np.flatnonzero(seen))[:count]
    points, normals, rays = points[chosen], normals[chosen], rays[chosen]
    points = points + noise * rng.standard_normal((len(points), 1)) * rays
    flying = rng.random(len(points)) < outliers
    points[flying] += rng.uniform(0.005, 0.03, (flying.sum(), 1)) * rays[flying]
    return SeenPart(points, normals, eye, max(noise, 0.001))


def standing(mesh: trimesh.Trimesh, yaw: float = 0.0, x: float = 0.0, y: float = 0.0
             ) -> trimesh.Trimesh:
    """Return the mesh turned about the vertical and put on the table at (x, y) [rad, m]."""
    mesh = mesh.copy()
    mesh.apply_transform(trimesh.transformations.rotation_matrix(yaw, (0.0, 0.0, 1.0)))
    mesh.apply_translation((x, y, -mesh.bounds[0, 2]))
    return mesh


def deviation(mesh: trimesh.Trimesh, truth: trimesh.Trimesh) -> float:
    """Return the mean distance of points all over a true surface from a mesh [m]."""
    core = open3d_core()
    scene = core.t.geometry.RaycastingScene()
    scene.add_triangles(core.core.Tensor(np.asarray(mesh.vertices, np.float32)),
                        core.core.Tensor(np.asarray(mesh.faces, np.uint32)))
    places = trimesh.sample.sample_surface(truth, 2000, seed=1)[0].astype(np.float32)
    return float(scene.compute_distance(core.core.Tensor(places)).numpy().mean())

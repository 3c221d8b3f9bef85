# SPDX-License-Identifier: Apache-2.0
"""
Simulated clouds of meshes: from all around, or as seen by one camera.

For demonstrations, tests and evaluations; not used in planning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.open3d_core import open3d_core, raycasting_scene


@dataclass(frozen=True)
class Camera:
    """A depth camera without lens errors."""

    pixels: int = 400
    """Number of rays along each side of the square image."""
    field_of_view: float = np.deg2rad(40.0)
    """Opening angle of the image's sides [rad]."""
    depth_noise: float = 0.001
    """Standard deviation of the measured distance along a ray [m]."""


def sample_mesh(
    mesh: trimesh.Trimesh,
    count: int,
    rng: np.random.Generator,
    noise: float = 0.0,
) -> PointCloud:
    """
    Draw ``count`` points uniformly over the surface of ``mesh``.

    :param mesh: in metres.
    :param count: number of points.
    :param rng: random number generator.
    :param noise: standard deviation added to every coordinate [m].
    :return: a cloud without normals or viewpoint.
    """
    corner = mesh.triangles[rng.choice(len(mesh.faces), count, p=mesh.area_faces / mesh.area)]
    weight = np.sort(rng.random((count, 2)), axis=1)
    weight = np.diff(weight, axis=1, prepend=0.0, append=1.0)  # (count, 3), uniform in triangles
    points = np.einsum('nc,ncx->nx', weight, corner)
    return PointCloud(points + noise * rng.standard_normal(points.shape))


def view_mesh(
    mesh: trimesh.Trimesh,
    eye: Points,
    rng: np.random.Generator,
    camera: Camera | None = None,
) -> PointCloud:
    """
    Return the points of ``mesh`` that a camera at ``eye``, aimed at its centre, measures.

    :param mesh: in metres.
    :param eye: (3,) position of the camera outside the mesh [m].
    :param rng: random number generator for the depth noise.
    :param camera: camera model; None: the default one.
    :return: a cloud with ``eye`` as viewpoint.
    :raises BadCloud: when no ray meets the mesh.
    """
    camera = camera or Camera()
    eye = np.asarray(eye, dtype=np.float64)
    rays = _rays(eye, mesh.bounds.mean(axis=0), camera)  # (pixels^2, 3) unit
    depth = cast_rays(mesh, np.broadcast_to(eye, rays.shape), rays)
    hit = np.isfinite(depth)
    if not hit.any():
        raise BadCloud('the camera does not see the object; aim it at the object')
    depth = depth[hit] + camera.depth_noise * rng.standard_normal(hit.sum())
    return PointCloud(eye + depth[:, None] * rays[hit], viewpoint=eye)


def cast_rays(mesh: trimesh.Trimesh, origins: Points, directions: Points) -> NDArray[np.float64]:
    """
    Return the distance along each ray to ``mesh``; infinity for rays that miss it.

    :param mesh: in metres.
    :param origins: (R, 3) [m].
    :param directions: (R, 3) unit.
    :return: (R,) [m].
    """
    return first_hits(mesh, origins, directions)[0]


def first_hits(
    mesh: trimesh.Trimesh, origins: Points, directions: Points
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return how far along each ray it meets ``mesh``, and the normal of the face there.

    :param mesh: in metres.
    :param origins: (R, 3) [m].
    :param directions: (R, 3) unit.
    :return: (R,) [m], infinity for rays that miss it, and (R, 3) unit.
    """
    scene = raycasting_scene((mesh.vertices, mesh.faces))
    rays = np.concatenate([origins, directions], axis=1).astype(np.float32)
    hits = scene.cast_rays(open3d_core().core.Tensor(rays))
    distance, normal = (hits[name].numpy().astype(np.float64)
                        for name in ('t_hit', 'primitive_normals'))
    return distance, normal


def _rays(eye: Points, target: Points, camera: Camera) -> Points:
    """Return unit directions through the pixels of a square image centred on ``target``."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, np.eye(3)[np.argmin(np.abs(forward))])
    right /= np.linalg.norm(right)
    half = np.tan(0.5 * camera.field_of_view)
    across = half * (2.0 * (np.arange(camera.pixels) + 0.5) / camera.pixels - 1.0)
    u, v = np.meshgrid(across, across)
    rays = forward + u[..., None] * right + v[..., None] * np.cross(forward, right)
    rays = rays.reshape(-1, 3)
    directions: Points = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return directions

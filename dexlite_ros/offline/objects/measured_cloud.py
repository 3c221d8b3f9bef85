# SPDX-License-Identifier: Apache-2.0
"""Clouds of known meshes, measured from all sides or by one camera, for experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.sampling import Camera, sample_mesh, view_mesh
from dexlite_ros.object.support import Plane
from dexlite_ros.offline.physics.table_stability import stable_poses

View = Literal['full', 'single']

DISTANCE = 0.6
"""Between a single camera and the middle of the object [m]."""


@dataclass(frozen=True)
class Setup:
    """Settings of the measurement of clouds."""

    view: View = 'full'
    """``full``: points from all sides. ``single``: one camera, 0.6 m away, 45 degrees above."""
    points: int = 2048
    """Number of points of a full cloud."""
    noise: float = 0.0
    """Standard deviation of the noise, per coordinate or of the camera's depth [m]."""
    support: bool = True
    """Whether the supporting plane is known; applies to one camera."""
    seed: int = 0

    @staticmethod
    def usual_noise(view: View) -> float:
        """Return the default noise for a view [m]."""
        return 0.001 if view == 'single' else 0.0


def measured_cloud(
    mesh: trimesh.Trimesh,
    setup: Setup,
    rng: np.random.Generator,
) -> tuple[PointCloud, NDArray[np.float64], Plane | None]:
    """Return a cloud, the pose (4, 4) of the mesh when measured, and its support if known."""
    if setup.view == 'full':
        return sample_mesh(mesh, setup.points, rng, setup.noise), np.eye(4), None
    pose = at_rest(mesh, rng)
    mesh = mesh.copy().apply_transform(pose)
    return one_view(mesh, rng, setup.noise), pose, support_of(mesh) if setup.support else None


def one_view(
    mesh: trimesh.Trimesh, rng: np.random.Generator, noise: float, distance: float = DISTANCE
) -> PointCloud:
    """
    Return what one camera sees of a mesh, from any side and 45 degrees above.

    :param noise: standard deviation of the depth [m]
    :param distance: between the camera and the middle of the mesh [m]
    """
    azimuth = rng.uniform(0.0, 2.0 * np.pi)
    away = np.array([np.cos(azimuth), np.sin(azimuth), 1.0]) / np.sqrt(2.0)
    eye = mesh.bounds.mean(axis=0) + distance * away
    return view_mesh(mesh, eye, rng, Camera(depth_noise=noise))


def support_of(mesh: trimesh.Trimesh) -> Plane:
    """Return the table that a mesh stands on: z upwards, through its lowest point."""
    return Plane(np.array([0.0, 0.0, 1.0]), float(mesh.bounds[0, 2]))


def at_rest(mesh: trimesh.Trimesh, rng: np.random.Generator) -> NDArray[np.float64]:
    """
    Return a stable pose (4, 4) of ``mesh`` on z = 0, sampled by likelihood.

    A mesh without a stable pose keeps its orientation, with its lowest point on z = 0.
    """
    poses, probability = stable_poses(mesh)
    if not len(poses):
        return trimesh.transformations.translation_matrix((0.0, 0.0, -mesh.bounds[0, 2]))
    return poses[rng.choice(len(probability), p=probability / probability.sum())]

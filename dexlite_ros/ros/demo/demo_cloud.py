# SPDX-License-Identifier: Apache-2.0
"""The demo cloud: a mug on a table, as measured by depth cameras around it."""

from __future__ import annotations

import numpy as np
import trimesh

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.mug import mug
from dexlite_ros.object.sampling import Camera, view_mesh

FRAME = 'camera'
"""Frame of the first camera: x right, y down, z forward, as in REP 103."""
DISTANCE = 0.6
"""Distance from the cameras to the centre of the mug [m]."""
ELEVATION = np.deg2rad(30.0)
AZIMUTH = np.deg2rad(-55.0)
"""Azimuth of the first camera [rad]; the mug's handle is at 0."""


def demo_mesh() -> trimesh.Trimesh:
    """Return the mug in the first camera's frame [m]."""
    return mug().apply_transform(_T_camera_table())


def demo_cloud(cameras: int = 3, seed: int = 0, depth_noise: float = 0.001) -> PointCloud:
    """
    Return the combined cloud of all cameras, in the frame of the first one.

    :param cameras: number of cameras, evenly spaced around the mug.
    :param seed: seed of the noise.
    :param depth_noise: standard deviation along each ray [m].
    """
    rng = np.random.default_rng(seed)
    optics = Camera(depth_noise=depth_noise)
    table = np.concatenate([
        view_mesh(mug(), _eye(index / cameras), rng, optics).points for index in range(cameras)])
    matrix = _T_camera_table()
    points = table @ matrix[:3, :3].T + matrix[:3, 3]
    return PointCloud(points, viewpoint=np.zeros(3) if cameras == 1 else None)


def _eye(turn: float) -> np.ndarray:
    """Return the position (3,) of the camera at this fraction of a full turn from the first."""
    angle = AZIMUTH + 2.0 * np.pi * turn
    flat = np.array([np.cos(angle), np.sin(angle), 0.0])
    middle = mug().bounds.mean(axis=0)
    return middle + DISTANCE * (np.cos(ELEVATION) * flat + np.sin(ELEVATION) * np.eye(3)[2])


def _T_camera_table() -> np.ndarray:
    """Return the table's pose (4, 4) in the first camera's frame; the mug is at its origin."""
    eye = _eye(0.0)
    forward = mug().bounds.mean(axis=0) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix

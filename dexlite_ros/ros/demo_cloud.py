"""The demonstration's cloud: a mug as one depth camera measures it."""

from __future__ import annotations

import numpy as np
import trimesh

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.sampling import Camera, view_mesh
from dexlite_ros.object.shapes import mug

FRAME = 'camera'
"""x right, y down, z forward, as REP 103 has it."""
EYE = (0.30, -0.42, 0.38)
"""Position of the camera, the mug standing at the origin of a frame with z up [m]."""


def demo_mesh() -> trimesh.Trimesh:
    """Return the mug in the camera's frame [m]."""
    return mug().apply_transform(_T_camera_table())


def demo_cloud(seed: int = 0, depth_noise: float = 0.001) -> PointCloud:
    """
    Return what the camera sees of the mug, in the camera's frame.

    :param seed: of the noise.
    :param depth_noise: standard deviation along each ray [m].
    """
    camera = Camera(depth_noise=depth_noise)
    seen = view_mesh(mug(), np.array(EYE), np.random.default_rng(seed), camera)
    matrix = _T_camera_table()
    points = seen.points @ matrix[:3, :3].T + matrix[:3, 3]
    return PointCloud(points, viewpoint=np.zeros(3))


def _T_camera_table() -> np.ndarray:
    """Return (4, 4) of a camera at EYE that looks at the mug's middle."""
    eye = np.array(EYE)
    forward = mug().bounds.mean(axis=0) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix

# SPDX-License-Identifier: Apache-2.0
"""Clouds to try the planner with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.geometry_file import load_cloud
from dexlite_ros.object.mug import mug
from dexlite_ros.object.sampling import Camera, view_mesh

FRAME = 'camera'
"""Frame of all examples, that of a camera: x right, y down, z forward, as in REP 103."""
TABLE_VIEW = Path(__file__).with_name('tube_on_table.ply')
TABLE_VIEW_REST = Path(__file__).with_name('tube_on_table_rest.ply')
"""
One simulated view of a Kinect: the points of the object, and the others within 0.2 m of them. They
are those of ``crisp_tube_0000`` of
``dexlite scenes --objects household:24 --limit 12 --neighbours 1 --output FOLDER``.
"""
DISTANCE = 0.6
"""Distance from the cameras to the centre of the mug [m]."""
ELEVATION = np.deg2rad(30.0)
AZIMUTH = np.deg2rad(-55.0)
"""Azimuth of the first camera [rad]; the mug's handle is at 0."""
DEPTH_NOISE = 0.001
"""Standard deviation along each ray [m]."""


@dataclass(frozen=True)
class Example:
    """What a robot would publish of one object."""

    name: str
    """Name of the object."""
    cloud: PointCloud
    """Its points [m]."""
    obstacles: Points | None
    """(M, 3) the other points [m]; None: not measured."""


def tube_on_table() -> Example:
    """Return a tube that lies on a table behind a neighbour, seen by one depth camera."""
    return Example('tube', load_cloud(TABLE_VIEW), load_cloud(TABLE_VIEW_REST).points)


def mug_from_all_sides(cameras: int = 3, seed: int = 0) -> Example:
    """
    Return a mug without a table, as depth cameras around it see it.

    :param cameras: number of cameras, evenly spaced; the points are in the frame of the first
    :param seed: seed of the noise
    """
    rng = np.random.default_rng(seed)
    optics = Camera(depth_noise=DEPTH_NOISE)
    points = np.concatenate([
        view_mesh(mug(), _eye(index / cameras), rng, optics).points for index in range(cameras)])
    matrix = _T_camera_mug()
    return Example('mug', PointCloud(points @ matrix[:3, :3].T + matrix[:3, 3]), None)


EXAMPLES: dict[str, Callable[[], Example]] = {
    'table': tube_on_table, 'all-sides': mug_from_all_sides}
"""Examples by name; the first one is the default."""
DEFAULT_EXAMPLE = next(iter(EXAMPLES))


def _eye(turn: float) -> Points:
    """Return the position (3,) of the camera at this fraction of a full turn from the first."""
    angle = AZIMUTH + 2.0 * np.pi * turn
    flat = np.array([np.cos(angle), np.sin(angle), 0.0])
    middle = mug().bounds.mean(axis=0)
    return np.asarray(
        middle + DISTANCE * (np.cos(ELEVATION) * flat + np.sin(ELEVATION) * np.eye(3)[2]))


def _T_camera_mug() -> Points:
    """Return the pose (4, 4) of the mug in the first camera's frame."""
    eye = _eye(0.0)
    forward = mug().bounds.mean(axis=0) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix

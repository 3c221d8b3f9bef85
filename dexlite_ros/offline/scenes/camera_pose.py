# SPDX-License-Identifier: Apache-2.0
"""Where a camera stands that looks at an object on a table."""

from __future__ import annotations

import numpy as np
import trimesh

from dexlite_ros.errors import UnusableObject
from dexlite_ros.offline.scenes.body_rays import Array
from dexlite_ros.offline.scenes.depth_camera import DepthCamera

DISTANCE = (0.4, 1.0)
"""Range of the distance from the camera to the object's middle [m]."""
ELEVATION = np.deg2rad([25.0, 65.0])
"""Range of the angle of the camera above the object's middle [rad]."""
AIM = 0.02
"""Standard deviation of the place that the camera is aimed at, per coordinate [m]."""
TRIES = 100
RIM = 4
"""Pixels on each side of the image that the object keeps clear of."""


def draw_camera_pose(
    camera: DepthCamera, placed: trimesh.Trimesh, rng: np.random.Generator
) -> Array:
    """
    Return the pose (4, 4) of an upright camera in the world that has all of an object in view.

    Distance, elevation and azimuth are drawn evenly from their ranges; a camera that sees only a
    part is drawn again.

    :param placed: mesh in the world, z up [m]
    :raises UnusableObject: when the object does not fit into the image
    """
    middle = placed.bounds.mean(axis=0)
    for _ in range(TRIES):
        distance, elevation = rng.uniform(*DISTANCE), rng.uniform(*ELEVATION)
        azimuth = rng.uniform(0.0, 2.0 * np.pi)
        away = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
                         np.sin(elevation)])
        pose = look_at(middle + distance * away, middle + AIM * rng.standard_normal(3))
        if fits(camera, placed, pose):
            return pose
    raise UnusableObject(
        f'an object {placed.extents.max():.2f} m long does not fit into the image of a camera at '
        f'most {DISTANCE[1]} m away; scale it down')


def look_at(eye: Array, target: Array) -> Array:
    """Return the pose (4, 4) of an upright optical frame at ``eye`` (3,), aimed at ``target``."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = eye
    return pose


def fits(camera: DepthCamera, placed: trimesh.Trimesh, pose: Array) -> bool:
    """Return whether all of a mesh in the world is within the image of a camera at a pose."""
    corners = trimesh.transform_points(placed.vertices, np.linalg.inv(pose))
    if corners[:, 2].min() <= 0.0:
        return False
    place = camera.focal * np.abs(corners[:, :2] / corners[:, 2:])
    half = np.array([camera.width, camera.height]) / 2 - RIM
    return bool((place < half).all())

# SPDX-License-Identifier: Apache-2.0
"""Rooms with tables and things on them, as a small depth camera sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import trimesh

from dexlite_ros.object.cloud import organised_pixels, PointCloud
from dexlite_ros.object.segmentation import Segmentation
from dexlite_ros.offline.scenes.camera_pose import look_at
from dexlite_ros.offline.scenes.depth_camera import CAMERAS

CAMERA = replace(CAMERAS['kinect'], width=320, height=240, focal=285.0)


def box(size: Sequence[float], x: float, y: float, bottom: float = 0.0) -> trimesh.Trimesh:
    """Return a box (3,) that stands on a height [m]."""
    return trimesh.creation.box(size).apply_translation((x, y, bottom + size[2] / 2))


def tube(radius: float, height: float, x: float, y: float, bottom: float = 0.0):
    """Return an upright cylinder [m]."""
    return trimesh.creation.cylinder(radius, height).apply_translation((x, y, bottom + height / 2))


TABLE = box((0.9, 0.6, 0.03), 0.0, 0.0, -0.03)
FLOOR = box((6.0, 6.0, 0.02), 0.0, 0.0, -0.74)
WALL = box((6.0, 0.02, 4.0), 0.0, 0.36, -1.0)
"""5 cm behind the table."""
CARTON = box((0.16, 0.06, 0.22), 0.0, 0.05)
CAN = tube(0.035, 0.11, 0.18, -0.06)
PACK = box((0.08, 0.1, 0.05), -0.2, -0.08)
THINGS = (CARTON, CAN, PACK)
EYE, AIM = (0.1, -0.85, 0.5), (0.0, 0.05, 0.1)


@dataclass(frozen=True)
class Seen:
    """What the camera measured; N finite points."""

    cloud: PointCloud
    """In the optical frame, organised."""
    labels: np.ndarray
    """(N,) 0: furniture, 1, 2, ...: the things."""
    pose: np.ndarray
    """(4, 4) of the camera in the room."""

    @property
    def up(self) -> np.ndarray:
        """Return the direction (3,) against gravity in the optical frame."""
        return self.pose[2, :3]

    def moved(self, pose: np.ndarray) -> 'Seen':
        """Return the same in a frame in which the optical frame has a pose (4, 4)."""
        cloud = replace(
            self.cloud, points=self.cloud.points @ pose[:3, :3].T + pose[:3, 3],
            viewpoint=pose[:3, 3])
        return replace(self, cloud=cloud, pose=self.pose @ np.linalg.inv(pose))

    def unorganised(self) -> 'Seen':
        """Return the same without pixels."""
        return replace(self, cloud=replace(self.cloud, pixels=None, image_size=None))

    def found(self, segmentation: Segmentation) -> dict[int, tuple[float, float]]:
        """Return purity and completeness of the object that is mostly of each thing."""
        scores = {}
        for index in segmentation.objects:
            label = int(np.bincount(self.labels[index]).argmax())
            own = np.count_nonzero(self.labels[index] == label)
            scores[label] = (own / len(index), own / np.count_nonzero(self.labels == label))
        return scores


def look(
    things: Sequence[trimesh.Trimesh] = THINGS,
    furniture: Sequence[trimesh.Trimesh] = (TABLE, FLOOR, WALL),
    eye: Sequence[float] = EYE, aim: Sequence[float] = AIM, roll: float = 0.0, seed: int = 0,
) -> Seen:
    """
    Return what a camera measures, with the errors of a Kinect.

    :param eye: (3,) where it is, and ``aim`` (3,) what it looks at [m]
    :param roll: about its axis [rad]
    """
    pose = look_at(np.array(eye), np.array(aim))
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]
    pose = pose @ turn
    image = CAMERA.look(things, pose, np.random.default_rng(seed), furniture)
    points, labels = image.points().reshape(-1, 3), image.labels.ravel()
    finite = np.isfinite(points).all(axis=1)
    cloud = PointCloud(
        points[finite], pixels=organised_pixels(CAMERA.width, CAMERA.height)[finite],
        image_size=(CAMERA.width, CAMERA.height))
    return Seen(cloud, labels[finite], pose)

# SPDX-License-Identifier: Apache-2.0
"""Simulated scenes: an object and its neighbours on a table, seen by one camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.errors import BadCloud, InvalidRequest
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.offline.scenes.arrangement import stand, stand_beside
from dexlite_ros.offline.scenes.body_rays import Array
from dexlite_ros.offline.scenes.camera_pose import draw_camera_pose
from dexlite_ros.offline.scenes.depth_camera import (
    CameraName,
    CAMERAS,
    DepthCamera,
    DepthImage,
)
from dexlite_ros.offline.scenes.seen_scene import SeenScene

NEIGHBOURS_MAX = 6
TABLE_SIDE, TABLE_THICKNESS = 1.2, 0.02
"""[m]"""
MIN_POINTS = 150
"""Smallest number of measured points on the object."""
VISIBLE_MIN = 0.3
"""Smallest share of the object's silhouette that neighbours must leave visible."""
SURROUNDINGS = 0.35
"""Points farther than this from all of the object's are left out [m]."""
REST_MAX = 30_000
"""Largest number of other points."""
CANDIDATES_MAX = 50_000
"""Largest number of other points whose distance is looked at."""
CAMERA_TRIES = 10
IN_FRONT_TRIES, ANYWHERE_TRIES = 5, 5
"""Arrangements tried with half of the neighbours on the camera's side, and then without."""
COARSE = 4
"""Visibility is measured in images with one pixel for this many on each side."""


@dataclass(frozen=True)
class SceneSettings:
    """Settings of simulated scenes."""

    camera: CameraName = 'kinect'
    """The camera, with its errors."""
    neighbours: int = 0
    """Number of other objects on the table, 0 to 6."""

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise InvalidRequest('camera', self.camera, f'one of {", ".join(CAMERAS)}')
        if not 0 <= self.neighbours <= NEIGHBOURS_MAX:
            raise InvalidRequest('neighbours', self.neighbours, f'0 to {NEIGHBOURS_MAX}')


def table_scene(
    mesh: trimesh.Trimesh,
    others: Sequence[trimesh.Trimesh],
    settings: SceneSettings,
    rng: np.random.Generator,
) -> SeenScene:
    """
    Return a scene: the object in the middle of a table of 1.2 m, at rest, seen by one camera.

    Neighbours stand beside it, half of them on the camera's side; they leave at least 30 % of the
    object's silhouette visible. Where no such arrangement is found they stand anywhere, and where
    that does not help either the last of them are left out, one after the other, so a scene may
    have fewer neighbours than the settings say.

    :param mesh: the object in its own frame [m]
    :param others: at least as many other meshes as the settings say; the first ones are used
    :param settings: camera and number of neighbours
    :param rng: random number generator; the same state gives the same scene
    :raises InvalidRequest: when there are fewer other meshes than the settings say
    :raises UnusableObject: when the object does not fit into the image
    :raises BadCloud: when no camera measures at least 150 points on the object
    """
    if len(others) < settings.neighbours:
        raise InvalidRequest(
            'others', len(others), f'at least {settings.neighbours} other objects')
    camera = CAMERAS[settings.camera]
    pose = stand(mesh, rng)
    placed = mesh.copy().apply_transform(pose)
    standing = [
        other.copy().apply_transform(stand(other, rng)) for other in others[:settings.neighbours]]
    most = 0
    for _ in range(CAMERA_TRIES):
        view = draw_camera_pose(camera, placed, rng)
        neighbours = _arranged(camera, placed, standing, view, rng)
        image = camera.look([placed, *neighbours], view, rng, [table_top()])
        cloud, rest = _parted(image, rng)
        if len(cloud) >= MIN_POINTS:
            return SeenScene(
                PointCloud(cloud, viewpoint=np.zeros(3)), rest, view, pose, neighbours)
        most = max(most, len(cloud))
    raise BadCloud(
        f'at most {most} points were measured on it by {CAMERA_TRIES} cameras, fewer than '
        f'{MIN_POINTS}; it is too small, thin or flat for this camera')


def visible_share(
    camera: DepthCamera, placed: trimesh.Trimesh, neighbours: Sequence[trimesh.Trimesh],
    view: Array,
) -> float:
    """
    Return the share of an object's silhouette that its neighbours do not hide.

    :param placed: mesh of the object in the world [m]
    :param neighbours: meshes in the world [m]
    :param view: (4, 4) pose of the camera in the world
    """
    coarse = replace(
        CAMERAS['ideal'], width=camera.width // COARSE, height=camera.height // COARSE,
        focal=camera.focal / COARSE)
    rng = np.random.default_rng(0)  # An ideal camera makes no use of it.
    alone, among = (
        int((coarse.look(bodies, view, rng).labels == 1).sum())
        for bodies in ([placed], [placed, *neighbours]))
    return among / alone if alone else 0.0


def _arranged(
    camera: DepthCamera, placed: trimesh.Trimesh, standing: Sequence[trimesh.Trimesh],
    view: Array, rng: np.random.Generator,
) -> tuple[trimesh.Trimesh, ...]:
    """Return as many neighbours, in the world, as leave enough of the object visible."""
    for count in range(len(standing), 0, -1):
        for attempt in range(IN_FRONT_TRIES + ANYWHERE_TRIES):
            neighbours = stand_beside(
                placed, standing[:count], view[:3, 3], attempt < IN_FRONT_TRIES, rng)
            if (len(neighbours) == count
                    and visible_share(camera, placed, neighbours, view) >= VISIBLE_MIN):
                return neighbours
    return ()


def _parted(image: DepthImage, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the points (N, 3) labelled as the object, and the others around them (M, 3) [m]."""
    points, measured = image.points(), np.isfinite(image.depth)
    cloud = points[measured & (image.labels == 1)]
    rest = points[measured & (image.labels != 1)]
    if not len(cloud):
        return cloud, rest[:0]
    near = ((rest > cloud.min(axis=0) - SURROUNDINGS)
            & (rest < cloud.max(axis=0) + SURROUNDINGS)).all(axis=1)
    # In random order, so that the first of them are a fair sample.
    rest = rng.permutation(rest[near])[:CANDIDATES_MAX]
    distance, _ = cKDTree(cloud).query(rest, eps=0.05, distance_upper_bound=SURROUNDINGS)
    return cloud, rest[np.isfinite(distance)][:REST_MAX]


def table_top() -> trimesh.Trimesh:
    """Return the top of the table in the world [m]."""
    top = trimesh.creation.box((TABLE_SIDE, TABLE_SIDE, TABLE_THICKNESS))
    return top.apply_translation((0.0, 0.0, -TABLE_THICKNESS / 2))

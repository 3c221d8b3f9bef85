# SPDX-License-Identifier: Apache-2.0
"""Cameras stand where a robot's would, upright, with all of the object in view."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import UnusableObject
from dexlite_ros.offline.scenes.camera_pose import draw_camera_pose, fits, look_at
from dexlite_ros.offline.scenes.depth_camera import CAMERAS

CAMERA = CAMERAS['kinect']


def test_poses_keep_their_ranges():
    """Distance, elevation, aim and uprightness; azimuths and elevations differ."""
    tall = trimesh.creation.box((0.08, 0.08, 0.3)).apply_translation((0, 0, 0.15))
    rng = np.random.default_rng(0)
    eyes = []
    for _ in range(60):
        pose = draw_camera_pose(CAMERA, tall, rng)
        rotation, away = pose[:3, :3], pose[:3, 3] - [0, 0, 0.15]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) > 0
        assert rotation[2, 0] == pytest.approx(0.0, abs=1e-12), 'the image is level'
        assert rotation[2, 1] < 0, 'down in the image is down in the world'
        distance = np.linalg.norm(away)
        assert 0.4 <= distance <= 1.0
        assert 25 <= np.rad2deg(np.arcsin(away[2] / distance)) <= 65
        miss = np.linalg.norm(np.cross(rotation[:, 2], away))
        assert miss < 0.1
        corners = trimesh.transform_points(tall.vertices, np.linalg.inv(pose))
        place = 570 * corners[:, :2] / corners[:, 2:]
        assert (np.abs(place) < [320, 240]).all()
        eyes.append(away)
    azimuth = np.arctan2(*np.array(eyes)[:, [1, 0]].T)
    assert np.histogram(azimuth, 4, (-np.pi, np.pi))[0].min() >= 5
    assert np.ptp(np.array(eyes)[:, 2]) > 0.3


def test_what_does_not_fit_is_refused():
    """An object taller than the image is named with its length."""
    with pytest.raises(UnusableObject, match='1.50 m long'):
        draw_camera_pose(CAMERA, trimesh.creation.box((0.1, 0.1, 1.5)), np.random.default_rng(0))


def test_what_is_behind_does_not_fit():
    """Its projection would be inside the image."""
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    pose = look_at(np.array([0.0, -0.5, 0.3]), np.zeros(3))
    assert fits(CAMERA, box, pose)
    assert not fits(CAMERA, box, look_at(np.array([0.0, -0.5, 0.3]), np.array([0, -1.0, 0.6])))

# SPDX-License-Identifier: Apache-2.0
"""Clouds are measured of objects at rest, from where a camera could be."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.offline.objects.measured_cloud import at_rest, measured_cloud, Setup

SIDES, MIDDLE = np.array([0.04, 0.06, 0.1]), np.array([0.3, -0.2, 0.5])
BOX = trimesh.creation.box(SIDES).apply_translation(MIDDLE)


def off_surface(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Return how far points are from the surface of the box at a pose [m]."""
    local = trimesh.transform_points(points, np.linalg.inv(pose)) - MIDDLE
    beyond = np.abs(local) - SIDES / 2
    return np.abs(np.linalg.norm(beyond.clip(min=0), axis=1) + beyond.max(axis=1).clip(max=0))


def test_a_full_cloud_is_of_the_object_as_it_is():
    """All its points are on the surface, and nothing stands anywhere."""
    cloud, pose, support = measured_cloud(BOX, Setup(points=500), np.random.default_rng(0))
    assert len(cloud) == 500 and cloud.viewpoint is None and support is None
    assert np.array_equal(pose, np.eye(4))
    assert off_surface(cloud.points, pose).max() < 1e-9


@pytest.mark.parametrize('known', [True, False])
def test_one_camera_sees_the_object_at_rest(known):
    """It stands on z = 0, which is the support where that is known; the eye is 0.6 m away."""
    setup = Setup('single', support=known)
    cloud, pose, support = measured_cloud(BOX, setup, np.random.default_rng(1))
    standing = BOX.copy().apply_transform(pose)
    assert standing.bounds[0, 2] == pytest.approx(0.0, abs=1e-6)
    middle = standing.bounds.mean(axis=0)
    assert np.linalg.norm(cloud.viewpoint - middle) == pytest.approx(0.6)
    assert off_surface(cloud.points, pose).max() < 1e-5
    assert (support is None) != known
    if known:
        assert np.array_equal(support.normal, [0, 0, 1]) and abs(support.offset) < 1e-6


def test_noise_is_what_was_asked_for():
    """Along the rays of a camera, or of every coordinate."""
    for view in ('full', 'single'):
        cloud, pose, _ = measured_cloud(
            BOX, Setup(view, points=3000, noise=0.002), np.random.default_rng(2))
        assert 0.0005 < off_surface(cloud.points, pose).mean() < 0.003


def test_likely_poses_are_drawn_more_often():
    """A flat box lies on its broad face most of the time."""
    flat = trimesh.creation.box((0.1, 0.1, 0.02))
    rng = np.random.default_rng(3)
    heights = [np.ptp(flat.copy().apply_transform(at_rest(flat, rng)).bounds[:, 2])
               for _ in range(30)]
    assert np.mean(np.isclose(heights, 0.02)) > 0.7

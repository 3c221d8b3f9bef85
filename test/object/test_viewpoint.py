# SPDX-License-Identifier: Apache-2.0
"""A viewpoint is given, or assumed at the frame's origin, or estimated from the points."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.cloud import clean_cloud, PointCloud
from dexlite_ros.object.sampling import Camera, sample_mesh, view_mesh
from dexlite_ros.object.viewpoint import find_eye, seen_from

EYE = np.array([0.35, 0.2, 0.42])
CAMERA = Camera(pixels=250, depth_noise=0.0005)
CAN = trimesh.creation.cylinder(radius=0.033, height=0.11, sections=64)
CAN.apply_translation([0.0, 0.0, 0.055])


def test_one_sided_clouds_are_told_from_full_ones() -> None:
    """This works with a viewpoint, with an impossible one, and without one."""
    full = clean_cloud(sample_mesh(CAN, 2048, np.random.default_rng(0))).points
    half = clean_cloud(view_mesh(CAN, EYE, np.random.default_rng(0), CAMERA)).points
    assert find_eye(full, EYE) is None and find_eye(full, None) is None
    assert np.array_equal(find_eye(half, EYE), EYE)
    inside = half.mean(axis=0)
    for viewpoint in (None, inside):
        guess = find_eye(half, viewpoint)
        assert guess is not None
        toward, true = guess - inside, EYE - inside
        assert toward @ true > 0.6 * np.linalg.norm(toward) * np.linalg.norm(true)
    assert np.array_equal(find_eye(half - EYE, None), np.zeros(3))  # a camera's own frame


@pytest.mark.parametrize(('shift', 'expected'), [
    ((0.0, 0.0, 0.8), (0.0, 0.0, 0.0)),  # in a camera's frame
    ((0.0, 0.0, 0.06), None),  # nearer than a sensor can be
    ((0.0, 0.0, 0.0), None),  # in the object's own frame
])
def test_the_origin_is_assumed_where_it_can_be(shift, expected):
    """It must lie outside the object, at some distance."""
    points = np.asarray(trimesh.creation.icosphere(radius=0.05).vertices) + shift
    found = seen_from(PointCloud(points), None).viewpoint
    assert found is None if expected is None else np.array_equal(found, expected)


def test_what_was_said_counts():
    """A given viewpoint overrides the points and the cloud's own viewpoint."""
    cloud = PointCloud(np.array([[0.0, 0.0, 1.0]]), viewpoint=np.ones(3))
    assert np.array_equal(seen_from(cloud, EYE).viewpoint, EYE)
    assert np.array_equal(seen_from(cloud, None).viewpoint, np.ones(3))
    gaps = PointCloud(np.array([[np.nan] * 3, [0.0, 0.0, 1.0]]))
    assert np.array_equal(seen_from(gaps, None).viewpoint, np.zeros(3))
    assert seen_from(PointCloud(np.zeros((0, 3))), None).viewpoint is None

# SPDX-License-Identifier: Apache-2.0
"""Simulated scenes obey the laws of a table and a camera, and keep the object visible."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from surface_distance import distance_to
import trimesh

from dexlite_ros.errors import BadCloud, InvalidRequest
from dexlite_ros.offline.scenes.depth_camera import CAMERAS
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene, visible_share

BOX = trimesh.creation.box((0.07, 0.1, 0.16)).apply_translation((0.1, 0, 0))
TALL = [trimesh.creation.box((0.06, 0.14, 0.2)), trimesh.creation.cylinder(0.04, 0.18),
        trimesh.creation.box((0.1, 0.1, 0.05)), trimesh.creation.cylinder(0.03, 0.12),
        trimesh.creation.box((0.15, 0.2, 0.03)), trimesh.creation.box((0.05, 0.05, 0.05))]


@pytest.fixture(scope='module')
def crowded():
    """Return scenes with neighbours, by the camera's name."""
    return {name: [table_scene(BOX, TALL, SceneSettings(name, 3), np.random.default_rng(seed))
                   for seed in range(count)] for name, count in (('ideal', 2), ('kinect', 3))}


def test_an_ideal_scene_is_exact(crowded):
    """The object's points are on it, other points on the table or a neighbour, all in reach."""
    for scene in crowded['ideal']:
        placed = BOX.copy().apply_transform(scene.object)
        assert placed.bounds[0, 2] == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(placed.bounds.mean(axis=0)[:2], 0.0, atol=1e-9)
        cloud, rest = (trimesh.transform_points(each, scene.camera)
                       for each in (scene.cloud.points, scene.rest))
        assert len(cloud) >= 150 and distance_to(placed, cloud).max() < 1e-4
        others = np.min([np.abs(rest[:, 2]), *(
            distance_to(mesh, rest) for mesh in scene.neighbours)], axis=0)
        assert others.max() < 1e-4 and distance_to(placed, rest).min() > 1e-5
        assert 1000 < len(rest) <= 30_000
        assert cKDTree(cloud).query(rest)[0].max() <= 0.3501
        np.testing.assert_array_equal(scene.cloud.viewpoint, np.zeros(3))
        assert (scene.cloud.points[:, 2] > 0).all()


def test_cameras_and_neighbours_keep_their_ranges(crowded):
    """The camera is 0.4 to 1 m away and 25 to 65 degrees above; three neighbours, all close."""
    hidden = []
    for scene in crowded['kinect']:
        placed = BOX.copy().apply_transform(scene.object)
        away = scene.camera[:3, 3] - placed.bounds.mean(axis=0)
        distance = np.linalg.norm(away)
        assert 0.4 <= distance <= 1.0
        assert 25 <= np.rad2deg(np.arcsin(away[2] / distance)) <= 65
        assert len(scene.neighbours) == 3
        share = visible_share(CAMERAS['kinect'], placed, scene.neighbours, scene.camera)
        assert 0.3 <= share <= 1.0
        hidden.append(1 - share)
    assert max(hidden) > 0.03, 'no neighbour hides anything'


def test_visibility_is_the_share_of_the_silhouette():
    """A screen before half of a box leaves one half; one before all of it nothing."""
    camera, view = CAMERAS['ideal'], np.eye(4)
    box = trimesh.creation.box((0.2, 0.2, 0.02)).apply_translation((0, 0, 0.8))
    half = trimesh.creation.box((0.1, 0.2, 0.01)).apply_translation((0.05, 0, 0.4))
    assert visible_share(camera, box, [], view) == 1.0
    assert visible_share(camera, box, [half], view) == pytest.approx(0.5, abs=0.03)
    whole = trimesh.creation.box((0.5, 0.5, 0.01)).apply_translation((0, 0, 0.4))
    assert visible_share(camera, box, [whole], view) == 0.0


def test_too_much_hidden_means_fewer_neighbours():
    """Five large blocks around a small object, on all sides, would hide nearly all of it."""
    small = trimesh.creation.box((0.03, 0.03, 0.03))
    blocks = [trimesh.creation.box((0.28, 0.28, 0.28))] * 5
    scene = table_scene(small, blocks, SceneSettings('ideal', 5), np.random.default_rng(0))
    placed = small.copy().apply_transform(scene.object)
    assert len(scene.neighbours) < 5
    assert visible_share(CAMERAS['ideal'], placed, scene.neighbours, scene.camera) >= 0.3


def test_real_errors_are_seen(crowded):
    """Most points of a Kinect are within millimetres, some are of the table or in the air."""
    for scene in crowded['kinect']:
        placed = BOX.copy().apply_transform(scene.object)
        off = distance_to(placed, trimesh.transform_points(scene.cloud.points, scene.camera))
        assert 0.0002 < np.median(off) < 0.003
    assert any((distance_to(BOX.copy().apply_transform(scene.object), trimesh.transform_points(
        scene.cloud.points, scene.camera)) > 0.02).any() for scene in crowded['kinect'])


def test_the_seed_decides():
    """The same state of the generator gives the same scene to the last bit."""
    first, again, other = (
        table_scene(BOX, TALL, SceneSettings('stereo', 2), np.random.default_rng(seed))
        for seed in (3, 3, 4))
    assert first.cloud.points.tobytes() == again.cloud.points.tobytes()
    assert first.rest.tobytes() == again.rest.tobytes()
    np.testing.assert_array_equal(first.camera, again.camera)
    np.testing.assert_array_equal(first.neighbours[1].vertices, again.neighbours[1].vertices)
    assert first.cloud.points.tobytes() != other.cloud.points.tobytes()


def test_what_cannot_be_asked_for():
    """Unknown cameras, too many neighbours, too few other objects."""
    for wrong in ({'camera': 'lidar'}, {'neighbours': -1}, {'neighbours': 7}):
        with pytest.raises(InvalidRequest, match=str(*wrong.values())):
            SceneSettings(**wrong)
    with pytest.raises(InvalidRequest, match='at least 2 other objects'):
        table_scene(BOX, TALL[:1], SceneSettings('ideal', 2), np.random.default_rng(0))


def test_what_is_hardly_measured_is_refused():
    """An object with a few pixels, with the number of its points."""
    needle = trimesh.creation.box((0.0008, 0.0008, 0.006))
    with pytest.raises(BadCloud, match=r'at most \d+ points .* fewer than 150'):
        table_scene(needle, [], SceneSettings('kinect'), np.random.default_rng(0))

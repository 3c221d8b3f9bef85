# SPDX-License-Identifier: Apache-2.0
"""The truth lies where the planner's input is, in the frame of the judge, however it is seen."""

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.offline.objects.measured_cloud import Setup
from dexlite_ros.offline.scenes.recorded_scene import write_scene
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView, see, TABLE
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

BOX = trimesh.creation.box((0.07, 0.1, 0.16)).apply_translation((0.1, 0, 0))
OTHER = trimesh.creation.box((0.05, 0.05, 0.1))
IDEAL = SceneSettings('ideal')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return a folder with one recorded scene."""
    place = tmp_path_factory.mktemp('scenes')
    scene = table_scene(BOX, [], IDEAL, np.random.default_rng(5))
    write_scene(place, 'box', scene, BOX)
    return place


def _viewing(kind, folder, oracle=False, seed=0):
    if kind == 'recorded':
        return RecordedView(folder, oracle, seed)
    if kind == 'table':
        return SceneView(IDEAL, oracle, seed)
    return Setup(kind, noise=0.0, seed=seed)


@pytest.mark.parametrize('kind', ['full', 'single', 'table', 'recorded'])
def test_the_truth_lies_where_the_cloud_is(kind, folder):
    """Moved to the judge's frame, points are on the true mesh, and it stands on the table."""
    sight, around = see('box', BOX, _viewing(kind, folder))
    truth = BOX.copy().apply_transform(sight.object)
    points = trimesh.transform_points(sight.target.points, sight.judge)
    assert len(points) > 1000 and distance_to(truth, points).max() < 1e-4
    assert around == ()
    if kind == 'full':
        assert sight.table is None and sight.support is None and sight.obstacles is None
    else:
        assert sight.table == pytest.approx(truth.bounds[0, 2], abs=1e-6)
        eye = trimesh.transform_points(sight.target.viewpoint[None], sight.judge)[0]
        assert eye[2] > sight.table + 0.1
    if kind in ('table', 'recorded'):
        assert sight.support is None, 'it is to be found'
        height = trimesh.transform_points(sight.obstacles, sight.judge)[:, 2]
        np.testing.assert_allclose(height, 0.0, atol=1e-4)


@pytest.mark.parametrize('kind', ['table', 'recorded'])
def test_an_oracle_is_given_the_truth(kind, folder):
    """The mesh where it is and the true table, with the same other points."""
    sight, _ = see('box', BOX, _viewing(kind, folder))
    known, _ = see('box', BOX, _viewing(kind, folder, oracle=True))
    np.testing.assert_array_equal(known.object, sight.object)
    np.testing.assert_allclose(
        known.target.vertices, trimesh.transform_points(BOX.vertices, sight.object))
    np.testing.assert_array_equal(known.judge, np.eye(4))
    np.testing.assert_allclose(
        known.obstacles, trimesh.transform_points(sight.obstacles, sight.judge))
    assert known.support is TABLE and known.table == 0.0


@pytest.mark.parametrize('kind', ['full', 'single', 'table'])
def test_the_seed_decides_what_is_seen(kind, folder):
    """Also with a generator that was made from it before."""
    first, again, other = (
        see('box', BOX, _viewing(kind, folder, seed=seed))[0].target.points for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.tobytes() != other.tobytes()
    given, _ = see('box', BOX, _viewing(kind, folder, seed=1), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(given.target.points, first)


def test_a_recorded_scene_is_what_it_is(folder):
    """Whatever the seed."""
    first, other = (see('box', BOX, RecordedView(folder, seed=seed))[0] for seed in (1, 2))
    np.testing.assert_array_equal(first.target.points, other.target.points)
    with pytest.raises(FileError, match='cup.json'):
        see('cup', BOX, RecordedView(folder))


def test_neighbours_stand_on_the_table_of_the_judge():
    """Where the camera saw them: other points are on the table or on them."""
    sight, around = see('box', BOX, SceneView(SceneSettings('ideal', 1)), [OTHER])
    neighbour, = around
    assert neighbour.bounds[0, 2] == pytest.approx(0.0, abs=1e-9)
    rest = trimesh.transform_points(sight.obstacles, sight.judge)
    off = np.minimum(np.abs(rest[:, 2]), distance_to(neighbour, rest))
    assert off.max() < 1e-4 and (distance_to(neighbour, rest) < 1e-4).any()

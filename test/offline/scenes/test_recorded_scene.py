# SPDX-License-Identifier: Apache-2.0
"""A scene that is written has the same points, poses and truth in its files."""

import json

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.errors import WriteError
from dexlite_ros.object.geometry_file import load_cloud
from dexlite_ros.offline.scenes.recorded_scene import write_scene
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

BOX = trimesh.creation.box((0.07, 0.1, 0.16))


def test_the_files_are_the_scene(tmp_path):
    """Read by others' means; points brought into the world lie on truth and table."""
    scene = table_scene(BOX, [], SceneSettings('ideal'), np.random.default_rng(0))
    write_scene(tmp_path / 'new', 'box', scene, BOX)
    assert {path.name for path in (tmp_path / 'new').iterdir()} == {
        'box.ply', 'box_rest.ply', 'box_truth.obj', 'box.json'}
    content = json.loads((tmp_path / 'new' / 'box.json').read_text())
    to_world = np.array(content['T_world_cloud'])
    np.testing.assert_array_equal(to_world, scene.camera)
    truth = trimesh.load(tmp_path / 'new' / 'box_truth.obj', force='mesh', process=False)
    truth.apply_transform(np.array(content['T_world_truth']))
    cloud, rest = (load_cloud(tmp_path / 'new' / f'box{suffix}.ply').points
                   for suffix in ('', '_rest'))
    np.testing.assert_allclose(cloud, scene.cloud.points, atol=1e-6)
    np.testing.assert_allclose(rest, scene.rest, atol=1e-6)
    assert content['num_points'] == len(cloud)
    assert distance_to(truth, trimesh.transform_points(cloud, to_world)).max() < 1e-4
    assert np.abs(trimesh.transform_points(rest, to_world)[:, 2]).max() < 1e-4


def test_a_place_that_cannot_be_written_to(tmp_path):
    """Is named."""
    (tmp_path / 'file').write_text('')
    scene = table_scene(BOX, [], SceneSettings('ideal'), np.random.default_rng(0))
    with pytest.raises(WriteError, match='file'):
        write_scene(tmp_path / 'file', 'box', scene, BOX)

# SPDX-License-Identifier: Apache-2.0
"""A scene that is written has the same points, poses and truth in its files, and is read again."""

import json

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.errors import FileError, WriteError
from dexlite_ros.object.geometry_file import load_cloud
from dexlite_ros.offline.objects.sources import load_target
from dexlite_ros.offline.scenes.recorded_scene import list_scenes, read_scene, write_scene
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


@pytest.fixture(scope='module')
def recorded(tmp_path_factory):
    """Return a folder with two scenes, and the second of them."""
    folder = tmp_path_factory.mktemp('recorded')
    for seed, name in enumerate(('box', 'a_box')):
        scene = table_scene(BOX, [], SceneSettings('ideal'), np.random.default_rng(seed))
        write_scene(folder, name, scene, BOX)
    return folder, scene


def test_what_is_written_is_read(recorded):
    """The same points, poses and viewpoint; the scenes are sorted, each with its true mesh."""
    folder, scene = recorded
    found = list_scenes(folder)
    assert [each.name for each in found] == ['a_box', 'box']
    mesh, _ = load_target(found[0])
    assert distance_to(mesh, BOX.vertices).max() < 1e-6
    assert mesh.volume == pytest.approx(BOX.volume)
    again = read_scene(folder, 'a_box')
    np.testing.assert_allclose(again.cloud.points, scene.cloud.points, atol=1e-6)
    np.testing.assert_allclose(again.rest, scene.rest, atol=1e-6)
    np.testing.assert_array_equal(again.cloud.viewpoint, np.zeros(3))
    np.testing.assert_array_equal(again.camera, scene.camera)
    np.testing.assert_array_equal(again.object, scene.object)
    assert again.neighbours == ()


def test_a_folder_without_scenes(tmp_path):
    """Is named, with what is missing; so is one that does not exist."""
    for folder in (tmp_path, tmp_path / 'none'):
        with pytest.raises(FileError, match=f'{folder.name}.*_truth.obj'):
            list_scenes(folder)


MIRROR = np.diag([1.0, 1.0, -1.0, 1.0]).tolist()
WRONG_POSES = {
    'scaled': np.diag([2.0, 2.0, 2.0, 1.0]).tolist(), 'mirrored': MIRROR,
    'three rows': np.eye(4)[:3].tolist(), 'a row': [1.0, 0.0, 0.0, 0.0], 'a number': 1.0,
    'nothing': None, 'words': 'identity', 'an object': {'x': 1.0}, 'ragged': [[1.0], [0.0, 1.0]],
    'not finite': [[1, 0, 0, float('nan')], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    'projective': [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]}


@pytest.mark.parametrize('key', ['T_world_truth', 'T_world_cloud'])
@pytest.mark.parametrize('pose', WRONG_POSES.values(), ids=WRONG_POSES)
def test_poses_that_are_not_rigid(recorded, tmp_path, key, pose):
    """Name the file and the key; so does a key that is missing."""
    content = json.loads((recorded[0] / 'box.json').read_text())
    (tmp_path / 'box.json').write_text(json.dumps(content | {key: pose}))
    with pytest.raises(FileError, match=f'box.json.*{key} is not a rigid pose'):
        read_scene(tmp_path, 'box')
    del content[key]
    (tmp_path / 'box.json').write_text(json.dumps(content))
    with pytest.raises(FileError, match=f'box.json.*no {key}'):
        read_scene(tmp_path, 'box')


@pytest.mark.parametrize('text', ['', '[]', '3', '{"T_world_truth": ', '\xff'])
def test_what_is_not_a_scene(tmp_path, text):
    """Broken JSON, JSON of something else, and bytes that are no text."""
    (tmp_path / 'box.json').write_bytes(text.encode('latin-1'))
    with pytest.raises(FileError, match='box.json'):
        read_scene(tmp_path, 'box')


@pytest.mark.parametrize('missing', ['box.json', 'box.ply', 'box_rest.ply'])
def test_a_file_that_is_missing(recorded, tmp_path, missing):
    """Is named."""
    for path in recorded[0].glob('box*'):
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(FileError, match=missing):
        read_scene(tmp_path, 'box')

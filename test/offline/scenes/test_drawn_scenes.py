# SPDX-License-Identifier: Apache-2.0
"""Each object gets a scene with others as neighbours, or the reason why not."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.scenes.drawn_scenes import draw_scenes, DrawnScene
from dexlite_ros.offline.scenes.table_scene import SceneSettings


def test_neighbours_are_other_objects():
    """Every object once, in order, none beside itself."""
    targets = find_objects('household:3')
    found = list(draw_scenes(targets, SceneSettings('ideal', 2), seed=1))
    assert [each.name for each in found] == [target.name for target in targets]
    volumes = [each.mesh.volume for each in found]
    for each in found:
        beside = [mesh.volume for mesh in each.scene.neighbours]
        assert len(beside) == 2
        others = sorted(volume for volume in volumes if volume != each.mesh.volume)
        np.testing.assert_allclose(sorted(beside), others)


def test_too_few_objects_for_that_many_neighbours():
    """The number that is needed is named."""
    with pytest.raises(InvalidRequest, match='at least 4'):
        next(draw_scenes(find_objects('household:3'), SceneSettings('ideal', 3), 0))


def test_other_objects_go_on(tmp_path):
    """One whose mesh cannot be used is named with its reason."""
    trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], [[0, 1, 2]]).export(
        tmp_path / 'a_sheet.obj')
    trimesh.creation.box((0.05, 0.06, 0.1)).export(tmp_path / 'box.obj')
    first, second = draw_scenes(find_objects(str(tmp_path)), SceneSettings(), 0)
    assert first[0] == 'a_sheet' and isinstance(first[1], FileError)
    assert isinstance(second, DrawnScene) and second.name == 'box'

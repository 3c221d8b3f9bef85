# SPDX-License-Identifier: Apache-2.0
"""Cells of scenes have neighbours that depend on nothing but the seed and all objects."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.offline.evaluation.cell_list import draw_neighbours, Extent, list_cells
from dexlite_ros.offline.evaluation.question import Question
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.planner_choice import PlannerChoice
from dexlite_ros.offline.scenes.recorded_scene import write_scene
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

OBJECTS = find_objects('household:8')
TWO = SceneView(SceneSettings(neighbours=2))
QUESTION = Question(
    objects='household:8', split=None, tier=None, source=PlannerChoice(), views='full',
    support=True, points=2048, noise=0.0, max_grasps=2, tests=('table-lift',), device='cpu',
    scene=TWO)


def test_neighbours_are_others():
    """Never the object itself and no other twice; the same for the same seed only."""
    for target in OBJECTS:
        drawn = [draw_neighbours(OBJECTS, target, TWO, seed) for seed in range(4)]
        for each in drawn:
            assert len({target.name, *(other.name for other in each)}) == 3
        assert drawn == [draw_neighbours(OBJECTS, target, TWO, seed) for seed in range(4)]
        assert len(set(drawn)) > 1
    assert len({draw_neighbours(OBJECTS, target, TWO, 0) for target in OBJECTS}) > 1


def test_without_neighbours_there_are_none():
    """Nor in recorded scenes, nor outside of scenes."""
    for scene in (None, SceneView(SceneSettings()), RecordedView('folder')):
        assert draw_neighbours(OBJECTS, OBJECTS[0], scene, 0) == ()


def test_more_neighbours_than_others():
    """Are refused with their number."""
    with pytest.raises(InvalidRequest, match='neighbours is 2.*at most 1'):
        draw_neighbours(OBJECTS[:2], OBJECTS[0], TWO, 0)


def test_a_part_of_a_question_has_the_cells_of_the_whole(tmp_path):
    """An evaluation of one object, extended later, does not mix neighbours."""
    whole = list_cells(QUESTION, Extent(seeds=2), tmp_path)
    assert len(whole) == 16
    name = OBJECTS[5].name
    assert list_cells(QUESTION, Extent(only=(name,), seeds=2), tmp_path) == [
        cell for cell in whole if cell.target.name == name]
    assert list_cells(QUESTION, Extent(limit=1, seeds=2), tmp_path) == whole[:2]


def test_ranges_take_those_objects(tmp_path):
    """The end is left out; another range has other objects."""
    cells = list_cells(replace(QUESTION, objects='procedural:5-9'), Extent(), tmp_path)
    assert [cell.target for cell in cells] == find_objects('procedural:9')[5:]


def test_recorded_scenes_are_their_own_objects(tmp_path):
    """With their own size; a folder without scenes is refused."""
    box = trimesh.creation.box((0.06, 0.09, 0.13))
    scene = table_scene(box, [], SceneSettings('ideal'), np.random.default_rng(0))
    write_scene(tmp_path / 'scenes', 'box', scene, box)
    question = replace(QUESTION, scene=RecordedView(tmp_path / 'scenes'))
    cell, = list_cells(question, Extent(), tmp_path)
    assert (cell.target.name, cell.name, cell.neighbours) == ('box', 'box_recorded_0', ())
    with pytest.raises(InvalidRequest, match='recorded scenes have their size'):
        list_cells(question, Extent(scales=(0.5,)), tmp_path)
    with pytest.raises(FileError, match='no scene'):
        list_cells(replace(question, scene=RecordedView(tmp_path)), Extent(), tmp_path)

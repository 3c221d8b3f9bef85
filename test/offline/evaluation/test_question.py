# SPDX-License-Identifier: Apache-2.0
"""A question: what it refuses, what is part of it, and which cells it has."""

from dataclasses import replace
from pathlib import Path

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation.cell_list import Extent, list_cells
from dexlite_ros.offline.evaluation.grasp_source import grasp_source
from dexlite_ros.offline.evaluation.question import BUILTIN, Question
from dexlite_ros.offline.physics.closing_choice import Closing
from dexlite_ros.offline.planner_choice import PlannerChoice
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView
from dexlite_ros.offline.scenes.table_scene import SceneSettings

QUESTION = Question(
    objects=BUILTIN, split=None, tier=None, source=PlannerChoice(), views='full', support=True,
    points=2048, noise=0.0, max_grasps=5, tests=('lift',), device='cpu')


@pytest.mark.parametrize('change', [
    {'objects': 'other'}, {'split': 'dev'}, {'tier': 'core'}, {'views': 'single'},
    {'support': False}, {'points': 100}, {'noise': 0.1}, {'max_grasps': 6}, {'tests': ('noise',)},
    {'device': 'cuda'}, {'source': PlannerChoice(temperature=0.5)},
    {'source': PlannerChoice(unranked=3)}, {'scene': SceneView(SceneSettings())},
    {'scene': RecordedView(Path('scenes'))}, {'closing': Closing('stop')},
    {'closing': Closing(wrist='soft')}])
def test_all_settings_are_part_of_the_question(change, tmp_path):
    """A folder accepts one question, also repeatedly; another one is refused."""
    QUESTION.claim(tmp_path)
    QUESTION.claim(tmp_path)
    with pytest.raises(InvalidRequest, match='new folder'):
        replace(QUESTION, **change).claim(tmp_path)


def test_the_usual_closing_is_not_part_of_the_question():
    """Folders made before there were others go on."""
    assert 'closing' not in repr(QUESTION)


def test_all_settings_of_scenes_are_part_of_the_question():
    """Camera, neighbours, oracle, folder; not the seed, which is that of a cell."""
    scenes = [
        None, SceneView(SceneSettings()), SceneView(SceneSettings('stereo')),
        SceneView(SceneSettings(neighbours=1)), SceneView(SceneSettings(), oracle=True),
        RecordedView(Path('one')), RecordedView(Path('two')), RecordedView(Path('one'), True)]
    questions = [replace(QUESTION, scene=each) for each in scenes]
    assert len({each.key() for each in questions}) == len(scenes)
    assert questions[1].key() == replace(QUESTION, scene=SceneView(SceneSettings())).key()
    for each in questions[1:]:
        assert each.viewing(3) == replace(each.scene, seed=3)


def test_scenes_are_for_ranked_plans(tmp_path):
    """Neither imported grasps nor unfiltered proposals can be tried in them."""
    with pytest.raises(InvalidRequest, match='imported grasps'):
        replace(QUESTION, scene=SceneView(SceneSettings()), source=tmp_path)
    with pytest.raises(InvalidRequest, match='no-table'):
        replace(QUESTION, scene=SceneView(SceneSettings()), source=PlannerChoice(unranked=0))


def test_options_that_do_nothing_are_refused(tmp_path):
    """Proposer options require the default planner; folders must exist."""
    for wrong in (
            {'name': 'dexlite', 'method': 'network'}, {'name': str(tmp_path), 'unranked': 0},
            {'name': 'default', 'unranked': -1}, {'name': str(tmp_path / 'none')},
            {'name': 'default', 'method': 'hull', 'weights': 'path'}):
        with pytest.raises(InvalidRequest):
            grasp_source(**wrong)
    assert grasp_source('dexlite') == PlannerChoice('dexlite')
    assert grasp_source(str(tmp_path)) == tmp_path
    with pytest.raises(InvalidRequest, match='no-table'):
        replace(QUESTION, source=PlannerChoice(unranked=0), views='single')


def test_cells_are_objects_by_scales_by_seeds(tmp_path):
    """Narrowed by name; nothing left is an error."""
    cells = list_cells(
        QUESTION, Extent(only=('ball', 'box'), limit=1, scales=(1.0, 0.5), seeds=3), tmp_path)
    assert len({cell.name for cell in cells}) == len(cells) == 6
    assert {cell.viewing.seed for cell in cells} == {0, 1, 2}
    with pytest.raises(InvalidRequest, match='wanted objects'):
        list_cells(QUESTION, Extent(only=('no such',)), tmp_path)


def test_imported_grasps_bring_their_scales(tmp_path):
    """One cell per plan file; none at all is an error."""
    question = replace(QUESTION, source=tmp_path / 'plans')
    with pytest.raises(InvalidRequest, match='OBJECT/scale_S.json'):
        list_cells(question, Extent(), tmp_path)
    name = list_cells(QUESTION, Extent(limit=1), tmp_path)[0].target.name
    path = Path(tmp_path / 'plans' / name / 'scale_0.08.json')
    path.parent.mkdir(parents=True)
    path.touch()
    cell, = list_cells(question, Extent(), tmp_path)
    assert (cell.scale, cell.planner) == (0.08, path)

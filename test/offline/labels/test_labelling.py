# SPDX-License-Identifier: Apache-2.0
"""Real runs of ``dexlite label``: what is stored is true, reproducible and never done twice."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
import trimesh

from dexlite_ros.offline.calibration.examples import Examples
from dexlite_ros.offline.calibration.measured import measured_labels
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.schema import matrix, stages_from_table
from dexlite_ros.offline.generation.target_choice import TargetChoice
from dexlite_ros.offline.labels.label_set import LabelSet
from dexlite_ros.offline.labels.labelled import label
from dexlite_ros.offline.labels.labelling import LabelRequest
from dexlite_ros.offline.labels.near_miss import JOINTS, SHIFT_MAX, SHIFT_MIN, TURN
from dexlite_ros.offline.labels.scene_choice import SceneChoice
from dexlite_ros.offline.labels.task import Effort
from dexlite_ros.offline.objects.sources import find_objects, load_target
from dexlite_ros.offline.physics.judge import judge
from dexlite_ros.offline.scenes.sight import see
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ranking.success_model import FEATURES

EFFORT = Effort(grasps=24, perturbed=2)
TIMES = ('plan_seconds', 'judge_seconds')


@pytest.fixture(scope='module')
def meshes(tmp_path_factory) -> Path:
    """Return a folder of a cone, a ball that is too large, and a file that is no mesh."""
    folder = tmp_path_factory.mktemp('meshes')
    trimesh.creation.cone(radius=0.045, height=0.09).export(folder / 'cone.obj')
    trimesh.creation.icosphere(radius=0.2).export(folder / 'large.obj')
    (folder / 'broken.stl').write_text('solid broken')
    return folder


def command(meshes: Path, output: Path, *more: str) -> list[str]:
    """Return the arguments that label the scenes."""
    return ['label', '--objects', str(meshes), '--grasps', '24', '--perturbed', '2', '--workers',
            '1', '--time-limit', '0', '--output', str(output), *more]


@pytest.fixture(scope='module')
def made(meshes, tmp_path_factory) -> LabelSet:
    """Return the labels of these objects, before a table; one of them cannot be used."""
    output = tmp_path_factory.mktemp('labels') / 'labels'
    assert main(command(meshes, output)) == 1
    return LabelSet(output)


def task_of(meshes: Path):
    """Return the task of the cone before a table."""
    targets = TargetChoice((str(meshes),), only=('cone',))
    task, = LabelRequest(targets, SceneChoice(), effort=EFFORT).tasks()
    return task


def rows(table: pa.Table) -> dict:
    """Return a scene's only row."""
    row, = table.to_pylist()
    return row


def test_failures_are_kept(made):
    """Grasps that did not hold, an object without a plan; a broken one is in the log alone."""
    scenes = {row['object']: row for row in made.scenes().to_pylist()}
    assert set(scenes) == {'cone', 'large'}
    assert scenes['cone']['error'] == '' and scenes['large']['error'] != ''
    grasps = made.grasps()
    assert set(grasps['object'].to_pylist()) == {'cone'}
    assert set(grasps['held'].to_pylist()) == {True, False}
    for held, reason in zip(grasps['held'].to_pylist(), grasps['reason'].to_pylist()):
        assert held == (reason == 'held')
    log = [json.loads(line) for line in (made.folder / 'log.jsonl').read_text().splitlines()]
    told = {each['object']: each for each in log}
    assert 'broken.stl' in told['broken']['left_out']
    assert 'left_out' not in told['cone'] and 'left_out' not in told['large']


def test_what_is_judged(made):
    """As many grasps as asked for, the plan's own among them, some under perturbations."""
    grasps = made.grasps().to_pylist()
    planned = [row for row in grasps if not row['near_miss']]
    assert [row['number'] for row in grasps] == list(range(len(grasps)))
    assert len(planned) == EFFORT.grasps
    assert sorted(row['choice'] for row in planned if row['choice'] is not None) == [*range(20)]
    assert [row['rank'] for row in planned] == sorted({row['rank'] for row in planned})
    assert all(0.0 <= row['success_probability'] <= 1.0 for row in planned)
    perturbed = [row for row in grasps if row['held_mild'] is not None]
    assert len(perturbed) == 2
    assert sum(row['choice'] is not None for row in perturbed) == 1
    for row in grasps:
        assert (row['held_mild'] is None) == (row['held_noise'] is None) == (
            row['held_low_friction'] is None) == (row['held_heavy'] is None)
    for row in perturbed:
        assert {row['held_mild'], row['held_noise']} <= {0.0, 0.25, 0.5, 0.75, 1.0}


def test_near_misses_are_near(made):
    """In the table, too: they differ from their parents, which held, by what is stated."""
    table = made.grasps()
    grasps = stages_from_table(table)
    missed = [row for row in table.to_pylist() if row['near_miss']]
    assert len(missed) == EFFORT.near_misses
    for row in missed:
        parent, own = row['parent'], row['number']
        assert table['held'][parent].as_py() and row['rank'] is None
        for stage in vars(grasps).values():
            shift = (stage.translation[own] - stage.translation[parent]).norm()
            assert SHIFT_MIN - 1e-6 <= float(shift) <= SHIFT_MAX + 1e-6
            turn = stage.rotation[parent].mT @ stage.rotation[own]
            assert float(((turn.trace() - 1) / 2).acos()) == pytest.approx(TURN, abs=1e-4)
            bend = (stage.joints[own] - stage.joints[parent]).abs()
            assert 0.0 < float(bend.max()) <= JOINTS + 1e-6


def test_scene_and_verdicts_follow_from_the_record(made):
    """Seen again by its seed the object is where it was, and the judge says the same."""
    scene = next(row for row in made.scenes().to_pylist() if row['object'] == 'cone')
    table = made.grasps()
    target = next(each for each in find_objects(scene['source']) if each.name == 'cone')
    mesh, pieces = load_target(target, scene['scale'])
    choice = SceneChoice(scene['kind'], scene['camera'], len(scene['neighbours']))
    sight, _ = see('cone', mesh, choice.viewing(scene['random_seed']))
    np.testing.assert_array_equal(sight.object.ravel(), scene['object_pose'])
    np.testing.assert_array_equal(sight.judge.ravel(), scene['planner_pose'])
    turn, shift = (torch.from_numpy(part) for part in (sight.object[:3, :3], sight.object[:3, 3]))
    grasps = stages_from_table(table).each(lambda batch: batch.transformed(turn, shift))
    verdicts = judge(
        grasps, [trimesh.transform_points(each, sight.object) for each in pieces],
        scene['test'], table=scene['table'])
    again = np.array([each.passed for each in verdicts])
    # The stored poses are rounded, so one at the edge may differ.
    assert (again != table['held'].to_numpy()).sum() <= 1


def test_features_follow_from_the_record(made):
    """Seen again, grasps have the features that the planner had; with them they are examples."""
    table = measured_labels(made.folder, workers=1)
    stored = made.grasps()
    assert len(table) == len(stored)
    planned = np.flatnonzero(~np.array(stored['near_miss'].to_pylist()))
    for name in FEATURES:
        again, before = (each[f'feature_{name}'].to_numpy()[planned] for each in (table, stored))
        np.testing.assert_allclose(again, before, rtol=2e-3, atol=2e-3, err_msg=name)
    examples = Examples.of(table)
    assert set(examples.kind) == {'table kinect'} and np.isfinite(examples.inputs).all()


def test_labels_are_reproducible(made, meshes):
    """The same task gives the same tables, times apart, also after other tasks."""
    again = label(task_of(meshes))
    assert again.grasps.equals(made.grasps())
    scene = next(row for row in made.scenes().to_pylist() if row['object'] == 'cone')
    own = rows(again.scene)
    assert {name: each for name, each in own.items() if name not in TIMES} == {
        name: each for name, each in scene.items() if name not in TIMES}


def test_the_search_is_that_of_the_usual_plan(made, meshes):
    """What the usual plan returns was found and judged, and with the same numbers."""
    task = task_of(meshes)
    mesh, _ = load_target(task.target)
    sight, _ = see('cone', mesh, task.scene.viewing(task.random_seed))
    plan = GraspPlanner(PlannerSettings.for_method(), 'cpu').plan(
        sight.target, PlanRequest(seed=task.random_seed), obstacles=sight.obstacles)
    table = made.grasps()
    chosen = table.filter(pa.compute.is_valid(table['choice']))
    place = {start: row for row, start in enumerate(chosen['start'].to_pylist())}
    assert set(plan.start.tolist()) <= set(place)
    order = [place[start] for start in plan.start.tolist()]
    probability = chosen['success_probability'].to_numpy()[order]
    np.testing.assert_allclose(probability, plan.success_probability.numpy(), atol=1e-5)
    np.testing.assert_allclose(
        matrix(chosen, 'joints')[order], plan.grasps.grasp.joints.numpy(), atol=1e-5)


def test_finished_scenes_are_not_done_again(made, meshes, capsys):
    """Nor is an object without a plan; only what could not be used is tried again."""
    before = {path: path.stat().st_mtime_ns for path in made.folder.rglob('*.parquet')}
    assert len(before) == 3
    assert main(command(meshes, made.folder, '--json')) == 1
    found = json.loads(capsys.readouterr().out)
    assert found['done'] == 0
    assert [key.partition('/')[0] for key in found['left_out']] == ['broken']
    assert before == {path: path.stat().st_mtime_ns for path in made.folder.rglob('*.parquet')}


def test_other_settings_are_refused(made, meshes, capsys):
    """Labels judged with another effort are not mixed with these."""
    words = command(meshes, made.folder)
    words[words.index('24')] = '25'
    assert main(words) == 1
    assert 'new folder' in capsys.readouterr().err


def test_the_datasheet_counts_what_is_there(made):
    """Shares are those of the tables, and every column is explained."""
    sheet = json.loads((made.folder / 'datasheet.json').read_text())
    table = made.grasps()
    planned = ~table['near_miss'].to_numpy()
    kind = sheet['kinds']['table kinect']
    assert (kind['scenes'], kind['without plan'], kind['grasps']) == (2, 1, EFFORT.grasps)
    assert kind['held'] == pytest.approx(table['held'].to_numpy()[planned].mean(), abs=1e-4)
    text = (made.folder / 'README.md').read_text()
    for name in (*table.column_names, *made.scenes().column_names):
        assert f'| `{name}` |' in text

# SPDX-License-Identifier: Apache-2.0
"""Generation gives the same result for the same task, even after crashes."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from datasets import CANDIDATES, command, copied, generate, GRASPS, made, shards, TASKS
from meshes import bowl
import numpy as np
import pyarrow.parquet as pq
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.merging import merge
from dexlite_ros.offline.dataset.schema import matrix
from dexlite_ros.offline.dataset.store import GraspDataset, keys
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.generation.candidates import propose
from dexlite_ros.offline.generation.judged import judge_candidates
from dexlite_ros.offline.generation.machines import Machines
from dexlite_ros.offline.generation.parents import find_parents
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.sources import find_objects, ProceduralObject
from dexlite_ros.offline.workers.processes import run_tasks


def start(folder: Path, workers: int) -> subprocess.Popen:
    """Start generating the dataset in separate processes."""
    return subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.offline.commands', *command(folder),
         '--workers', str(workers)],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_shards(folder: Path, count: int, seconds: float = 180.0) -> None:
    """Wait until this many tasks are done."""
    deadline = time.monotonic() + seconds
    while len(list((folder / 'grasps').rglob('[!.]*.parquet'))) < count:
        assert time.monotonic() < deadline, f'{count} tasks take more than {seconds} s'
        time.sleep(0.05)


def test_killed_three_times_it_gives_the_same(tmp_path):
    """Kill -9 after the first, second and third task; all files equal an uninterrupted run's."""
    folder = tmp_path / 'data'
    for done, workers in ((1, 2), (2, 1), (3, 1)):
        process = start(folder, workers)
        wait_for_shards(folder, done)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    # State left by a process that died while writing.
    (folder / 'grasps' / 'bottle_0000' / '.half.parquet.1.tmp').write_bytes(b'PAR1')
    assert generate(folder) == 0
    assert shards(folder) == shards(made().folder)
    assert len(keys(GraspDataset.open(folder).grasps())) == TASKS * GRASPS


def test_what_is_there_is_not_made_again(tmp_path, capsys):
    """A complete dataset stays as it is; more seeds add to it."""
    dataset = copied(tmp_path / 'data')
    assert generate(dataset.folder) == 0
    assert '0 of 0 missing tasks' in capsys.readouterr().out
    assert main([*command(dataset.folder), '--only', 'bottle*', '--seeds', '3', '--json']) == 0
    (figures,) = json.loads(capsys.readouterr().out)['tasks']
    assert figures['seed'] == 2 and figures['object'] == 'bottle_0000'
    assert figures['judged'] == GRASPS and figures['propose_seconds'] > 0
    assert shards(made().folder).items() < shards(dataset.folder).items()


def test_other_settings_need_another_folder(tmp_path, capsys):
    """Grasps of different settings are not mixed, nor added to a merged dataset."""
    dataset = copied(tmp_path / 'data')
    assert generate(dataset.folder, '--grasps', '9') == 1
    assert f"'grasps' was {GRASPS}, now it is 9" in capsys.readouterr().err
    merged = merge([dataset], tmp_path / 'merged')
    assert generate(merged.folder) == 1
    assert 'merged' in capsys.readouterr().err


def test_what_is_reported_on_is_not_trained_on(tmp_path, capsys):
    """A manifest yields only its train split; its folders cannot be given individually."""
    rows = ['id,split,tier', 'seen,train,core', 'unseen,dev,core']
    (tmp_path / 'manifest.csv').write_text('\n'.join(rows))
    (tmp_path / 'unseen').mkdir()
    output = ['--output', str(tmp_path / 'data')]
    assert main(['generate', '--objects', str(tmp_path), '--only', 'unseen', *output]) == 1
    assert 'the name of an object' in capsys.readouterr().err
    assert main(['generate', '--objects', str(tmp_path / 'unseen'), *output]) == 1
    assert 'trained on' in capsys.readouterr().err
    assert not (tmp_path / 'data').exists()


def test_a_name_stands_for_one_mesh(tmp_path, capsys):
    """Grasps of a changed mesh are not added to those of the old one."""
    size = np.array([0.03, 0.05, 0.09])
    trimesh.creation.box(size).export(tmp_path / 'box.obj')
    arguments = ['generate', '--objects', str(tmp_path), '--candidates', '20', '--grasps', '2',
                 '--workers', '1', '--output', str(tmp_path / 'data')]
    assert main(arguments) == 0
    trimesh.creation.box(1.1 * size).export(tmp_path / 'box.obj')
    assert main([*arguments, '--seeds', '2']) == 1
    assert 'another mesh' in capsys.readouterr().out
    assert len(list((tmp_path / 'data' / 'grasps').rglob('*.parquet'))) == 1


def test_a_bad_mesh_does_not_stop_the_others(tmp_path, capsys):
    """An unusable object is named at the end, and leaves no shard."""
    box = trimesh.creation.box((0.03, 0.05, 0.09))
    box.export(tmp_path / 'box.obj')
    box.apply_scale(1000).export(tmp_path / 'large.obj')
    output = tmp_path / 'data'
    far = trimesh.creation.box((0.03, 0.05, 0.09)).apply_translation((0.5, 0, 0))
    far.export(tmp_path / 'far.obj')
    assert main(['generate', '--objects', str(tmp_path), '--candidates', '20', '--grasps', '2',
                 '--workers', '1', '--output', str(output)]) == 1
    text = capsys.readouterr().out
    assert 'left out: large' in text and '--unit 0.001' in text and 'left out: far' in text
    assert {Path(path).stem for path in shards(output)} == {
        'box', 'synthesis_scale_1_seed_0'}


def test_expansion_starts_from_what_held(tmp_path):
    """Children name parents that held, lie at sparse places, and differ from their parents."""
    output = tmp_path / 'more'
    expand = [*command(output), '--expand', str(made().folder), '--seeds', '1', '--only']
    assert main([*expand, 'carton*']) == 0
    table = GraspDataset.open(output).grasps()
    parents = find_parents(made())['carton_0000', '1']
    assert set(table['parent'].to_pylist()) <= set(parents.keys)
    assert set(table['mode'].to_pylist()) == {f'expansion:{parents.source}'}
    apart = matrix(table, 'position')[:, None] - matrix(made().grasps(), 'position')
    assert np.linalg.norm(apart, axis=2).min() > 1e-5
    counts = table['point_count'].to_numpy()
    assert counts[0] == parents.counts[table['associated_point'][0].as_py()]
    merged = merge([made(), GraspDataset.open(output)], tmp_path / 'both')
    assert main(['dataset', 'verify', str(merged.folder)]) == 0
    # The next generation has its own keys.
    assert find_parents(merged)['carton_0000', '1'].source != parents.source
    for wrong in (['--scales', '3'], ['--output', str(made().folder)]):
        assert main([*expand, 'carton*', *wrong]) == 1


def test_the_network_expands_what_held(tmp_path, capsys):
    """Expansion by the network uses the same parents, and the dataset names its weights."""
    output = tmp_path / 'more'
    expand = [*command(output), '--expand', str(made().folder), '--seeds', '1', '--only',
              'carton*', '--network']
    assert main(expand) == 0
    dataset = GraspDataset.open(output)
    table = dataset.grasps()
    parents = find_parents(made())['carton_0000', '1']
    assert set(table['mode'].to_pylist()) == {
        f'expansion:{dataset.about["network"]}:{parents.source}'}
    assert set(table['parent'].to_pylist()) <= set(parents.keys)
    assert dataset.about['network'].startswith('shadow_right@')
    assert main([*expand, str(tmp_path / 'none')]) == 1
    assert 'no such file' in capsys.readouterr().err
    assert main([*command(tmp_path / 'other'), '--network']) == 1
    assert '--expand' in capsys.readouterr().err


def test_one_process_may_propose_for_the_others():
    """With a GPU this process refines and the workers judge: the same grasps."""
    tasks = [
        GenerationTask(ProceduralObject('carton', 0), 1.0, seed, CANDIDATES, GRASPS)
        for seed in (0, 1)]
    for task, result in run_tasks(
            judge_candidates, tasks, workers=1, unit='task', first=propose, limit=600.0):
        shard = pq.read_table(made().shard('carton_0000', task.name))
        # As text, since NaN does not equal itself.
        assert str(result.grasps.to_pylist()) == str(shard.to_pylist())


def test_logs_bear_a_crash(tmp_path):
    """A truncated line is skipped; the summary adds up the others."""
    path = tmp_path / 'log.jsonl'
    rows = log.read(made().folder / 'log.jsonl')
    for row in rows:
        log.append(path, row)
    with path.open('a') as stream:
        stream.write('{"object": "bot')
    assert log.read(path) == rows and len(rows) == TASKS
    log.append(path, rows[0])
    assert log.read(path) == [*rows, rows[0]]
    text = log.summary(log.read(path))
    assert f'{TASKS * GRASPS} judged' in text and 'bottleneck' in text
    assert log.read(tmp_path / 'none') == [] and log.summary([]) == 'nothing was generated'


def test_grasps_are_spread_over_the_object():
    """The chosen grasps cover many places, with few grasps at each."""
    task = GenerationTask(ProceduralObject('carton', 0), 1.0, 0, 64, 20)
    choice = propose(task).choice
    assert len(np.unique(choice.points)) > 15 and (choice.counts <= 3).all()


@pytest.mark.parametrize('wrong', [
    ['--seeds', '0'], ['--grasps', '0'], ['--grasps', '500'], ['--scales', '-1'],
    ['--scales', 'nan'], ['--scales', '1', '1.0000001'], ['--limit', '0'],
    ['--seed', '3000000000']])
def test_wrong_values_are_told(tmp_path, wrong, capsys):
    """With the value and what is expected."""
    assert main([*command(tmp_path / 'data'), *wrong]) == 1
    assert wrong[1] in capsys.readouterr().err
    assert not (tmp_path / 'data').exists()


def test_a_task_that_takes_too_long_is_left_out(tmp_path, capsys):
    """It is named, leaves no shard, and is tried again by the next run."""
    trimesh.creation.box((0.03, 0.05, 0.09)).export(tmp_path / 'box.obj')
    arguments = ['generate', '--objects', str(tmp_path), '--candidates', '20', '--grasps', '2',
                 '--workers', '1', '--output', str(tmp_path / 'data')]
    assert main([*arguments, '--time-limit', '0.001']) == 1
    assert 'left out: box: it took longer than 0.001 s' in capsys.readouterr().out
    assert not list((tmp_path / 'data' / 'grasps').rglob('*.parquet'))
    assert main(arguments) == 0
    assert len(list((tmp_path / 'data' / 'grasps').rglob('*.parquet'))) == 1


def test_meshes_are_tried_in_workers_before_a_gpu_takes_them_up(tmp_path):
    """Nothing without end reaches the process that proposes for all."""
    bowl().export(tmp_path / 'bowl.obj')  # Its wall is cut into pieces for seconds.
    (tmp_path / 'broken.obj').write_text('nothing')
    tasks = [GenerationTask(each, 1.0, 0, 20, 2) for each in find_objects(str(tmp_path))]
    outcome = {task.target.name: result.figures['error'] for task, result in Machines(
        1, limit=0.2).fed_by_this_process(tasks, str)}
    assert 'longer than 0.2 s' in outcome['bowl'] and len(outcome) == 2
    (task,) = (task for task in tasks if task.target.name == 'broken')
    ((_, result),) = Machines(1).fed_by_this_process([task], str)
    assert 'broken.obj' in result.figures['error']

# SPDX-License-Identifier: Apache-2.0
"""Real evaluations of scenes: simulated ones, recorded ones, and what cannot be used in them."""

import json

import numpy as np
from PIL import Image
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.evaluation.closed_view import ClosedView

TEST = 'table-lift'


def evaluate(*words: str) -> int:
    """Run ``dexlite evaluate`` in this process."""
    return main(['evaluate', '--max-grasps', '2', '--workers', '1', '--time-limit', '0',
                 '--device', 'cpu', *words])


def check(folder, view: str, objects: int) -> list[dict]:
    """Return the cells of a finished evaluation of scenes, whose files agree with each other."""
    report = json.loads((folder / 'report.json').read_text())
    paths = sorted((folder / 'cells').glob(f'*_{view}_0.json'))
    cells = [json.loads(path.read_text()) for path in paths]
    assert report['objects'] == len(cells) == objects
    held = [sum(each['verdicts'][TEST]['passed'] for each in cell['grasps']) for cell in cells]
    assert report['success'][TEST]['all']['mean'] == pytest.approx(np.mean(held) / 2)
    assert report['success'][TEST]['any']['mean'] == np.mean(np.array(held) > 0)
    assert sum(held) > 0, 'no grasp holds'
    assert report['failures'][TEST].get('missing', 0) == sum(
        2 - len(cell['grasps']) for cell in cells)
    assert {cell['wanted'] for cell in cells} == {2}
    shown = sum(path.with_suffix('').with_suffix('.surface.npz').exists() for path in paths)
    assert shown == sum(bool(cell['grasps']) for cell in cells)
    with Image.open(folder / 'surfaces.png') as sheet:
        assert sheet.size == (2 * 240 * shown, 240)
    return cells


def test_simulated_scenes(tmp_path):
    """Two household things, with the closed surface of each where the truth is."""
    assert evaluate(
        '--objects', 'household:2', '--scene', 'table', '--output', str(tmp_path)) == 0
    for cell in check(tmp_path, 'table', 2):
        stem = tmp_path / 'cells' / f'{cell["object"]}_table_0'
        closed = ClosedView.read(stem.with_suffix('.surface.npz'))
        np.testing.assert_allclose(
            closed.vertices.mean(axis=0)[:2], np.array(cell['pose'])[:2, 3], atol=0.06)
        assert -0.005 < closed.vertices[:, 2].min() < 0.01


def test_recorded_scenes(tmp_path):
    """Of a folder that ``dexlite scenes`` wrote; a scene with a broken file is left out."""
    trimesh.creation.box((0.05, 0.07, 0.15)).export(tmp_path / 'box.obj')
    (tmp_path / 'scenes').mkdir()
    assert main(['scenes', '--objects', str(tmp_path), '--output', str(tmp_path / 'scenes')]) == 0
    for path in sorted((tmp_path / 'scenes').iterdir()):
        path.with_name(path.name.replace('box', 'broken')).write_bytes(path.read_bytes())
    (tmp_path / 'scenes' / 'broken.json').write_text('{}')
    assert evaluate('--scenes', str(tmp_path / 'scenes'), '--output', str(tmp_path / 'out')) == 0
    broken = json.loads((tmp_path / 'out' / 'cells' / 'broken_recorded_0.json').read_text())
    assert not broken['usable'] and 'broken.json' in broken['error']
    (tmp_path / 'out' / 'cells' / 'broken_recorded_0.json').unlink()
    check(tmp_path / 'out', 'recorded', 1)
    assert 'left out: broken_recorded_0' in (tmp_path / 'out' / 'report.md').read_text()


def test_an_oracle_shows_no_closed_surface(tmp_path):
    """It was given the true one."""
    assert evaluate('--objects', 'household:1', '--scene', 'table', '--oracle',
                    '--output', str(tmp_path)) == 0
    assert not (tmp_path / 'surfaces.png').exists()
    assert json.loads((tmp_path / 'report.json').read_text())['grasps'] > 0


def test_a_neighbour_that_cannot_be_used(tmp_path):
    """Leaves out the cells that need it, with its name, and ends nothing else."""
    (tmp_path / 'objects').mkdir()
    trimesh.creation.box((0.05, 0.07, 0.15)).export(tmp_path / 'objects' / 'box.obj')
    sheet = trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], [[0, 1, 2]])
    sheet.export(tmp_path / 'objects' / 'sheet.obj')
    assert evaluate('--objects', str(tmp_path / 'objects'), '--scene', 'table', '--neighbours',
                    '1', '--output', str(tmp_path / 'out')) == 1
    for name in ('box', 'sheet'):
        cell = json.loads((tmp_path / 'out' / 'cells' / f'{name}_table_0.json').read_text())
        assert not cell['usable'] and 'sheet.obj' in cell['error']

# SPDX-License-Identifier: Apache-2.0
"""An evaluation weighs objects equally, resumes where it stopped, and refuses mixed settings."""

from dataclasses import replace
import json
import os
import subprocess
import sys

from meshes import mixed
import numpy as np
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.evaluation.figures import (
    calibration,
    calibration_of,
    disagreement,
    mean_of_grasps,
    reasons,
    share,
    success,
)
from dexlite_ros.offline.physics.judge import TESTS
from dexlite_ros.offline.planner_choice import PRESETS
from dexlite_ros.planner_settings import EFFORTS
from dexlite_ros.proposal.proposer import DEFAULT_METHOD

TEST = 'six-forces'


def cell(name: str, passed: list[bool], probability: float = 0.5, depth: float = 0.0) -> dict:
    """Return the content of a cell."""
    return {
        'object': name, 'plan': {}, 'grasps': [
            {'success_probability': probability, 'penetration': depth,
             'verdicts': {TEST: {'passed': each, 'reason': 'held' if each else 'moved'}}}
            for each in passed]}


def test_objects_count_equally():
    """Two cells of one object weigh as much as one of another; no grasps count as failure."""
    cells = [cell('cup', [True] * 4), cell('cup', [False] * 2), cell('fork', [True, False])]
    assert success(cells, TEST).mean == pytest.approx(0.5)
    assert success(cells, TEST, 1).mean == pytest.approx((0.5 + 1.0) / 2)
    assert success([*cells, cell('air', [])], TEST).mean == pytest.approx(1 / 3)
    assert reasons(cells, TEST) == {'moved': 3}
    deep = [cell('cup', [True], depth=0.002), cell('fork', [True] * 9, depth=0.0)]
    assert mean_of_grasps(deep, 'penetration') == pytest.approx(0.001)


def test_quick_tests_are_compared_with_the_full_ones():
    """Grasps that pass only one of the two are counted by which one."""
    cells = [cell('cup', [True, True, False]), cell('fork', [False])]
    for each, passed in zip([row for one in cells for row in one['grasps']], [1, 0, 1, 1]):
        each['verdicts']['six-forces-quick'] = {'passed': bool(passed), 'reason': ''}
    assert disagreement(cells, 'six-forces-quick') == {
        'only_quick': 2, 'only_full': 1, 'grasps': 4}
    assert disagreement([], 'lift-quick') == {'only_quick': 0, 'only_full': 0, 'grasps': 0}


def test_interval():
    """The interval holds the mean, narrows with more objects, and is a point without spread."""
    few, many = share([0.0, 1.0] * 5), share([0.0, 1.0] * 50)
    for each in (few, many):
        assert each.low < each.mean == 0.5 < each.high
    assert many.high - many.low < few.high - few.low
    assert share([1.0, 1.0]).low == share([1.0, 1.0]).high == 1.0


def test_calibration():
    """Correct predictions have no error, overconfident ones do; Brier is the squared error."""
    rng = np.random.default_rng(0)
    predicted = rng.uniform(size=20000)
    passed = (rng.uniform(size=20000) < predicted).astype(float)
    assert calibration_of(predicted, passed).error < 0.02
    sure = calibration_of(np.full(100, 0.95), np.r_[np.ones(50), np.zeros(50)])
    assert sure.error == pytest.approx(0.45)
    assert sure.brier == pytest.approx((0.05 ** 2 + 0.95 ** 2) / 2)
    assert calibration([cell('cup', [True, False])], TEST).error == pytest.approx(0.0)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Evaluate a ball and a bar with one quick test; return the folder of results."""
    root = tmp_path_factory.mktemp('evaluation')
    (root / 'objects').mkdir()
    trimesh.creation.icosphere(3, 0.03).export(root / 'objects' / 'ball.obj')
    mixed(trimesh.creation.box((0.02, 0.02, 0.15)), 0.4).export(root / 'objects' / 'bar.obj')
    assert run(root) == 0
    return root


def run(root, *more: str, limit: float = 0.0) -> int:
    """Run the command with few grasps and one test; without a limit in this process."""
    return main(['evaluate', '--objects', str(root / 'objects'), '--output', str(root / 'out'),
                 '--max-grasps', '4', '--tests', TEST, '--workers', '1', '--device', 'cpu',
                 '--time-limit', str(limit), *more])


def test_report(folder):
    """Figures, tables and pictures exist and agree."""
    report = json.loads((folder / 'out' / 'report.json').read_text())
    assert (report['objects'], report['grasps']) == (2, 8)
    cells = [json.loads(path.read_text())
             for path in sorted((folder / 'out' / 'cells').glob('b*_0.json'))]
    rates = [np.mean([each['verdicts'][TEST]['passed'] for each in cell['grasps']])
             for cell in cells]
    assert report['success'][TEST]['all']['mean'] == pytest.approx(np.mean(rates))
    assert rates[0] == 1.0, 'the ball is held'
    page = (folder / 'out' / 'report.md').read_text()
    assert '| ball |' in page and 'dexlite evaluate' in page
    assert 'mended: bar_full_0' in page and 'mended: ball' not in page
    for name in ('report.png', 'contact_sheet.png'):
        assert (folder / 'out' / name).read_bytes().startswith(b'\x89PNG')


def test_continues_and_refuses_other_settings(folder, capsys):
    """Only a missing cell is recomputed, identically; other settings need another folder."""
    path = folder / 'out' / 'cells' / 'ball_full_0.json'
    kept = folder / 'out' / 'cells' / 'bar_full_0.json'
    before, stamp = json.loads(path.read_text()), kept.stat().st_mtime_ns
    path.unlink()
    assert run(folder) == 0
    after = json.loads(path.read_text())
    assert after['grasps'] == before['grasps'] and kept.stat().st_mtime_ns == stamp
    assert run(folder, '--points', '1000') == 1
    assert 'other settings' in capsys.readouterr().err


def test_a_cell_that_takes_too_long_is_left_out(folder):
    """It is named in the report, and tried again by the next run."""
    path = folder / 'out' / 'cells' / 'bar_full_0.json'
    path.unlink()
    assert run(folder, limit=0.001) == 0
    page = (folder / 'out' / 'report.md').read_text()
    assert 'left out: bar_full_0: it took longer than 0.001 s' in page and not path.exists()
    assert run(folder) == 0
    assert path.exists() and 'left out' not in (folder / 'out' / 'report.md').read_text()


def test_every_proposal_can_be_judged_and_compared(folder, tmp_path, capsys):
    """By method and steps; the report names them, and becomes a row with a picture."""
    for method in ('network', 'hull'):
        assert main([
            'evaluate', '--objects', str(folder / 'objects'), '--only', 'ball', '--workers', '1',
            '--time-limit', '0', '--device', 'cpu', '--method', method, '--unranked', '2',
            '--max-grasps', '3', '--tests', 'six-forces-quick',
            '--output', str(tmp_path / method)]) == 0
        report = json.loads((tmp_path / method / 'report.json').read_text())
        planner = report['planner']
        assert (planner['method'], planner['steps'], report['grasps']) == (method, 2, 3)
        assert report['energy'] > 0 and report['palm_distance'] > 0
    capsys.readouterr()
    picture = tmp_path / 'steps.png'
    assert main(['compare', str(tmp_path / 'network'), str(tmp_path / 'hull'), '--json',
                 '--picture', str(picture)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert list(rows) == ['network', 'hull'] and picture.exists()
    assert all(value is not None for value in rows['network'].values())


@pytest.mark.parametrize('options', [
    ('--planner', 'dexlite', '--unranked', '5'), ('--unranked', '-1'),
    ('--method', 'optimise', '--weights', 'some'),
    ('--unranked', '0', '--views', 'single')])
def test_options_that_would_do_nothing_are_refused(folder, tmp_path, options):
    """Before anything is planned."""
    assert run(folder, *options, '--output', str(tmp_path / 'new')) == 1
    assert not (tmp_path / 'new' / 'cells').exists()


def test_another_effort_is_another_question(folder, capsys, monkeypatch):
    """What the settings leave to the method counts as well."""
    effort = replace(EFFORTS[DEFAULT_METHOD], candidates=99)
    monkeypatch.setitem(EFFORTS, DEFAULT_METHOD, effort)
    assert run(folder) == 1
    assert 'other settings' in capsys.readouterr().err


def test_the_question_is_the_same_in_every_process():
    """The key for resuming must not depend on memory addresses or hash order."""
    program = (
        'from dexlite_ros.offline.physics.judge import TESTS\n'
        'from dexlite_ros.offline.planner_choice import PRESETS\n'
        'print([test.key() for test in TESTS.values()], [make() for make in PRESETS.values()])')
    answer = subprocess.run(
        [sys.executable, '-c', program], env={**os.environ, 'PYTHONHASHSEED': '1'},
        capture_output=True, text=True, check=True).stdout
    own = [test.key() for test in TESTS.values()], [make() for make in PRESETS.values()]
    assert answer == f'{own[0]} {own[1]}\n' and ' at 0x' not in answer

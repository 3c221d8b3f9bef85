# SPDX-License-Identifier: Apache-2.0
"""``dexlite compare``: one row per report, curves over steps, dashes for missing figures."""

import json
from pathlib import Path

from PIL import Image
import pytest

from dexlite_ros.offline.commands.__main__ import main


def report(folder: Path, name: str, steps: int | None, success: float) -> Path:
    """Write a report like that of an evaluation with one test."""
    share = {'mean': success, 'low': 0.0, 'high': 1.0}
    (folder / name).mkdir()
    (folder / name / 'report.json').write_text(json.dumps({
        'provenance': {'command': f'dexlite evaluate --output {name}'},
        'planner': {'method': 'network', 'steps': steps, 'model': 'some@1', 'temperature': 1.0},
        'success': {'lift': {'best 1': share, 'best 5': share, 'all': share}},
        'objects': 3, 'grasps': 30, 'energy': None if steps is None else 2.0 / (steps + 1),
        'penetration': 0.0005, 'palm_distance': 0.08, 'palm_angle': 1.5, 'joint_distance': None,
        'seconds': 12.3}))
    return folder / name


def test_reports_become_rows(tmp_path, capsys):
    """In order, with units, commands below, and a picture of the steps."""
    folders = [report(tmp_path, *each) for each in (
        ('raw', 0, 0.4), ('refined', 50, 0.8), ('ranked', None, 0.95))]
    table, picture = tmp_path / 'table.md', tmp_path / 'steps.png'
    assert main(['compare', *map(str, folders), '--output', str(table),
                 '--picture', str(picture)]) == 0
    lines = table.read_text().splitlines()
    assert capsys.readouterr().out.splitlines() == lines[:5]
    assert [line.split(' | ')[0] for line in lines[2:5]] == ['| raw', '| refined', '| ranked']
    assert '| 3 | 30 | 40.0 | 40.0 | 40.0 | 2.00 | 0.50 | 80.0 | 1.50 | - | 12.3 |' in lines[2]
    assert lines[4].count(' - ') == 2
    assert '    dexlite evaluate --output ranked' in lines
    assert Image.open(picture).size[0] > 400


def test_rows_as_json(tmp_path, capsys):
    """By name."""
    assert main(['compare', str(report(tmp_path, 'raw', 0, 0.4)), '--json']) == 0
    assert json.loads(capsys.readouterr().out)['raw']['lift, all [%]'] == pytest.approx(40.0)


def test_rows_need_names_of_their_own(tmp_path, capsys):
    """Nothing is dropped silently; nor is a picture drawn of nothing."""
    for each in 'ab':
        (tmp_path / each).mkdir()
    same = [str(report(tmp_path / each, 'core', None, 0.5)) for each in 'ab']
    assert main(['compare', *same]) == 1
    assert 'different names' in capsys.readouterr().err
    assert main(['compare', same[0], '--picture', str(tmp_path / 'steps.png')]) == 1
    assert '--unranked' in capsys.readouterr().err


def test_what_is_no_report_is_named(tmp_path, capsys):
    """A missing file, and one of an older release."""
    assert main(['compare', str(tmp_path / 'none')]) == 1
    assert 'none/report.json' in capsys.readouterr().err
    (tmp_path / 'report.json').write_text('{}')
    assert main(['compare', str(tmp_path)]) == 1
    assert 'repeat it' in capsys.readouterr().err

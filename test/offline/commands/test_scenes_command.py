# SPDX-License-Identifier: Apache-2.0
"""``dexlite scenes`` shows scenes, writes them, and names what cannot be seen."""

import json

from PIL import Image
import trimesh

from dexlite_ros.offline.commands.__main__ import main


def test_scenes_are_shown_and_written(tmp_path, capsys):
    """Two pictures and four files per scene; the same facts as text and as JSON."""
    call = ['scenes', '--objects', 'household:2', '--camera', 'kinect', '--neighbours', '1']
    assert main([*call, '--json', '--output', str(tmp_path / 'out'),
                 '--picture', str(tmp_path / 'sheet.png')]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert list(rows) == ['cereal_carton_0000', 'drink_bottle_0000']
    assert len(list((tmp_path / 'out').iterdir())) == 8
    for row in rows.values():
        assert row['points'] >= 150 and row['neighbours'] == 1 and 0.4 <= row['distance'] <= 1.0
    with Image.open(tmp_path / 'sheet.png') as sheet:
        assert sheet.size == (4 * 360, 270)
        assert len(sheet.convert('P').getcolors()) > 10
    assert main(call) == 0
    text = capsys.readouterr().out
    assert all(f'{row["points"]:>6}' in text for row in rows.values())


def test_exit_codes(tmp_path, capsys):
    """1 when one object has no scene, or the request cannot be met; the others are shown."""
    trimesh.creation.box((0.0008, 0.0008, 0.008)).export(tmp_path / 'needle.obj')
    trimesh.creation.box((0.05, 0.06, 0.1)).export(tmp_path / 'box.obj')
    assert main(['scenes', '--objects', str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith('needle') and 'points were measured' in line for line in lines)
    assert main(['scenes', '--objects', 'household:2', '--neighbours', '9']) == 1
    assert 'neighbours is 9' in capsys.readouterr().err

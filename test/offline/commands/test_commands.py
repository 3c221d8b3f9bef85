# SPDX-License-Identifier: Apache-2.0
"""The commands work as documented, and fail with a clear message."""

import json

import mujoco
import numpy as np
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import COMMANDS, main
from dexlite_ros.output.plan_file import read_grasps


@pytest.fixture(scope='module')
def can(tmp_path_factory) -> str:
    """Return the path of a mesh of a can."""
    path = tmp_path_factory.mktemp('mesh') / 'can.obj'
    trimesh.creation.cylinder(radius=0.03, height=0.1).export(path)
    return str(path)


def test_plan_writes_json_and_picture(can, tmp_path, capsys):
    """The command prints a table, and writes a readable plan and a picture."""
    output, picture = tmp_path / 'grasps.json', tmp_path / 'grasps.png'
    code = main(['plan', can, '--max-grasps', '3', '--num-candidates', '64', '--device', 'cpu',
                 '--output', str(output), '--picture', str(picture)])
    assert code == 0
    assert 'rank  score' in capsys.readouterr().out
    assert 1 <= len(read_grasps(output).grasps) <= 3
    assert picture.read_bytes().startswith(b'\x89PNG')


def test_plan_prints_json(can, capsys):
    """With --json, standard output contains only the plan."""
    assert main(['plan', can, '--max-grasps', '1', '--num-candidates', '64', '--json']) == 0
    assert len(json.loads(capsys.readouterr().out)['grasps']) == 1


def test_hand_writes_models(tmp_path, capsys):
    """The MJCF compiles and the URDF exists; nothing to write is a usage error."""
    mjcf, urdf = tmp_path / 'hand.xml', tmp_path / 'hand.urdf'
    assert main(['hand', '--mjcf', str(mjcf), '--urdf', str(urdf)]) == 0
    assert mujoco.MjModel.from_xml_path(str(mjcf)).njnt == 22
    assert urdf.is_file()
    with pytest.raises(SystemExit):
        main(['hand'])
    assert main(['hand', '--hand', 'no_such_hand', '--mjcf', str(mjcf)]) == 1
    assert 'known hands: shadow_right' in capsys.readouterr().err


def test_errors_are_sentences(tmp_path, capsys):
    """A missing file, a broken file and a cloud in millimetres give exit code 1 and a remedy."""
    assert main(['plan', str(tmp_path / 'none.ply')]) == 1
    assert 'none.ply' in capsys.readouterr().err
    points = 1000 * trimesh.creation.icosphere(subdivisions=3, radius=0.04).vertices
    trimesh.PointCloud(np.asarray(points)).export(tmp_path / 'mm.ply')
    assert main(['plan', str(tmp_path / 'mm.ply')]) == 1
    assert 'millimetres' in capsys.readouterr().err


@pytest.mark.parametrize('command', sorted(COMMANDS))
def test_every_command_has_help(command, capsys):
    """--help of every command prints usage and exits with 0."""
    with pytest.raises(SystemExit) as caught:
        main([command, '--help'])
    assert caught.value.code == 0 and 'usage' in capsys.readouterr().out


def test_usage(capsys):
    """Without a command all commands are listed; an unknown one is a usage error."""
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)
    assert main(['fly']) == 2

# SPDX-License-Identifier: Apache-2.0
"""Objects stay where they stand, and fall where they do not, in both engines."""

import json

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.physics.table_stability import ENGINES, resting_poses, table_stability

BOX = trimesh.creation.box((0.05, 0.05, 0.10))
TILTED = trimesh.transformations.rotation_matrix(0.6, [1, 0, 0])


@pytest.fixture(params=ENGINES)
def engine(request) -> str:
    """Return each installed engine."""
    if request.param == 'pybullet':
        pytest.importorskip('pybullet', reason='pybullet has no wheel for this Python')
    return request.param


def test_standing_and_falling(engine):
    """An upright box stays; tilted by 34 degrees it tips over its edge, with that verdict."""
    corners = [np.asarray(BOX.vertices)]
    standing = table_stability(corners, np.eye(4), engine)
    assert standing.passed and standing.moved < 1e-3 and standing.turned < 0.01
    falling = table_stability(corners, TILTED, engine)
    assert not falling.passed and falling.turned > 0.5


def test_a_body_of_pieces_is_one_body(engine):
    """A table-like body of two boxes stands; its parts alone would fall apart."""
    top = trimesh.creation.box((0.1, 0.1, 0.01)).apply_translation((0, 0, 0.055))
    foot = trimesh.creation.box((0.06, 0.06, 0.05)).apply_translation((0, 0, 0.025))
    verdict = table_stability(
        [np.asarray(top.vertices), np.asarray(foot.vertices)], np.eye(4), engine)
    assert verdict.passed and verdict.turned < 0.01


def test_resting_poses_stand():
    """A box lies before it stands, and every pose holds in the simulation."""
    poses = resting_poses(BOX, 6)
    heights = [np.ptp(BOX.vertices @ pose[:3, :3].T, axis=0)[2] for pose in poses]
    assert heights[0] == pytest.approx(0.05) and max(heights) == pytest.approx(0.10)
    assert all(table_stability([np.asarray(BOX.vertices)], pose).passed for pose in poses)


def test_unknown_engine():
    """The error lists the engines."""
    with pytest.raises(InvalidRequest, match='mujoco, pybullet'):
        table_stability([np.asarray(BOX.vertices)], np.eye(4), 'bullet')


def test_the_command_compares_engines(tmp_path, capsys):
    """Of a box both engines say that it rests; the table counts it."""
    pytest.importorskip('pybullet', reason='pybullet has no wheel for this Python')
    BOX.export(tmp_path / 'box.obj')
    assert main(['stability', str(tmp_path), '--engine', 'mujoco', 'pybullet', '--poses', '2',
                 '--workers', '1', '--output', str(tmp_path / 'rest.json')]) == 0
    assert 'agree on 1 of 1' in capsys.readouterr().out
    verdicts = json.loads((tmp_path / 'rest.json').read_text())['box']['verdicts']
    assert [each['passed'] for each in verdicts['pybullet']] == [True, True]

# SPDX-License-Identifier: Apache-2.0
"""A hand in a file is written, drawn, planned for and judged like one of the package."""

import json
from pathlib import Path

import pytest
from three_finger_hand import THREE_FINGER_HAND
import trimesh

from dexlite_ros.hand import known_hands
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.profile import read_hand, write_hand
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.workers.processes import run_tasks


@pytest.fixture(autouse=True)
def own_hands(monkeypatch):
    """Forget what is read from files."""
    monkeypatch.setattr(known_hands, 'HANDS', dict(known_hands.HANDS))


def test_a_profile_is_written_and_used(tmp_path: Path, capsys):
    """All that a hand is, goes through the file: the model written from it is the same."""
    profile, model = tmp_path / 'left.yaml', tmp_path / 'left.xml'
    assert main(['hand', '--hand', 'shadow_left', '--profile', str(profile)]) == 0
    assert capsys.readouterr().out.strip() == str(profile) and read_hand(profile) == SHADOW_LEFT
    assert main(['hand', '--hand', str(profile), '--mjcf', str(model)]) == 0
    assert model.read_text() == write_mjcf(SHADOW_LEFT)
    assert main(['hand', '--hand', 'allegro', '--mjcf', str(model)]) == 1
    assert 'shadow_left' in capsys.readouterr().err


def test_a_hand_in_a_file_plans_and_is_judged(tmp_path: Path, capsys, monkeypatch):
    """Three fingers from a file hold a ball, in the simulator as well."""
    profile = write_hand(THREE_FINGER_HAND, tmp_path / 'three_finger.yaml')
    ball, plan = tmp_path / 'ball.stl', tmp_path / 'plan.json'
    trimesh.creation.icosphere(subdivisions=4, radius=0.032).export(ball)
    arguments = ['plan', str(ball), '--max-grasps', '2', '--num-candidates', '96', '--device',
                 'cpu', '--output', str(plan), '--picture', str(tmp_path / 'plan.png'), '--hand']
    assert main([*arguments, str(profile), '--method', 'network']) == 1
    assert "'hull'" in capsys.readouterr().err, 'it has no weights'
    assert main([*arguments, str(profile)]) == 0
    assert json.loads(plan.read_text())['hand'] == 'three_finger'
    # Processes that were started before know nothing of the folder: the hand goes with the tasks.
    list(run_tasks(str, [0], workers=1, unit='task', limit=60.0))
    known_hands.HANDS.pop('three_finger')
    monkeypatch.setenv('DEXLITE_HANDS', str(tmp_path))
    capsys.readouterr()
    assert main(['validate', str(plan), '--object', str(ball), '--test', 'six-forces-quick',
                 '--workers', '1']) == 0
    assert '2 of 2 hold' in capsys.readouterr().out

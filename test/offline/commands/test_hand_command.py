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
from dexlite_ros.offline.calibration.measured import measured_labels
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.schema import matrix
from dexlite_ros.offline.dataset.store import GraspDataset
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


def test_its_grasps_are_generated_labelled_and_evaluated(tmp_path: Path, capsys):
    """Its data name the hand and its joints; those of two hands are not mixed."""
    profile = str(write_hand(THREE_FINGER_HAND, tmp_path / 'three_finger.yaml'))
    data, labels, report = (tmp_path / name for name in ('data', 'labels', 'report'))
    one = ['--workers', '1', '--objects', 'procedural:1']
    generate = ['generate', *one, '--candidates', '40', '--grasps', '6', '--device', 'cpu']
    assert main([*generate, '--hand', profile, '--output', str(data)]) == 0
    dataset = GraspDataset.open(data)
    joints = matrix(dataset.grasps(), 'joints')
    assert dataset.hand == 'three_finger' and joints.shape == (6, len(THREE_FINGER_HAND.joints))
    assert main([*generate, '--output', str(data)]) == 1
    assert "'hand' was three_finger" in capsys.readouterr().err
    assert main([*generate, '--expand', str(data), '--output', str(tmp_path / 'more')]) == 1
    assert "a dataset of the hand 'shadow_right'" in capsys.readouterr().err

    assert main(['label', *one, '--hand', profile, '--scene', 'full', '--grasps', '4',
                 '--perturbed', '1', '--output', str(labels)]) == 0
    measured = measured_labels(labels, 1)
    assert set(measured['hand'].to_pylist()) == {'three_finger'}
    assert matrix(measured, 'joints').shape[1] == len(THREE_FINGER_HAND.joints)

    assert main(['evaluate', '--workers', '1', '--objects', 'household:1', '--hand', profile,
                 '--max-grasps', '2', '--tests', 'six-forces-quick', '--output', str(report)]) == 0
    assert json.loads((report / 'report.json').read_text())['planner']['hand'] == 'three_finger'

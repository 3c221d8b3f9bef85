# SPDX-License-Identifier: Apache-2.0
"""Two hands from the command line: plan, picture, lift, and what is refused."""

import json
from pathlib import Path

from PIL import Image
import pytest
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.commands.plan import main as plan
from dexlite_ros.offline.commands.validate import main as validate
from dexlite_ros.offline.physics.verdict_file import read_verdicts

FEW = ['--hands', *DEFAULT_PAIR, '--mass', '1', '--num-candidates', '96', '--max-grasps', '2',
       '--threads', '1']


@pytest.fixture(scope='module')
def box(tmp_path_factory) -> Path:
    """Return a folder with a box 30 cm long and the pairs that are planned for it."""
    folder = tmp_path_factory.mktemp('box')
    trimesh.creation.box((0.3, 0.25, 0.2)).export(folder / 'box.stl')
    assert main(['plan', str(folder / 'box.stl'), *FEW, '--output', str(folder / 'pairs.json'),
                 '--picture', str(folder / 'pairs.png')]) == 0
    return folder


def test_pairs_are_written_and_drawn(box):
    """One panel for each of at most three pairs."""
    pairs = json.loads((box / 'pairs.json').read_text())
    assert pairs['mass'] == 1.0 and 1 <= len(pairs['pairs']) <= 2
    assert [each['hand'] for each in pairs['hands']] == list(DEFAULT_PAIR)
    with Image.open(box / 'pairs.png') as picture:
        assert picture.width == 560 * len(pairs['pairs'])


def test_pairs_are_lifted(box, capsys):
    """In the mass that they were planned for, unless another is told; verdicts are kept."""
    call = [str(box / 'pairs.json'), '--object', str(box / 'box.stl')]
    assert validate([*call, '--json', '--output', str(box / 'verdicts.json')]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer['worlds'] == {'two-hand-lift': {'mass': 1.0, 'friction': 0.6}}
    assert answer['tests']['two-hand-lift'][0]['passed']
    verdicts = read_verdicts(box / 'verdicts.json')[1]['two-hand-lift']
    assert [each.reason for each in verdicts] == [
        each['reason'] for each in answer['tests']['two-hand-lift']]
    assert validate([*call, '--friction', '0.1', '--mass', '2']) == 0
    assert '0 of' in capsys.readouterr().out


def test_options_of_one_hand_are_refused(box):
    """None is ignored in silence."""
    target = str(box / 'box.stl')
    with pytest.raises(InvalidRequest, match='preset'):
        plan([target, *FEW, '--preset', 'dexlite'])
    with pytest.raises(InvalidRequest, match='mass'):
        plan([target, *FEW, '--mass', '30'])
    with pytest.raises(InvalidRequest, match='test'):
        validate([str(box / 'pairs.json'), '--object', target, '--test', 'lift'])

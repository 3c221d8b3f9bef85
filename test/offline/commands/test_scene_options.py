# SPDX-License-Identifier: Apache-2.0
"""Options of scenes that exclude each other, or do nothing, are refused by each command."""

from pathlib import Path

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.evaluate import Evaluate
from dexlite_ros.offline.commands.surface_accuracy import SurfaceAccuracy
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView
from dexlite_ros.offline.scenes.table_scene import SceneSettings

COMMANDS = {'evaluate': Evaluate, 'surface-accuracy': SurfaceAccuracy}


def options(command: str, words: str) -> Evaluate | SurfaceAccuracy:
    """Return the options of a command line."""
    output = ['--output', 'new'] if command == 'evaluate' else []
    return parse(COMMANDS[command], f'dexlite {command}', [*words.split(), *output])


@pytest.mark.parametrize('command', COMMANDS)
@pytest.mark.parametrize(('words', 'scene'), [
    ('', None), ('--scene table', SceneView(SceneSettings('kinect', 0))),
    ('--scene table --camera stereo --neighbours 3', SceneView(SceneSettings('stereo', 3))),
    ('--scenes place', RecordedView(Path('place')))])
def test_what_is_asked_for_is_seen(command, words, scene):
    """The same by both commands."""
    assert options(command, words).viewed_scene() == scene


@pytest.mark.parametrize('command', COMMANDS)
@pytest.mark.parametrize(('words', 'named'), [
    ('--scenes place --scene table', 'scenes'), ('--scenes place --objects household:3', 'scenes'),
    ('--scenes place --neighbours 1', 'scenes'), ('--scenes place --camera kinect', 'scenes'),
    ('--neighbours 2', 'scene'), ('--camera kinect', 'scene'),
    ('--scene table --neighbours 7', 'neighbours'), ('--scene table --points 100', 'points'),
    ('--scenes place --noise 0', 'noise')])
def test_what_cannot_go_together(command, words, named):
    """The message names the option."""
    with pytest.raises(InvalidRequest, match=f'^{named} is '):
        options(command, words).viewed_scene()


@pytest.mark.parametrize('words', [
    'evaluate --output new --oracle', 'evaluate --output new --scene table --views single',
    'evaluate --output new --scene table --no-table', 'surface-accuracy --scene table --view full '
    '--no-support', 'surface-accuracy --scene table --view single',
    'evaluate --output new --scenes nowhere', 'surface-accuracy --scenes nowhere',
    'surface-accuracy --objects household:2 --scene table --neighbours 2',
    'evaluate --objects household:2 --output new --scene table --neighbours 2'])
def test_refused_before_anything_is_made(words, tmp_path, monkeypatch, capsys):
    """In one line; nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 1
    assert capsys.readouterr().err.count('\n') == 1
    assert list(tmp_path.iterdir()) == []


def test_the_oracle_is_part_of_the_question():
    """Of an evaluation, with both kinds of scenes."""
    for words in ('--scene table --oracle', '--scenes place --oracle'):
        assert options('evaluate', words).question().scene.oracle

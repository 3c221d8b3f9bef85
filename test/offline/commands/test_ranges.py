# SPDX-License-Identifier: Apache-2.0
"""Numbers on the command line are used or refused, never replaced: zero is a number."""

from typing import Annotated, get_type_hints

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Listed, Parallel
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1, FINITE, POSITIVE, Range
from dexlite_ros.offline.commands.stability import RestOnTable
from dexlite_ros.offline.commands.validate import Validate

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize(('where', 'inside', 'outside'), [
    (AT_LEAST_0, (0, 3), (-1,)), (AT_LEAST_1, (1, 2), (0, -1)),
    (POSITIVE, (1e-9, 5.0), (0.0, -1.0)), (FINITE, (-1e9, 0.0), ()),
    (Range('', 0.5, 2.0), (0.5, 2.0), (0.4, 2.1))])
def test_ranges_contain_what_they_say(where, inside, outside):
    """NaN and infinity are in none."""
    assert all(number in where for number in inside)
    assert not any(number in where for number in (*outside, NAN, INF, -INF))


@pytest.mark.parametrize('words', [
    'stability FOLDER --scale 0', 'stability FOLDER --poses 0', 'stability FOLDER --limit 0',
    'objects procedural:3 --limit 0', 'objects procedural:3 --limit -1',
    'objects procedural:3 --workers -1', 'objects FOLDER --unit 0', 'hand --mjcf x --stiffness 0',
    'hand --mjcf x --stiffness nan', 'export x --format dexgraspnet --output x --scale 0',
    'train --output x --epochs 0', 'train --output x --patience 0', 'train --output x --seed -1',
    'bench --runs 0', 'evaluate --output x --max-grasps 0', 'evaluate --output x --scales 1 0',
    'evaluate --output x --seeds 0', 'evaluate --output x --points 0',
    'evaluate --output x --limit 0', 'evaluate --output x --noise -1',
    'generate --objects procedural:1 --output x --grasps 0',
    'generate --objects procedural:1 --output x --scales 0',
    'generate --objects procedural:1 --output x --limit 0',
    'surface-accuracy --objects FOLDER --limit 0', 'dataset verify FOLDER --seed -1'])
def test_what_cannot_be_used_is_refused(words, tmp_path, monkeypatch, capsys):
    """The message names the option, its value and what is expected; nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert main(words.replace('FOLDER', str(tmp_path)).split()) == 1
    told = capsys.readouterr().err
    assert told.count('\n') == 1 and ' is ' in told and '; expected ' in told
    assert list(tmp_path.iterdir()) == []


def test_zero_that_can_be_used_is_used(tmp_path):
    """A seed, a height of the table, a number of workers."""
    options = parse(Validate, 'dexlite validate', [
        'plan.json', '--object', 'can.obj', '--seed', '0', '--table', '0', '--workers', '0'])
    assert (options.seed, options.table, options.workers) == (0, 0.0, 0)


def test_several_numbers_are_each_in_range():
    """Of an option with several values, and of one that was not given."""
    assert parse(RestOnTable, 'dexlite stability', ['x', '--poses', '3']).limit is None
    with pytest.raises(InvalidRequest, match='poses is 0; expected 1 or more'):
        parse(RestOnTable, 'dexlite stability', ['x', '--poses', '0'])


def test_shared_options_have_ranges():
    """A command that inherits them need not repeat them."""
    hints = {**get_type_hints(Parallel, include_extras=True),
             **get_type_hints(Listed, include_extras=True)}
    assert hints['workers'] == Annotated[int, AT_LEAST_0]
    assert hints['limit'] == Annotated[int | None, AT_LEAST_1]

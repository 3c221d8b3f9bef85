# SPDX-License-Identifier: Apache-2.0
"""Command lines from dataclasses: spelling, choices, multiple values, and usage errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
import tyro

from dexlite_ros.network.checkpoint import WEIGHTS
from dexlite_ros.offline.commands.command_line import parse, refuse
from dexlite_ros.offline.commands.common_options import Printed
from dexlite_ros.offline.commands.generate import Generate


@dataclass(frozen=True, kw_only=True)
class Cook(Printed):
    """Cook something."""

    dishes: tyro.conf.Positional[tuple[Path, ...]]
    """What is cooked."""
    spice_with: tuple[Literal['salt', 'pepper'], ...] | None = None
    """Spices; None: none."""
    no_lid: bool = False
    """Leave the lid off."""
    place: tuple[float, float, float] | None = None
    """Where [m]."""


def cook(*words: str) -> Cook:
    """Return the options of a command line."""
    return parse(Cook, 'dexlite cook', words)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the message for a usage error."""
    with pytest.raises(SystemExit) as caught:
        cook(*words)
    printed = capsys.readouterr()
    assert caught.value.code == 2 and printed.out == ''
    return printed.err


def test_flags_are_spelled_with_hyphens():
    """Several values, switches, negative numbers, and a name after an equals sign."""
    options = cook('a', 'b', '--spice-with', 'salt', 'pepper', '--no-lid', '--place', '0', '-1',
                   '2e-3', '--json')
    assert options == Cook(
        json=True, dishes=(Path('a'), Path('b')), spice_with=('salt', 'pepper'), no_lid=True,
        place=(0.0, -1.0, 0.002))
    assert cook('--spice-with=salt', '--json', 'a').spice_with == ('salt',)


def test_wrong_usage_is_told(capsys):
    """The message goes to standard error with the correct usage; the exit code is 2."""
    told = refused(capsys, 'a', '--spice-with', 'sugar')
    assert all(word in told for word in ('sugar', 'salt', 'pepper'))
    assert '--place' in refused(capsys, 'a', '--place', '0', '0')
    assert '--no-json' in refused(capsys, 'a', '--no-json')
    with pytest.raises(SystemExit) as caught:
        refuse('dexlite cook', 'no fire')
    assert caught.value.code == 2 and 'dexlite cook: no fire' in capsys.readouterr().err


@pytest.mark.parametrize('words', [(), ('a', '--spice-with')])
def test_several_values_are_at_least_one(words, capsys):
    """An option or positional argument for several values without any is a usage error."""
    assert 'at least one value' in refused(capsys, *words)


def test_help_is_plain(capsys):
    """Outside a terminal the help has neither boxes nor colours."""
    with pytest.raises(SystemExit) as caught:
        cook('--help')
    text = capsys.readouterr().out
    assert caught.value.code == 0 and text.isascii() and '\x1b' not in text
    assert text.startswith('usage: dexlite cook') and 'Leave the lid off.' in text


@pytest.mark.parametrize(('words', 'network'), [
    ((), ''),
    (('--network',), str(WEIGHTS / 'shadow_right')),
    (('--network', '--seed', '3'), str(WEIGHTS / 'shadow_right')),
    (('--network', '--hand', 'allegro_right'), str(WEIGHTS / 'allegro_right')),
    (('--network', 'other/network'), 'other/network')])
def test_network_may_stand_alone(words, network):
    """Without a path, the weights of the package for the hand are used."""
    options = parse(
        Generate, 'dexlite generate', ['--objects', 'procedural:1', '--output', 'out', *words])
    assert replace(options, expand=Path('parents')).request().network == network


def test_network_is_one_path(capsys):
    """Two paths are a usage error."""
    with pytest.raises(SystemExit) as caught:
        parse(Generate, 'dexlite generate',
              ['--objects', 'procedural:1', '--output', 'out', '--network', 'a', 'b'])
    assert caught.value.code == 2 and '--network' in capsys.readouterr().err

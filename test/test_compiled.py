# SPDX-License-Identifier: Apache-2.0
"""Compiled code is kept where that is possible, and compiled once per process where it is not."""

import logging

import numpy as np
import pytest

from dexlite_ros import compiled
from dexlite_ros.cache_folder import VARIABLE
from dexlite_ros.compiled import Entry

NUMBERS = np.arange(4.0)


def total(values):
    """Return the sum of squares, from plain Python."""
    result = 0.0
    for value in values:
        result += value * value
    return result


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return the folder in which compiled code is to be kept."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / 'kept'))
    return tmp_path / 'kept'


def hits(entry: Entry) -> int:
    """Return how often an entry's code came from the folder."""
    return sum(entry.ready(NUMBERS).stats.cache_hits.values())


def test_code_is_kept_and_found_again(place):
    """The second process, here the second entry, compiles nothing."""
    first, second = Entry(total), Entry(total)
    assert first(NUMBERS) == second(NUMBERS) == 14.0
    assert (hits(first), hits(second)) == (0, 1)
    assert list(place.glob('compiled/*/*/*.nbi'))


def test_changed_sources_are_compiled_anew(place, tmp_path, monkeypatch):
    """Also sources that the function itself is not in, but may call."""
    (tmp_path / 'part.py').write_text('x = 1\n')
    before = compiled._digest(tmp_path)
    compiled._digest.cache_clear()
    assert compiled._digest(tmp_path) == before
    (tmp_path / 'part.py').write_text('x = 2\n')
    compiled._digest.cache_clear()
    assert compiled._digest(tmp_path) != before
    compiled._digest.cache_clear()


@pytest.mark.parametrize('where', ['', '/dev/null/below'])
def test_without_a_place_it_is_compiled_once_per_process(where, monkeypatch):
    """No folder, or one that cannot be made: the result is the same and nothing is raised."""
    monkeypatch.setenv(VARIABLE, where)
    entry = Entry(total)
    assert entry(NUMBERS) == 14.0
    made = entry.ready(NUMBERS)
    assert entry(NUMBERS) == 14.0 and entry.ready(NUMBERS) is made


def test_damaged_code_is_replaced(place, caplog):
    """A file that is no compiled code is told, and does no harm."""
    Entry(total)(NUMBERS)
    for path in place.glob('compiled/*/*/*.nbi'):
        path.write_bytes(path.read_bytes()[:20])
    with caplog.at_level(logging.WARNING):
        assert Entry(total)(NUMBERS) == 14.0
    assert 'cannot be used' in caplog.text


def test_a_long_compilation_is_announced(place, monkeypatch, caplog):
    """It says what it does; loading what was kept says nothing."""
    monkeypatch.setattr(compiled, 'PATIENCE', 0.0)
    compiled._announce.cache_clear()
    with caplog.at_level(logging.WARNING):
        Entry(total)(NUMBERS)
    assert 'compiling for this processor' in caplog.text


def test_errors_of_the_function_are_raised(place):
    """What numba cannot compile is an error of the code, not of the folder."""
    def wrong(values):
        return values.no_such_thing

    with pytest.raises(Exception, match='no_such_thing'):
        Entry(wrong)(NUMBERS)

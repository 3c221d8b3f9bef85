# SPDX-License-Identifier: Apache-2.0
"""What is kept for the next process lies where the user says, or where the system says."""

from pathlib import Path

import pytest

from dexlite_ros.cache_folder import cache_folder, make_writable, VARIABLE
from dexlite_ros.errors import WriteError


def test_the_variable_goes_before_the_desktop(tmp_path, monkeypatch):
    """DEXLITE_CACHE, also to say nowhere; then an absolute XDG_CACHE_HOME; then the home."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache_folder('kind') == tmp_path / 'kind'
    monkeypatch.setenv(VARIABLE, '')
    assert cache_folder('kind') is None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv('XDG_CACHE_HOME', '/xdg')
    assert cache_folder('kind') == Path('/xdg/dexlite_ros/kind')
    monkeypatch.setenv('XDG_CACHE_HOME', 'relative')
    monkeypatch.setenv('HOME', '/home/user')
    assert cache_folder('kind') == Path('/home/user/.cache/dexlite_ros/kind')


def test_a_place_is_made_or_refused(tmp_path):
    """Folders are made; where they cannot be, the error names the path."""
    make_writable(tmp_path / 'a' / 'b')
    assert (tmp_path / 'a' / 'b').is_dir() and not list((tmp_path / 'a' / 'b').iterdir())
    (tmp_path / 'file').touch()
    with pytest.raises(WriteError, match='file'):
        make_writable(tmp_path / 'file' / 'below')

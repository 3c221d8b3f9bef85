# SPDX-License-Identifier: Apache-2.0
"""Convex pieces are kept where the user says, or not at all, and never in the way."""

import hashlib
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.objects import convex_parts, piece_cache
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.objects.piece_cache import (
    choice_forgotten,
    choose_cache,
    keep_pieces,
    kept_pieces,
    pieces_folder,
    VARIABLE,
)

PIECES = [np.arange(12.0).reshape(4, 3), np.ones((5, 3))]


def ell() -> trimesh.Trimesh:
    """Return a mesh that has to be cut."""
    return trimesh.boolean.union([
        trimesh.creation.box(bounds=[[0, 0, 0], top]) for top in (
            [0.02, 0.02, 0.08], [0.08, 0.02, 0.02])])


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Start without a cache of the user's, and with nothing told yet."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    piece_cache._tell.cache_clear()


def blocked(tmp_path: Path) -> Path:
    """Return a path below a file, where nobody, not even root, can make a folder."""
    (tmp_path / 'file').write_text('')
    return tmp_path / 'file' / 'below'


def test_the_folder_is_where_it_should_be(monkeypatch, tmp_path):
    """Home; XDG_CACHE_HOME if absolute; DEXLITE_CACHE; what was chosen; none."""
    assert pieces_folder() == tmp_path / 'home/.cache/dexlite_ros/convex_pieces'
    monkeypatch.setenv('XDG_CACHE_HOME', 'relative')
    assert pieces_folder() == tmp_path / 'home/.cache/dexlite_ros/convex_pieces'
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'xdg'))
    assert pieces_folder() == tmp_path / 'xdg/dexlite_ros/convex_pieces'
    monkeypatch.setenv(VARIABLE, str(tmp_path / 'own'))
    assert pieces_folder() == tmp_path / 'own/convex_pieces'
    with choice_forgotten():
        choose_cache(tmp_path / 'chosen')
        assert pieces_folder() == tmp_path / 'chosen/convex_pieces'
    assert pieces_folder() == tmp_path / 'own/convex_pieces'
    monkeypatch.setenv(VARIABLE, '')
    assert pieces_folder() is None


def test_pieces_come_back():
    """As they were, under their digest only."""
    keep_pieces('one', PIECES)
    for found, expected in zip(kept_pieces('one'), PIECES, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert kept_pieces('other') is None


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 half a file', b'text'])
def test_a_broken_file_is_made_anew(content):
    """Such as one that a full disk cut off."""
    keep_pieces('one', PIECES)
    (pieces_folder() / 'one.npz').write_bytes(content)
    assert kept_pieces('one') is None
    keep_pieces('one', PIECES)
    assert len(kept_pieces('one')) == 2


def test_meshes_are_cut_once(monkeypatch):
    """The second time nothing is cut, and the pieces are the same."""
    first = convex_pieces(ell())
    monkeypatch.setattr(convex_parts, '_decompose', None)
    for one, other in zip(first, convex_pieces(ell()), strict=True):
        np.testing.assert_array_equal(one, other)


def test_entries_of_bodies_stay_valid_and_shells_have_their_own():
    """What was kept under the settings of CoACD is found again, but not for a thin shell."""
    shell = trimesh.creation.revolve(
        [[0, 0], [0.03, 0], [0.03, 0.05], [0.028, 0.05], [0.028, 0.002], [0, 0.002]])
    for mesh, found in ((ell(), True), (shell, False)):
        content = mesh.vertices.tobytes() + np.ascontiguousarray(mesh.faces).tobytes()
        keep_pieces(hashlib.sha256(content + b'(0.06, 40)').hexdigest()[:24], PIECES)
        assert np.array_equal(convex_pieces(mesh)[0], PIECES[0]) is found


@pytest.mark.parametrize('reason', ['unwritable', 'no home'])
def test_without_a_place_meshes_are_cut_all_the_same(monkeypatch, tmp_path, caplog, reason):
    """One line says so, once, and the processes of workers say nothing."""
    monkeypatch.setenv('HOME', str(blocked(tmp_path)) if reason == 'unwritable' else '')
    with choice_forgotten():
        choose_cache()
        choose_cache()
        assert len(convex_pieces(ell())) >= 2
        assert os.environ[VARIABLE] == ''
    assert len(caplog.messages) == 1 and '--cache' in caplog.messages[0]
    assert ('no home' if reason == 'no home' else 'below') in caplog.messages[0]


def test_without_a_choice_the_library_does_not_stop_either(monkeypatch, tmp_path, caplog):
    """A mesh is cut though its pieces cannot be kept."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(blocked(tmp_path)))
    keep_pieces('one', PIECES)
    keep_pieces('one', PIECES)
    assert kept_pieces('one') is None and len(caplog.messages) == 1


def test_commands_take_a_folder(tmp_path, capsys):
    """``--cache`` keeps the pieces there and leaves the home alone."""
    (tmp_path / 'meshes').mkdir()
    ell().export(tmp_path / 'meshes' / 'ell.obj')
    # In this process, for workers of earlier tests have another environment.
    assert main(['stability', str(tmp_path / 'meshes'), '--workers', '1', '--time-limit', '0',
                 '--cache', str(tmp_path / 'cache')]) == 0
    assert len(list((tmp_path / 'cache' / 'convex_pieces').glob('*.npz'))) == 1
    assert not (tmp_path / 'home').exists()
    assert '1 of 1 objects' in capsys.readouterr().out


@pytest.mark.parametrize(
    'command', ['evaluate', 'generate', 'objects', 'stability', 'validate'])
def test_every_command_that_cuts_takes_a_folder(command, capsys):
    """As its help says."""
    with pytest.raises(SystemExit):
        main([command, '--help'])
    assert '--cache PATH' in capsys.readouterr().out


def test_other_processes_know_the_choice(tmp_path):
    """Worker processes inherit it, wherever they start."""
    code = 'from dexlite_ros.offline.objects.piece_cache import *; print(pieces_folder())'
    with choice_forgotten():
        choose_cache(tmp_path / 'chosen')
        found = subprocess.run(
            [sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(tmp_path / 'chosen' / 'convex_pieces')

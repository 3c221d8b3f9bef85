# SPDX-License-Identifier: Apache-2.0
"""Provenance: keys from settings, commands without the paths to folders."""

from dexlite_ros.offline.provenance import command_without_folders, commit, fingerprint


def test_commands_lose_the_way_to_folders():
    """Paths keep their last part, alone or after an equals sign; all else stays as it is."""
    command = command_without_folders(
        'dexlite', 'train', '--data', '/home/me/data', '--output=/tmp/out', '--scales', '0.8',
        'procedural:2', '.')
    assert command == 'dexlite train --data data --output=out --scales 0.8 procedural:2 .'


def test_fingerprints_tell_parts_apart():
    """Equal parts give equal keys; another order or division does not."""
    assert fingerprint('a', 1, b'x') == fingerprint('a', 1, b'x')
    assert len({fingerprint('a', 'b'), fingerprint('b', 'a'), fingerprint('ab')}) == 3


def test_without_git_the_commit_is_unknown(monkeypatch, tmp_path):
    """A machine without git is no reason to stop."""
    monkeypatch.setenv('PATH', str(tmp_path))
    assert commit.__wrapped__() == 'unknown'

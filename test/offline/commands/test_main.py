# SPDX-License-Identifier: Apache-2.0
"""Whatever the system refuses, a command ends with one line that names path and cause."""

import os
from pathlib import Path
import subprocess
import sys
import threading

import pytest

from dexlite_ros.offline.commands import hand
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.objects.piece_cache import VARIABLE

ROOT = Path(__file__).resolve().parents[3]
FULL = Path('/dev/full')
needs_full = pytest.mark.skipif(not FULL.exists(), reason='this system has no /dev/full')


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the line on standard error."""
    told = capsys.readouterr().err
    assert told.count('\n') == 1 and 'Traceback' not in told
    return told


def run(*words: str, **streams: object) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.offline.commands', *words], cwd=ROOT, text=True,
        stderr=subprocess.PIPE, **streams)


@pytest.mark.parametrize('option', ['--mjcf', '--urdf', '--picture', '--profile'])
def test_what_cannot_be_written_is_named(tmp_path, capsys, option):
    """A folder for a file, and a folder that cannot be made because a file is in its place."""
    assert main(['hand', option, str(tmp_path)]) == 1
    assert str(tmp_path) in one_line(capsys)
    (tmp_path / 'file').write_text('kept')
    assert main(['hand', option, str(tmp_path / 'file' / 'hand')]) == 1
    assert str(tmp_path / 'file') in one_line(capsys)
    assert (tmp_path / 'file').read_text() == 'kept'


@needs_full
def test_a_full_device_is_named_and_stays(capsys):
    """It is written to, not replaced."""
    assert main(['hand', '--mjcf', str(FULL)]) == 1
    assert one_line(capsys) == (
        "dexlite hand: file '/dev/full' cannot be written: No space left on device\n")
    assert FULL.is_char_device()


@pytest.mark.parametrize('words', [
    ['validate', 'FOLDER', '--object', 'FOLDER'], ['plan', 'FOLDER'], ['stability', 'FILE'],
    ['dataset', 'info', 'FILE'], ['import', 'FOLDER/x.npy', '--format', 'dexgraspnet', '--output',
                                  'FOLDER'], ['compare', 'FILE'], ['calibrate', 'FILE']])
def test_what_cannot_be_read_is_named(tmp_path, capsys, words):
    """A folder for a file, a file for a folder, and nothing at all."""
    (tmp_path / 'file').write_text('')
    words = [word.replace('FOLDER', str(tmp_path)).replace('FILE', str(tmp_path / 'file'))
             for word in words]
    assert main(words) == 1
    assert str(tmp_path) in one_line(capsys)


@pytest.mark.parametrize(('error', 'told'), [
    (PermissionError(13, 'Permission denied', '/a/b'), '/a/b: Permission denied'),
    (OSError(18, 'Invalid cross-device link', '/a', None, '/b'), '/a -> /b: Invalid cross-device'),
    (OSError('first line\nsecond line'), 'output: first line second line')])
def test_any_error_of_the_system_is_one_line(monkeypatch, capsys, error, told):
    """Also one that nobody foresaw, with a message of several lines."""
    def fail(argv: list[str]) -> int:
        raise error

    monkeypatch.setattr(hand, 'main', fail)
    assert main(['hand']) == 1
    assert one_line(capsys).startswith(f'dexlite hand: {told}')


def test_errors_in_threads_are_one_line_too(monkeypatch, capsys):
    """Such as those of the thread in which TensorBoard writes."""
    def fail() -> None:
        raise PermissionError(13, 'Permission denied', '/a/b')

    monkeypatch.setattr(threading, 'excepthook', threading.excepthook)
    monkeypatch.setattr(sys, 'argv', ['dexlite', '--version'])
    assert main() == 0
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert one_line(capsys) == 'dexlite: /a/b: Permission denied\n'


def test_a_closed_pipe_ends_quietly(tmp_path):
    """As with ``head``: no message, exit code 1, and the file is whole."""
    for words in (['--help'], ['hand', '--help'],
                  ['hand', '--mjcf', str(tmp_path / 'hand.xml')]):
        reader, writer = os.pipe()
        os.close(reader)
        program = run(*words, stdout=writer)
        os.close(writer)
        _, told = program.communicate(timeout=120)
        assert (program.returncode, told) == (1, '')
    assert (tmp_path / 'hand.xml').read_text().endswith('</mujoco>\n')


@needs_full
def test_a_full_disk_under_the_output_is_told():
    """The text of --help does not fit."""
    with FULL.open('w') as full:
        program = run('hand', '--help', stdout=full)
        _, told = program.communicate(timeout=120)
    assert program.returncode == 1
    assert told == 'dexlite hand: output: No space left on device\n'


def test_without_standard_output_commands_run():
    """As with ``>&-``: there is nothing to print to."""
    program = subprocess.run(
        f'{sys.executable} -m dexlite_ros.offline.commands hand --help >&-', shell=True,
        cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (program.returncode, program.stderr) == (0, '')


def test_a_choice_of_cache_ends_with_the_command(monkeypatch, tmp_path):
    """The next command in the same process starts from the environment again."""
    monkeypatch.setenv(VARIABLE, 'before')
    assert main(['stability', str(tmp_path), '--cache', str(tmp_path / 'cache')]) == 1
    assert os.environ[VARIABLE] == 'before' and (tmp_path / 'cache').is_dir()

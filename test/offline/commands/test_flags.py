# SPDX-License-Identifier: Apache-2.0
"""Every flag shown in a page, a script or the Makefile is known to its command."""

from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
import re
from typing import get_args

import pytest

from dexlite_ros.offline.commands.__main__ import COMMANDS, main
from dexlite_ros.offline.generation.candidates import REFINED
from dexlite_ros.offline.physics.judge import TestName, TESTS
from dexlite_ros.offline.training.losses import PHYSICS

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / 'README.md', ROOT / 'CHANGELOG.rst', *sorted(ROOT.glob('docs/*.md')),
    ROOT / 'docs/results/README.md']
SCRIPTS = [ROOT / 'Makefile', *sorted(ROOT.glob('tools/*.sh'))]
ACTIONS = {'dataset': ('info', 'verify', 'sample', 'merge'), 'hand': ('import',)}
CALL = re.compile(r'(?:dexlite|dexlite_ros\.offline\.commands) +([a-z][a-z-]+)([^|;>#]*)')
FLAG = re.compile(r'(?<![\w-])--[a-z][a-z-]*')
# Functions of the scripts that pass on their arguments.
FUNCTIONS = {'evaluate': 'dexlite evaluate', 'variant': 'dexlite train'}
# Pages that show flags of other programs in running text.
OTHERS = {'install.md'}
PICK = ROOT / 'dexlite_ros/cell/pick/__main__.py'


def _code(path: Path) -> Iterator[str]:
    """Yield the lines of code in a file, with continued lines joined."""
    text = re.sub(r'\\\n\s*', ' ', path.read_text())
    if path in SCRIPTS:
        for line in text.splitlines():
            first, _, rest = line.strip().partition(' ')
            yield f'{FUNCTIONS.get(first, first)} {rest}'
        return
    blocks = r'```.*?\n(.*?)```|^((?: {4,}.*\n)+)'
    for block in re.finditer(blocks, text, re.DOTALL if path.suffix == '.md' else re.M):
        yield from (block[1] or block[2] or '').splitlines()
    for fenced in re.finditer(r'(?<!`)(`{1,2})([^`]+)\1(?!`)', text):
        yield fenced[2].replace('\n', ' ')
    yield from (line for line in text.splitlines() if re.match(r' {4,}dexlite ', line))


def _documented() -> set[tuple[str, str, str]]:
    """Return file, command and flag of every documented call."""
    found = set()
    for path in [*PAGES, *SCRIPTS]:
        for line in _code(path):
            for name, rest in CALL.findall(line):
                action = re.match(r' +([a-z]+)', rest)
                if action and action[1] in ACTIONS.get(name, ()):
                    name = f'{name} {action[1]}'
                found |= {(path.name, name, flag) for flag in FLAG.findall(rest)}
    return found


@cache
def _help(command: str) -> str:
    with redirect_stdout(StringIO()) as printed, pytest.raises(SystemExit):
        main([*command.split(), '--help'])
    return printed.getvalue()


def _known(command: str) -> set[str]:
    """Return the flags in the left column of a command's help."""
    return set(re.findall(r'^  (?:-h, )?(--[a-z][a-z-]*)', _help(command), re.M))


DOCUMENTED = sorted(_documented())


def test_flags_were_found():
    """The search finds most commands and many flags."""
    assert len(DOCUMENTED) >= 100
    assert len({name for _, name, _ in DOCUMENTED}) >= 14
    assert {'README.md', 'CHANGELOG.rst', 'evaluation.md', 'Makefile', 'evaluate.sh'} <= {
        file for file, _, _ in DOCUMENTED}


@pytest.mark.parametrize('command', sorted({name for _, name, _ in DOCUMENTED}))
def test_documented_flags_are_known(command):
    """Flags written after the name of a command are accepted by its parser."""
    assert command.split()[0] in COMMANDS
    written = {flag for _, name, flag in DOCUMENTED if name == command}
    assert written <= _known(command) | {'--help'}


def test_flags_in_running_text_are_known():
    """A flag alone in backticks belongs to some command."""
    known = set().union(*map(_known, {name for _, name, _ in DOCUMENTED}))
    found = {
        flag for path in PAGES if path.name not in OTHERS
        for code in _code(path) if code.startswith('--') for flag in FLAG.findall(code)}
    # make pick's own, which are the fields of its options.
    pick = (PICK.read_text().partition('class Pick:')[2]).partition('@dataclass')[0]
    names = [name.replace('_', '-') for name in re.findall(r'^    (\w+): ', pick, re.M)]
    known |= {f'--{name}' for name in names} | {f'--no-{name}' for name in names}
    assert len(found) >= 10 and found <= known


def test_unknown_flags_are_noticed(capsys):
    """The comparison above detects an unknown flag."""
    assert '--fly' not in _known('plan') and '--max-grasps' in _known('plan')
    with pytest.raises(SystemExit) as caught:
        main(['plan', 'cloud.ply', '--fly'])
    assert caught.value.code == 2 and '--fly' in capsys.readouterr().err


def test_helps_name_what_can_be_chosen():
    """The names listed in the help of an option are exactly the known ones."""
    assert get_args(TestName) == tuple(TESTS)
    for command, names in (('validate', TESTS), ('evaluate', TESTS), ('train', PHYSICS)):
        assert all(re.search(rf'\b{name}\b', _help(command)) for name in names)
    assert f'up to {REFINED}' in _help('generate')

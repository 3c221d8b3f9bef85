"""Command lines from dataclasses: each field is an option, the string under it its help."""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import NoReturn, TypeVar

import tyro

Options = TypeVar('Options')
STYLE = (
    # --json, but no --no-json.
    tyro.conf.FlagCreatePairsOff,
    # What is left open is left out: the word None is a name like any other.
    tyro.conf.DisallowNone,
    tyro.conf.PositionalMetavarFromFieldName,
)


def parse(
    options: type[Options], command: str, arguments: Sequence[str], description: str | None = None
) -> Options:
    """
    Return what a command is told to do.

    A wrong usage ends the program with exit code 2, ``--help`` with 0. An option that takes
    several values needs at least one.

    :param options: a dataclass, or a union of them: one for each subcommand
    :param command: as the user calls it, such as 'dexlite plan'
    :param arguments: the words after it
    :param description: what the help says above the options; None: the dataclass' docstring
    """
    # Frames are for the eye; a file or a pager gets plain lines.
    tyro._experimental_options['utf8_boxes'] = sys.stdout.isatty()
    found = tyro.cli(
        options, prog=command, description=description, args=arguments, config=STYLE)
    for name, value in vars(found).items():
        if value == ():
            refuse(command, f"'{name.replace('_', '-')}' needs at least one value")
    return found


def refuse(command: str, problem: str) -> NoReturn:
    """End the program for a wrong usage that the types of the options cannot tell."""
    print(f'{command}: {problem}\n\nFor full helptext, run {command} --help', file=sys.stderr)
    raise SystemExit(2)

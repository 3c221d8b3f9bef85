"""Command lines from dataclasses: each field is an option, the string below it its help text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
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
    Return the options of a command line.

    A wrong usage ends the program with exit code 2, ``--help`` with 0. An option that takes
    several values needs at least one.

    :param options: a dataclass
    :param command: as the user calls it, such as 'dexlite plan'
    :param arguments: the words after it
    :param description: what the help says above the options; None: the dataclass' docstring
    """
    # Frames are for the eye; a file or a pager gets plain lines.
    tyro._experimental_options['utf8_boxes'] = sys.stdout.isatty()
    found = tyro.cli(
        options, prog=command, description=description, args=arguments, config=STYLE)
    for name in _without_values(found):
        refuse(command, f"'{name.replace('_', '-')}' needs at least one value")
    return found


def _without_values(options: object) -> Iterator[str]:
    """Yield the options that take several values and were given none, subcommands included."""
    for name, value in vars(options).items():
        if value == ():
            yield name
        elif is_dataclass(value):
            yield from _without_values(value)


def refuse(command: str, problem: str) -> NoReturn:
    """Exit because of wrong usage that the types of the options cannot express."""
    print(f'{command}: {problem}\n\nFor full helptext, run {command} --help', file=sys.stderr)
    raise SystemExit(2)

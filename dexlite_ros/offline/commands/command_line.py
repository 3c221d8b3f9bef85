# SPDX-License-Identifier: Apache-2.0
"""Command lines from dataclasses: a field is an option, the string under it is its help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
import sys
from typing import NoReturn, TypeVar

import tyro

from dexlite_ros.offline.commands.ranges import check_ranges

Options = TypeVar('Options')
STYLE = (
    # --json, but no --no-json.
    tyro.conf.FlagCreatePairsOff,
    # An option without a value is omitted; the word None is an ordinary string.
    tyro.conf.DisallowNone,
    tyro.conf.PositionalMetavarFromFieldName,
)


def parse(
    options: type[Options], command: str, arguments: Sequence[str], description: str | None = None
) -> Options:
    """
    Return the parsed options of a command.

    A usage error ends the program with exit code 2, ``--help`` with 0. An option that takes
    several values needs at least one.

    :param options: a dataclass
    :param command: as the user calls it, such as 'dexlite plan'
    :param arguments: the words after the command
    :param description: text above the options in the help; None: the docstring of the dataclass
    :raises InvalidRequest: for a number outside the range that is declared with its option
    """
    # Boxes are drawn only on a terminal; a file or a pager gets plain lines.
    tyro._experimental_options['utf8_boxes'] = sys.stdout.isatty()
    found = tyro.cli(
        options, prog=command, description=description, args=arguments, config=STYLE)
    for name in _without_values(found):
        refuse(command, f"'{name.replace('_', '-')}' needs at least one value")
    check_ranges(found)
    return found


def _without_values(options: object) -> Iterator[str]:
    """Yield the names of list options given without values, subcommands included."""
    for name, value in vars(options).items():
        if value == ():
            yield name
        elif is_dataclass(value):
            yield from _without_values(value)


def refuse(command: str, problem: str) -> NoReturn:
    """End the program for a usage error that the types of the options cannot express."""
    print(f'{command}: {problem}\n\nFor full helptext, run {command} --help', file=sys.stderr)
    raise SystemExit(2)

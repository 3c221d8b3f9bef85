# SPDX-License-Identifier: Apache-2.0
"""Ranges of numbers, declared with their option: ``Annotated[int, AT_LEAST_1]``."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
import math
from typing import Any, get_type_hints

from dexlite_ros.errors import InvalidRequest


@dataclass(frozen=True)
class Range:
    """A range of numbers; NaN and infinity are in none."""

    name: str
    """As it stands in an error: expected ..."""
    lower: float = -math.inf
    upper: float = math.inf

    def __contains__(self, number: float) -> bool:
        return math.isfinite(number) and self.lower <= number <= self.upper


FINITE = Range('a finite number')
AT_LEAST_0 = Range('0 or more', 0)
AT_LEAST_1 = Range('1 or more', 1)
POSITIVE = Range('a positive number', math.ulp(0.0))


def check_ranges(options: Any) -> None:
    """
    Check the numbers of a dataclass of options, subcommands included.

    :raises InvalidRequest: for the first number that is not in the range of its option
    """
    hints = get_type_hints(type(options), include_extras=True)
    for name, value in vars(options).items():
        if is_dataclass(value):
            check_ranges(value)
            continue
        ranges = [each for each in getattr(hints.get(name), '__metadata__', ())
                  if isinstance(each, Range)]
        numbers = value if isinstance(value, tuple) else () if value is None else (value,)
        for each in ranges:
            for number in numbers:
                if number not in each:
                    raise InvalidRequest(name.replace('_', '-'), number, each.name)

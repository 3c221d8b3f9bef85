# SPDX-License-Identifier: Apache-2.0
"""What became of each object, as a table and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
import math
from pathlib import Path
from typing import Any

from dexlite_ros.files import plain, write_json
from dexlite_ros.ros.pick.executor import Attempt

LIFTED = 0.05
"""An object was lifted when it is this much higher at the end [m]."""


@dataclass(frozen=True)
class PickRecord:
    """One object, or one look at a heap: what was tried, and what the simulation knows."""

    name: str
    attempts: tuple[Attempt, ...]
    rise: float
    """How much higher the object is in the end [m]; in a heap that of the highest."""
    seconds: float
    """Simulated time from the first look to the end [s]."""

    @property
    def lifted(self) -> bool:
        """Whether the object is in the hand in truth."""
        return self.rise > LIFTED

    def outcome(self) -> str:
        """Return what became of it, in truth; where the hand felt otherwise, that as well."""
        felt = self.attempts[-1].result
        if self.lifted:
            return 'lifted' if self.attempts[-1].lifted else f'lifted, but: {felt}'
        return 'on the table, though the hand felt it' if self.attempts[-1].lifted else felt

    @property
    def at_once(self) -> bool:
        """Whether the first attempt lifted it."""
        return self.lifted and len(self.attempts) == 1


def row(record: PickRecord) -> str:
    """Return one line of the table."""
    last = record.attempts[-1]
    return (
        f'{record.name[:22]:22}  {len(record.attempts):5}  {_number(last.score, 5, 2)}  '
        f'{_number(last.plan_time, 4, 2)} s  {100 * record.rise:4.0f} cm  '
        f'{record.seconds:4.1f} s  {record.outcome()}')


def table(records: Sequence[PickRecord]) -> str:
    """Return one line for each record, and the sums."""
    lines = [
        'object                  tried  score  plan    rise   time    result', *map(row, records)]
    count, done = len(records), sum(each.lifted for each in records)
    once = sum(each.at_once for each in records)
    lines.append(f'{once} of {count} lifted at the first attempt, {done} in the end')
    return '\n'.join(lines)


def write_records(path: Path, records: Sequence[PickRecord], question: dict[str, Any]) -> None:
    """
    Write a report as JSON.

    :param question: what was asked for
    """
    write_json(path, plain({
        **question, 'picks': [{**asdict(each), 'lifted': each.lifted} for each in records],
        'lifted_at_once': sum(each.at_once for each in records),
        'lifted': sum(each.lifted for each in records), 'count': len(records)}))


def _number(value: float, width: int, digits: int) -> str:
    return ' ' * (width - 1) + '-' if math.isnan(value) else f'{value:{width}.{digits}f}'

# SPDX-License-Identifier: Apache-2.0
"""What became of each object, as a table and as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
import math
from pathlib import Path
import re
import statistics
from typing import Any

from dexlite_ros.files import plain, write_json
from dexlite_ros.ros.pick.executor import Attempt

LIFTED = 0.05
"""An object was lifted when it is this much higher at the end [m]."""
HEAD = 'object                  tried  score  plan    rise   time    result'


@dataclass(frozen=True)
class PickRecord:
    """One object: what was tried, and what the simulation and the judge know."""

    name: str
    attempts: tuple[Attempt, ...]
    rise: float
    """How much higher the object is in the end [m]; among several, the one that rose most."""
    seconds: float
    """Simulated time from the first look to the end [s]."""
    judged: bool | None = None
    """Whether the judge lifts the object with the first grasp; None: not asked, or no grasp."""
    judged_apart: bool | None = None
    """The same of a grasp that was planned without ROS on the true cloud; None: not asked."""

    @property
    def lifted(self) -> bool:
        """Whether the object is in the hand in truth, and the hand feels it."""
        return self.rise > LIFTED and self.attempts[-1].lifted

    def outcome(self) -> str:
        """Return what became of it, in truth; where the hand felt otherwise, that as well."""
        last = self.attempts[-1]
        if self.rise > LIFTED and not last.lifted:
            return f'{last.result}, though it rose'
        return last.result if self.rise > LIFTED or not last.lifted else 'felt, but not lifted'

    @property
    def at_once(self) -> bool:
        """Whether the first attempt lifted it."""
        return self.lifted and len(self.attempts) == 1

    def named(self, name: str) -> PickRecord:
        """Return the record under another name."""
        return replace(self, name=name)


def row(record: PickRecord) -> str:
    """Return one line of the table."""
    last = record.attempts[-1]
    return (
        f'{record.name[:22]:22}  {len(record.attempts):5}  {_number(last.score, 5, 2)}  '
        f'{_number(last.plan_time, 4, 2)} s  {100 * record.rise:4.0f} cm  '
        f'{record.seconds:4.1f} s  {record.outcome()}')


def summary(records: Sequence[PickRecord], objects: int) -> str:
    """
    Return the sums of all picks, in lines.

    :param objects: how many there were to pick; those that were not tried count as not lifted
    """
    sums = _sums(records, objects)
    lines = [
        f"{sums['lifted_at_once']} of {sums['picks']} picks lifted something at the first "
        f"attempt, {sums['lifted']} in the end; {objects} objects"]
    if sums['lifted']:
        lines.append(
            f"median time of a plan {_number(sums['plan_time'], 0, 2)} s, from a cloud to a "
            f"lifted object {_number(sums['cloud_to_lift'], 0, 1)} s")
    if sums['failures']:
        lines.append('failed attempts: ' + '; '.join(
            f'{count} x {reason}' for reason, count in sums['failures'].items()))
    if sums['judged'] is not None:
        lines.append(
            f"of the first grasps the judge lifts {sums['judged']}; of those planned on the true "
            f"cloud without ROS {sums['judged_apart']}")
    return '\n'.join(lines)


def write_records(
    path: Path, records: Sequence[PickRecord], objects: int, question: dict[str, Any]
) -> None:
    """
    Write a report as JSON.

    :param objects: how many there were to pick
    :param question: what was asked for
    """
    write_json(path, plain({
        **question, **_sums(records, objects), 'records': [_plain(each) for each in records]}))


def _sums(records: Sequence[PickRecord], objects: int) -> dict[str, Any]:
    tried = [attempt for record in records for attempt in record.attempts]
    told = [record for record in records if record.judged_apart is not None]
    return {
        'wanted': objects, 'picks': len(records),
        'lifted_at_once': sum(each.at_once for each in records),
        'lifted': sum(each.lifted for each in records),
        'plan_time': _median([each.plan_time for each in tried]),
        'cloud_to_lift': _median([each.seconds for each in tried if each.lifted]),
        'failures': dict(Counter(
            _kind(each.result) for each in tried if not each.lifted).most_common()),
        'judged': sum(bool(each.judged) for each in told) if told else None,
        'judged_apart': sum(bool(each.judged_apart) for each in told) if told else None,
    }


def _plain(record: PickRecord) -> dict[str, Any]:
    """Return a record for a file, without the messages of the grasps."""
    bare = replace(record, attempts=tuple(replace(each, grasp=None) for each in record.attempts))
    content = asdict(bare)
    for attempt in content['attempts']:
        del attempt['grasp']
    return {**content, 'lifted': record.lifted}


def _kind(reason: str) -> str:
    """Return a reason without its numbers, so that equal ones can be counted."""
    return re.sub(r'-?\d+(\.\d+)?', 'N', reason)


def _median(values: Sequence[float]) -> float:
    finite = [each for each in values if math.isfinite(each)]
    return statistics.median(finite) if finite else math.nan


def _number(value: float, width: int, digits: int) -> str:
    return ' ' * (width - 1) + '-' if math.isnan(value) else f'{value:{width}.{digits}f}'

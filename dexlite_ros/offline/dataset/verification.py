# SPDX-License-Identifier: Apache-2.0
"""Verification of a dataset: check every invariant, and judge some grasps again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.dataset.checks import Check, Content, verify
from dexlite_ros.offline.dataset.rejudging import rejudge
from dexlite_ros.offline.dataset.store import GraspDataset

SHOWN = 3
"""Number of violating rows named per check."""


@dataclass(frozen=True)
class Verification:
    """The outcome of a verification."""

    checks: list[Check]
    again: dict[str, bool] | None
    """By key, whether a grasp that held before held again; None: rejudging was not requested."""
    pass_share: float
    """Fraction of rejudged grasps that must hold again."""

    @classmethod
    def of(
        cls, folder: Path, *, judged: int = 0, pass_share: float = 0.97, seed: int = 0,
        workers: int = 0, limit: float = 0.0,
    ) -> Verification:
        """
        Check a dataset.

        :param judged: number of grasps that held to judge again, if all checks pass
        :param pass_share: fraction of these grasps that must hold again
        :param seed: seed of the random choices
        :param workers: worker processes that judge; 0: one per CPU
        :param limit: time that judging one object may take; longer counts as not held [s]. 0: any
        :raises InvalidRequest: for a dataset without grasps
        """
        if judged < 0 or not 0 <= pass_share <= 1:
            raise InvalidRequest(
                'judge and pass-share', (judged, pass_share), '0 or more, and a fraction')
        rng = np.random.default_rng(seed)
        content = Content.of(GraspDataset.open(folder))
        if not content.keys:
            raise InvalidRequest('dataset', str(folder), 'one with grasps in it')
        checks = verify(content, rng)
        sound = all(check.passed for check in checks)
        again = rejudge(content, judged, rng, workers, limit) if judged and sound else None
        return cls(checks, again, pass_share)

    @property
    def enough_held(self) -> bool:
        """Whether enough grasps held again; True if none were rejudged."""
        if self.again is None:
            return True
        return bool(self.again) and (
            sum(self.again.values()) >= self.pass_share * len(self.again))

    @property
    def passed(self) -> bool:
        """Whether all checks passed and enough grasps held again."""
        return all(each.passed for each in self.checks) and self.enough_held

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            'passed': self.passed,
            'checks': [{'name': each.name, 'rows': each.rows, 'broken': each.broken,
                        'passed': each.passed} for each in self.checks],
            'judged_again': self.again or {}}

    def text(self) -> str:
        """Return a line for each check."""
        lines = []
        for each in self.checks:
            names = ': ' + ', '.join(each.broken[:SHOWN]) if each.broken else ''
            lines.append(f'{_mark(each.passed)} {each.name} '
                         f'({len(each.broken)} of {each.rows} do not{names})')
        if self.again:
            held, count = sum(self.again.values()), len(self.again)
            lost = ', '.join(key for key, good in self.again.items() if not good)
            lines.append(
                f'{_mark(self.enough_held)} {held} of {count} hold again ({held / count:.1%}; '
                f'wanted {self.pass_share:.0%})' + (f'; not: {lost}' if lost else ''))
        return '\n'.join(lines)


def _mark(passed: bool) -> str:
    return 'ok  ' if passed else 'FAIL'

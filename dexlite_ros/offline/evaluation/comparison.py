# SPDX-License-Identifier: Apache-2.0
"""Reports of evaluations side by side, one row of figures each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from dexlite_ros.errors import FileError, InvalidRequest

Row = dict[str, float | int | None]
"""Figures by name; None: the evaluation has no such figure."""


@dataclass(frozen=True)
class Comparison:
    """Evaluations in the order they were given."""

    reports: dict[str, dict[str, Any]]
    """Content of each report.json, by name of its folder."""

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Comparison:
        """
        Read the reports in some folders.

        :raises InvalidRequest: when two folders have the same name
        :raises FileError: when a folder has no report, or one of another release
        """
        names = [folder.resolve().name for folder in folders]
        if len(set(names)) < len(names):
            raise InvalidRequest(
                'evaluations', names, 'folders with different names, which name the rows')
        return cls({name: _read(folder / 'report.json') for name, folder in zip(names, folders)})

    def rows(self) -> dict[str, Row]:
        """Return the compared figures, by name of the evaluation."""
        return {name: _row(report) for name, report in self.reports.items()}

    def markdown(self) -> str:
        """Return a table; a dash marks a missing figure."""
        rows = self.rows()
        names = list(dict.fromkeys(name for row in rows.values() for name in row))
        lines = ['| evaluation | ' + ' | '.join(names) + ' |', '|---' * (len(names) + 1) + '|']
        for name, row in rows.items():
            values = (_text(row.get(each)) for each in names)
            lines.append(f'| {name} | ' + ' | '.join(values) + ' |')
        return '\n'.join(lines)

    def commands(self) -> list[str]:
        """Return the command that produced each evaluation."""
        return [report['provenance']['command'] for report in self.reports.values()]


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FileError(path, str(error)) from error
    if not isinstance(report, dict) or 'planner' not in report:
        raise FileError(path, "it is not a report of this release's dexlite evaluate; repeat it")
    return report


def _row(report: dict[str, Any]) -> Row:
    shares = {
        f'{test}, {best} [%]': 100 * row[best]['mean']
        for test, row in report['success'].items() for best in ('best 1', 'best 5', 'all')}
    penetration, apart = report['penetration'], report['palm_distance']
    return {
        'objects': report['objects'],
        'grasps': report['grasps'],
        **shares,
        'energy': report['energy'],
        'penetration [mm]': None if penetration is None else 1e3 * penetration,
        'palms apart [mm]': None if apart is None else 1e3 * apart,
        'palms apart [rad]': report['palm_angle'],
        'joints apart [rad]': report['joint_distance'],
        'time to plan [s]': report['seconds'],
    }


def _text(value: float | int | None) -> str:
    if value is None:
        return '-'
    if isinstance(value, int):
        return str(value)
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.2f}'

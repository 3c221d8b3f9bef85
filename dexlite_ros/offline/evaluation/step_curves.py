# SPDX-License-Identifier: Apache-2.0
"""Plot of success and energy against refinement steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import replaced
from dexlite_ros.offline.evaluation.comparison import Comparison, Row
from dexlite_ros.proposal.proposer import OLD_NAMES


@dataclass(frozen=True)
class Curve:
    """One proposer, drawn as one line in every panel."""

    method: str
    model: str
    temperature: float

    @property
    def label(self) -> str:
        """Label in the legend."""
        if OLD_NAMES.get(self.method, self.method) == 'hull':
            return self.model
        return f'{self.model}, temperature {self.temperature:g}'


Points = dict[Curve, list[tuple[int, Row]]]
"""Numbers of refinement steps and the figures after them, by curve."""


def draw_step_curves(comparison: Comparison, path: Path) -> None:
    """
    Write a PNG with one panel per test, and one for the energy.

    :raises InvalidRequest: when no evaluation was run with --unranked
    """
    rows = comparison.rows()
    names = list(dict.fromkeys(
        name for row in rows.values() for name in row if name.endswith(', all [%]')))
    names.append('energy')
    points = _points(comparison, rows)
    if not points:
        raise InvalidRequest('picture', str(path), 'evaluations made with --unranked')
    figure = Figure(figsize=(4.2 * len(names), 3.6), layout='constrained')
    for panel, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        _draw(panel, name, points)
    with replaced(path) as temporary:
        figure.savefig(temporary, format='png', dpi=110)


def _points(comparison: Comparison, rows: dict[str, Row]) -> Points:
    points: Points = {}
    for name, report in comparison.reports.items():
        planner = report['planner']
        if planner.get('steps') is not None:
            curve = Curve(planner['method'], planner['model'], planner.get('temperature'))
            points.setdefault(curve, []).append((planner['steps'], rows[name]))
    return points


def _draw(panel: Axes, name: str, points: Points) -> None:
    """Draw one quantity for all curves."""
    for curve, found in points.items():
        known = sorted((steps, row[name]) for steps, row in found if row.get(name) is not None)
        panel.plot(*zip(*known), 'o-', label=curve.label)
    panel.set(title=name, xlabel='steps of refinement')
    if name == 'energy':
        panel.set_yscale('log')
    panel.legend(fontsize=7)
    panel.grid(alpha=0.3)

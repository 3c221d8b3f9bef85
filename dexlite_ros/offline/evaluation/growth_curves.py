# SPDX-License-Identifier: Apache-2.0
"""Plot of how the time of planning and refining grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dexlite_ros.files import replaced

Curves = dict[str, list[tuple[float, float]]]
"""Places and times [s] by curve."""


def draw_growth(report: dict[str, Any], path: Path) -> None:
    """
    Write a PNG with one panel for the refinement and one for each way in which plans grow.

    :param report: of ``benchmark``
    """
    curves: Curves = {}
    for row in report['timings']:
        if row['series']:
            curves.setdefault(row['series'], []).append((row['place'], row['median']))
    refined = {name: line for name, line in curves.items() if name.startswith('refine')}
    planned = {name: line for name, line in curves.items() if name not in refined}
    figure = Figure(figsize=(4.2 * (1 + len(planned)), 3.6), layout='constrained')
    first, *others = figure.subplots(1, 1 + len(planned), squeeze=False)[0]
    for name, line in refined.items():
        _draw(first, name.removeprefix('refine, '), line)
    first.set(title='200 steps of refinement', xlabel='grasps', xscale='log', yscale='log')
    first.legend(fontsize=7)
    for panel, (name, line) in zip(others, planned.items()):
        _draw(panel, name, line)
        panel.set(title='plan of 20 grasps', xlabel=name, ylim=(0, None))
        if name != 'size [m]':
            panel.set_xscale('log')
    with replaced(path) as temporary:
        figure.savefig(temporary, format='png', dpi=110)


def _draw(panel: Axes, label: str, line: list[tuple[float, float]]) -> None:
    panel.plot(*zip(*sorted(line)), 'o-', label=label)
    panel.set_ylabel('time [s]')
    panel.grid(alpha=0.3)

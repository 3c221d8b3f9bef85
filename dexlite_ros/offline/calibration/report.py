# SPDX-License-Identifier: Apache-2.0
"""Tables and reliability plots of a success model on objects left out of its fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dexlite_ros.files import replaced
from dexlite_ros.offline.calibration.quality import BEST, Quality

COLUMNS = ('seen', 'conditions', 'scenes', 'grasps', 'held', 'AUC', 'AUC within scenes', 'Brier',
           'ECE', *(f'best {count}' for count in BEST))
PER_ROW = 3


def quality_table(found: Sequence[Quality]) -> str:
    """Return the qualities as a table in Markdown, one line each."""
    lines = [f'| {" | ".join(COLUMNS)} |', '|---' * len(COLUMNS) + '|']
    for each in found:
        cells = (
            each.kind, each.level, each.scenes, each.grasps, f'{each.held:.1%}',
            f'{each.auc:.3f}', f'{each.auc_within:.3f}', f'{each.calibration.brier:.3f}',
            f'{each.calibration.error:.3f}', *(f'{100 * share:.0f}' for share in each.best))
        lines.append(f'| {" | ".join(map(str, cells))} |')
    return '\n'.join(lines)


def write_report(found: Sequence[Quality], about: str, folder: Path) -> None:
    """Write report.md and reliability.png into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with replaced(folder / 'report.md') as temporary:
        temporary.write_text(
            '# The success model on objects left out of its fit\n\n'
            f'{about}\n\n{quality_table(found)}\n\n![predicted and happened](reliability.png)\n')
    with replaced(folder / 'reliability.png') as temporary:
        _plot(found, temporary)


def _plot(found: Sequence[Quality], path: Path) -> None:
    """Draw the share that held against the prediction, a panel for each quality."""
    from matplotlib.figure import Figure

    rows = -(-len(found) // PER_ROW)
    figure = Figure(figsize=(3.2 * PER_ROW, 2.8 * rows), layout='constrained')
    for axes, each in zip(figure.subplots(rows, PER_ROW, squeeze=False).flat, found):
        filled = each.calibration.count > 0
        axes.plot([0, 1], [0, 1], color='0.7', linewidth=1)
        axes.scatter(
            each.calibration.predicted[filled], each.calibration.happened[filled],
            s=2 + 60 * each.calibration.count[filled] / each.calibration.count.max())
        axes.set(
            xlim=(0, 1), ylim=(0, 1), xlabel='predicted', ylabel='held',
            title=f'{each.kind}, {each.level}: ECE {each.calibration.error:.3f}')
        axes.title.set_size(8)
        axes.set_xticks(np.linspace(0, 1, 3))
    figure.savefig(path, dpi=110, format='png')

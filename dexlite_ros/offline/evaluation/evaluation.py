# SPDX-License-Identifier: Apache-2.0
"""A whole evaluation: compute the missing cells, read all cells, and write a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, UTC
from pathlib import Path
import platform
import re
from typing import Any

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation.cell_list import Extent, list_cells
from dexlite_ros.offline.evaluation.cells import Cell, evaluate_cell, left_out
from dexlite_ros.offline.evaluation.contact_sheet import write_contact_sheet, write_surfaces
from dexlite_ros.offline.evaluation.figures import Content, read_cell
from dexlite_ros.offline.evaluation.grasp_source import describe
from dexlite_ros.offline.evaluation.question import Question
from dexlite_ros.offline.evaluation.report import write_report
from dexlite_ros.offline.workers.processes import run_tasks


@dataclass(frozen=True)
class Evaluation:
    """A question and the cells that answer it."""

    question: Question
    folder: Path
    usable: list[tuple[Cell, Content]]
    left_out: list[tuple[Cell, Content]]
    """Cells of objects without a usable mesh, or that took too long."""

    @classmethod
    def run(
        cls, question: Question, extent: Extent, folder: Path, workers: int = 0,
        limit: float = 0.0,
    ) -> Evaluation:
        """
        Plan and judge the cells missing in a folder.

        :param workers: worker processes; 0: one per CPU
        :param limit: time that one cell may take; the next call tries it again [s]. 0: any time
        :raises InvalidRequest: when the folder belongs to another question, or no object is usable
        """
        cells = list_cells(question, extent, folder)
        question.claim(folder)
        missing = [cell for cell in cells if not cell.result.exists()]
        results = run_tasks(
            evaluate_cell, missing, workers=workers, unit='plan', limit=limit, late=left_out)
        ended = {cell.name: content for cell, content in results if content is not None}
        found = [(cell, ended.get(cell.name) or read_cell(cell.result)) for cell in cells]
        usable = [pair for pair in found if pair[1]['usable']]
        if not usable:
            raise InvalidRequest('objects', question.objects, f'meshes; {found[0][1]["error"]}')
        return cls(question, folder, usable, [pair for pair in found if not pair[1]['usable']])

    def report(self, command: str, workers: int) -> dict[str, Any]:
        """
        Write report.json, report.md and report.png and return the figures.

        :param command: command line to record in the report
        :param workers: as for ``run``
        """
        contents = [content for _, content in self.usable]
        provenance = {
            'command': command,
            'release': f'{__version__}, commit '
                       + ', '.join(sorted({each['commit'] for each in contents})),
            'machine': f'{_processor()}, {workers or "all"} workers',
            'date': f'{datetime.now(UTC):%Y-%m-%d}',
            **{f'mended: {cell.name}': '; '.join(content['mended'])
               for cell, content in self.usable if content.get('mended')},
            **{f'left out: {cell.name}': content['error'] for cell, content in self.left_out}}
        return write_report(
            self.folder, contents, list(self.question.tests), provenance,
            describe(self.question.source, self.question.max_grasps))

    def contact_sheet(self) -> Path | None:
        """Write pictures of grasps that held or failed the first test; None without grasps."""
        return write_contact_sheet(
            self.folder / 'contact_sheet.png', self.usable, self.question.tests[0])

    def surface_sheet(self) -> Path | None:
        """Write pictures of closed surfaces beside the true ones; None without scenes."""
        return write_surfaces(self.folder / 'surfaces.png', self.usable)


def _processor() -> str:
    """Return the name of the processor."""
    try:
        text = Path('/proc/cpuinfo').read_text()
    except OSError:
        text = ''
    name = re.search(r'model name\s*: (.+)', text)
    return name[1] if name else platform.processor() or platform.machine()

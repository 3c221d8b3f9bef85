# SPDX-License-Identifier: Apache-2.0
"""``dexlite compare``: one table of evaluations, and a plot of success against steps."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.files import replaced
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Printed
from dexlite_ros.offline.evaluation.comparison import Comparison


@dataclass(frozen=True, kw_only=True)
class Compare(Printed):
    """
    Put the reports of dexlite evaluate side by side.

    The table has one row per folder, named after the folder, in the order given.
    """

    evaluations: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='FOLDER [FOLDER ...]')]
    """Folders with a report.json."""
    output: Path | None = None
    """Write the table here as Markdown."""
    picture: Path | None = None
    """Write a PNG of success and energy against refinement steps here;
    it shows the evaluations run with --unranked."""


def main(argv: list[str]) -> int:
    """Run ``dexlite compare``."""
    options = parse(Compare, 'dexlite compare', argv)
    comparison = Comparison.of(options.evaluations)
    table = comparison.markdown()
    if options.output:
        commands = '\n'.join(f'    {command}' for command in comparison.commands())
        with replaced(options.output) as temporary:
            temporary.write_text(f'{table}\n\n{commands}\n')
    if options.picture:
        from dexlite_ros.offline.evaluation.step_curves import draw_step_curves

        draw_step_curves(comparison, options.picture)
    print(json.dumps(comparison.rows()) if options.json else table)
    return 0

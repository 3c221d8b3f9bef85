# SPDX-License-Identifier: Apache-2.0
"""``dexlite calibrate``: fit the success model to labelled grasps."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import tyro

from dexlite_ros.offline.calibration.examples import Examples
from dexlite_ros.offline.calibration.fitting import fit, FitSettings
from dexlite_ros.offline.calibration.measured import (
    measured_labels,
    read_measured,
    write_measured,
)
from dexlite_ros.offline.calibration.quality import predicted_unseen, qualities
from dexlite_ros.offline.calibration.report import quality_table, write_report
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.offline.provenance import commit
from dexlite_ros.ranking.success_model import GENERIC, MODELS


@dataclass(frozen=True, kw_only=True)
class Calibrate(Cached):
    """
    Fit the success model to labelled grasps.

    Labels of several hands give a model without joints, for any hand. Reports how well the model
    predicts objects left out of the fit, for each kind of scene and each level of conditions; see
    docs/score.md.
    """

    labels: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='LABELS [LABELS ...]')]
    """Folders written by dexlite label, whose scenes are seen again, and files that --examples
    wrote; never of objects used for reporting."""
    examples: Path | None = None
    """File to write all grasps with their features to, from which the fit can be repeated."""
    output: Path | None = None
    """File of the model, .json; None: the file that the planner uses for this hand, or, for labels
    of several hands, for all hands without a model of their own."""
    report: Path = Path('output/calibration')
    """Folder of the report and its plots."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Of the fit."""
    workers: Annotated[int, AT_LEAST_0] = 0
    """Processes that see the scenes again; 0: one per CPU."""


def main(argv: list[str]) -> int:
    """Run ``dexlite calibrate``."""
    options = parse(Calibrate, 'dexlite calibrate', argv)
    options.choose_cache()
    table = _measured(options)
    if options.examples is not None:
        write_measured(table, options.examples)
    hands = table['hand'].unique().to_pylist()
    hand = hands[0] if len(hands) == 1 else ''
    output = options.output or (MODELS / f'{hand}.json' if hand else GENERIC)
    examples = Examples.of(table)
    settings = FitSettings(seed=options.seed)
    found = qualities(examples, predicted_unseen(examples, settings))
    about: dict[str, str | int | float] = {
        'objects': len(set(examples.object)), 'scenes': len(set(examples.scene)),
        'grasps': len(table), 'examples': len(examples), 'commit': commit()}
    model = replace(fit(examples, settings, progress=True), hand=hand, fitted_on={
        **about, **{f'{each.kind}, {each.level}: {name}': round(value, 4)
                    for each in found for name, value in (
                        ('auc', each.auc), ('ece', each.calibration.error))
                    if math.isfinite(value)}})
    model.write(output)
    sentence = ', '.join(f'{name} {value}' for name, value in about.items())
    write_report(found, sentence, options.report)
    print(quality_table(found))
    print(f'{sentence}\nmodel: {output}, report: {options.report / "report.md"}')
    return 0


def _measured(options: Calibrate) -> pa.Table:
    """Return all labelled grasps with their features; of several hands, without joints."""
    folders = [path for path in options.labels if path.is_dir()]
    files = [path for path in options.labels if not path.is_dir()]
    tables = [measured_labels(folder, options.workers) for folder in folders]
    tables += [read_measured(path) for path in files]
    if len({hand for table in tables for hand in table['hand'].unique().to_pylist()}) > 1:
        tables = [table.drop_columns('joints') for table in tables]
    return pa.concat_tables(tables, promote_options='default').unify_dictionaries()

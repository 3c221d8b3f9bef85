# SPDX-License-Identifier: Apache-2.0
"""``dexlite calibrate``: fit the success model to judged grasps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.evaluation.calibration import calibrate
from dexlite_ros.ranking.success_model import DEFAULT


@dataclass(frozen=True, kw_only=True)
class Calibrate:
    """
    Fit the success model to the six-force verdicts of evaluations.

    Reports how well the model predicts objects held out from the fit.
    """

    evaluations: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='FOLDER [FOLDER ...]')]
    """Folders written by dexlite evaluate; never those used for reporting."""
    output: Path = DEFAULT
    """File of the model; the default is the file that the planner uses."""


def main(argv: list[str]) -> int:
    """Run ``dexlite calibrate``."""
    options = parse(Calibrate, 'dexlite calibrate', argv)
    found = calibrate(list(options.evaluations))
    found.model.write(options.output)
    for name, weight in found.influence.items():
        print(f'{name:<20} {weight:+6.2f} per deviation')
    fitted_on = found.model.fitted_on.items()
    print(', '.join(f'{name} {value}' for name, value in fitted_on if name != 'names'))
    print(f'model: {options.output}')
    return 0

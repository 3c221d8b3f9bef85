"""``dexlite calibrate``: teach the success model from judged grasps."""

from __future__ import annotations

import argparse
from pathlib import Path

from dexlite_ros.offline.evaluation.calibration import calibrate
from dexlite_ros.ranking.success_model import DEFAULT


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite calibrate``."""
    parser = argparse.ArgumentParser(
        prog='dexlite calibrate', description='Fit the model of success to the six-force verdicts '
        'of evaluations, and tell how well it predicts objects it was not fitted to.')
    parser.add_argument('evaluations', nargs='+', type=Path,
                        help='folders that dexlite evaluate wrote; never those to report on')
    parser.add_argument('--output', type=Path, default=DEFAULT,
                        help='where the model goes (the one the planner uses)')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite calibrate``."""
    args = parser().parse_args(argv)
    found = calibrate(args.evaluations)
    found.model.write(args.output)
    for name, weight in found.influence.items():
        print(f'{name:<20} {weight:+6.2f} per deviation')
    fitted_on = found.model.fitted_on.items()
    print(', '.join(f'{name} {value}' for name, value in fitted_on if name != 'names'))
    print(f'model: {args.output}')
    return 0

# SPDX-License-Identifier: Apache-2.0
"""``dexlite evaluate-pairs``: plan for two hands on many objects, lift them, and report."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1, POSITIVE
from dexlite_ros.offline.evaluation.lifted_objects import lift_objects
from dexlite_ros.offline.evaluation.pair_lifts import (
    figures,
    markdown,
    PairLifts,
    write_report,
)
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.provenance import command_without_folders


@dataclass(frozen=True, kw_only=True)
class EvaluatePairs(Parallel, Cached, Printed):
    """
    Plan pairs of grasps for two hands, lift each object with both in MuJoCo, and report.

    The output is report.md and report.json. After an interruption, the same command resumes where
    it stopped.
    """

    objects: str = 'large:0-30'
    """Such as 'large:30', 'large:0-30', or a folder of meshes that stand upright."""
    hands: Annotated[tuple[str, str], tyro.conf.arg(metavar='FIRST SECOND')] = (
        DEFAULT_PAIR)
    """Names or paths of the hands."""
    mass: Annotated[float, POSITIVE] = 1.0
    """Mass of every object [kg]."""
    friction: Annotated[float, POSITIVE] = 0.6
    """Friction coefficient of every contact."""
    views: View = 'full'
    """Clouds seen from all sides, or by one camera 1.2 m away above the table."""
    points: Annotated[int, AT_LEAST_0] = 8192
    """Points of a cloud from all sides; 0: plan on the mesh."""
    noise: Annotated[float | None, AT_LEAST_0] = None
    """Standard deviation per coordinate, or along the camera rays [m];
    None: 0 for full, 0.001 for single."""
    pairs: Annotated[int, AT_LEAST_1] = 5
    """Pairs per object, best first."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of plans and clouds."""
    output: Path
    """Folder for the results."""


def main(argv: list[str]) -> int:
    """Run ``dexlite evaluate-pairs``."""
    options = parse(EvaluatePairs, 'dexlite evaluate-pairs', argv)
    options.choose_cache()
    lifts = PairLifts(
        options.hands, options.mass, options.friction, options.points,
        Setup.usual_noise(options.views) if options.noise is None else options.noise,
        options.pairs, options.seed, options.views)
    found = figures(lift_objects(
        find_objects(options.objects), lifts, options.output, options.workers,
        options.time_limit), lifts)
    command = command_without_folders('dexlite', 'evaluate-pairs', *argv)
    path = write_report(found, command, options.output)
    print(json.dumps(found, allow_nan=False) if options.json
          else f'{markdown(found, command)}\nreport: {path}')
    return 0

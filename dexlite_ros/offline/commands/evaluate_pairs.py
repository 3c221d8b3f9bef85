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
from dexlite_ros.offline.evaluation.pair_lifts import (
    figures,
    lift_object,
    LiftTask,
    markdown,
    PairLifts,
    timed_out,
    write_report,
)
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.provenance import command_without_folders
from dexlite_ros.offline.workers.processes import run_tasks


@dataclass(frozen=True, kw_only=True)
class EvaluatePairs(Parallel, Cached, Printed):
    """
    Plan pairs of grasps for two hands, lift each object with both in MuJoCo, and report.

    The output is report.md and report.json.
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
    points: Annotated[int, AT_LEAST_0] = 8192
    """Points of the cloud that is planned on, from all sides; 0: plan on the mesh."""
    noise: Annotated[float, AT_LEAST_0] = 0.0
    """Standard deviation of their noise per coordinate [m]."""
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
        options.hands, options.mass, options.friction, options.points, options.noise,
        options.pairs, options.seed)
    tasks = [LiftTask(each, lifts) for each in find_objects(options.objects)]
    done = dict(run_tasks(
        lift_object, tasks, workers=options.workers, unit='object', limit=options.time_limit,
        late=timed_out))
    found = figures([done[task] for task in tasks], lifts)
    command = command_without_folders('dexlite', 'evaluate-pairs', *argv)
    path = write_report(found, command, options.output)
    print(json.dumps(found, allow_nan=False) if options.json
          else f'{markdown(found, command)}\nreport: {path}')
    return 0

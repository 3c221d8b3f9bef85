# SPDX-License-Identifier: Apache-2.0
"""``dexlite generate``: write judged grasps into a dataset, thousands per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated

import tyro
from tyro.constructors import PrimitiveConstructorSpec

from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.network.checkpoint import WEIGHTS
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import (
    Cached,
    OfHand,
    OnDevice,
    Parallel,
    Printed,
)
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.generation.generation import Generation
from dexlite_ros.offline.generation.machines import Machines
from dexlite_ros.offline.generation.request import check_whole, GenerationRequest
from dexlite_ros.offline.generation.target_choice import TargetChoice
from dexlite_ros.offline.provenance import command_without_folders

SHIPPED = 'shipped'
"""Stands for the weights that come with the package for the hand."""


def _path_of_weights(words: Sequence[str]) -> str:
    """Return the path given to ``--network``; without one, ``SHIPPED``."""
    if len(words) > 1:
        raise ValueError(f'one path at most, not {" ".join(words)}')
    return words[0] if words else SHIPPED


OptionalWeights = Annotated[str, PrimitiveConstructorSpec(
    nargs='*', metavar='[WEIGHTS]', instance_from_str=_path_of_weights,
    is_instance=lambda value: isinstance(value, str), str_from_instance=lambda value: [value])]
"""Type of an option that takes an optional path."""


@dataclass(frozen=True, kw_only=True)
class Generate(OfHand, OnDevice, Parallel, Cached, Printed):
    """
    Propose grasps on many objects, judge them in MuJoCo, and store all in a dataset.

    The tests are six forces and lift. After an interruption, the same command resumes where it
    stopped; see docs/data.md.
    """

    objects: Annotated[tuple[str, ...], tyro.conf.arg(metavar='SOURCE [SOURCE ...]')]
    """Such as 'procedural:40', 'procedural:40-80', 'household:24', 'random_urdfs:20',
    a folder of meshes, or a folder with a manifest.csv."""
    tier: str | None = None
    """Tier in a manifest, such as core; the split is always train. None: all tiers."""
    unit: float = 1.0
    """Metres per unit of mesh files; 0.001: millimetres."""
    only: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar='NAME [NAME ...]')] = None
    """Names of the objects to take, or patterns such as 'bm_*'; None: all."""
    limit: int | None = None
    """Maximum number of objects, in order; None: all."""
    scales: Annotated[tuple[float, ...], tyro.conf.arg(metavar='S [S ...]')] = (1.0,)
    """Scale factors applied to each object."""
    seed: int = 0
    """First seed."""
    seeds: int = 1
    """Number of seeds."""
    candidates: int = 512
    """Initial candidates per object, scale and seed."""
    grasps: int = 40
    """Maximum of judged grasps per object, scale and seed; up to 120."""
    expand: Annotated[Path | None, tyro.conf.arg(metavar='DATASET')] = None
    """Start from the grasps of this dataset that held; None: start from scratch."""
    network: OptionalWeights = ''
    """With --expand: let the network decode the old grasps at other points, instead of moving
    them there rigidly. Without WEIGHTS: use those shipped with the package."""
    ray: Annotated[str | None, tyro.conf.arg(metavar='ADDRESS')] = None
    """Address of the Ray cluster to work on, or 'auto'; None: work on this machine."""
    output: Path
    """Folder of the dataset."""

    def request(self) -> GenerationRequest:
        """Return the request that is generated for each object."""
        hand, network = self.known_hand(), self.network
        if network == SHIPPED:
            network = str(WEIGHTS / find_hand(hand).name)
        return GenerationRequest(
            self.scales, self.seed, self.seeds, self.candidates, self.grasps, self.expand,
            hand, network)


def main(argv: list[str]) -> int:
    """Run ``dexlite generate``; the exit code is 1 when an object could not be used."""
    options = parse(Generate, 'dexlite generate', argv)
    options.choose_cache()
    check_whole('limit', options.limit, 1, 10**9)
    machines = Machines(options.workers, options.ray, options.device, options.time_limit)
    request = options.request()
    targets = TargetChoice(
        options.objects, options.tier, options.unit, options.only, options.limit).find()
    generation = Generation.prepare(request, targets, options.output, machines.task_device())
    figures, tally = generation.run(
        machines, command_without_folders('dexlite', 'generate', *argv))
    if options.json:
        print(json.dumps({
            'tasks': figures, 'per_hour': tally.per_hour(),
            'writing_seconds': tally.writing_seconds}))
    else:
        rates = ', '.join(f'{rate:.0f} {name}' for name, rate in tally.per_hour().items())
        print(f'{len(figures)} of {len(generation.tasks)} missing tasks done in this run; per '
              f'hour: {rates}; writing took {tally.writing_seconds:.1f} s')
        print(log.summary(log.read(options.output / 'log.jsonl')))
    return 1 if any('error' in each for each in figures) else 0

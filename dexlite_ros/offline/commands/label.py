# SPDX-License-Identifier: Apache-2.0
"""``dexlite label``: what the grasp score is to be learnt from."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
import shlex
from typing import Annotated

import tyro

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, OfHand, Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1, POSITIVE
from dexlite_ros.offline.generation.target_choice import TargetChoice
from dexlite_ros.offline.labels.labelling import LabelRequest, run
from dexlite_ros.offline.labels.scene_choice import Kind, SceneChoice
from dexlite_ros.offline.labels.task import Effort
from dexlite_ros.offline.scenes.depth_camera import CameraName


@dataclass(frozen=True, kw_only=True)
class Label(OfHand, Parallel, Cached, Printed):
    """
    Plan on what was seen of objects, judge all candidates on the true ones, and store the labels.

    Failed grasps are kept. After an interruption, the same command resumes where it stopped, and
    other commands add other scenes to the same folder; see docs/data.md.
    """

    objects: Annotated[tuple[str, ...], tyro.conf.arg(metavar='SOURCE [SOURCE ...]')]
    """Such as 'procedural:40', 'household:24-48', a folder of meshes, or a folder with a
    manifest.csv, of which only the split train is used."""
    tier: str | None = None
    """Tier in a manifest, such as core; None: all tiers."""
    only: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar='NAME [NAME ...]')] = None
    """Names of the objects to take, or patterns such as 'bm_*'; None: all."""
    limit: Annotated[int | None, AT_LEAST_1] = None
    """Maximum number of objects, in order; None: all."""
    scales: Annotated[tuple[float, ...], POSITIVE, tyro.conf.arg(metavar='S [S ...]')] = (1.0,)
    """Factors that convert the meshes to metres."""
    scene: Kind = 'table'
    """On a table before a depth camera; one view of an object that floats; seen from all
    sides."""
    camera: CameraName | None = None
    """The camera before a table, with its errors; None: kinect."""
    neighbours: Annotated[int, AT_LEAST_0] = 0
    """Number of other objects of the sources beside the object, on a table."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """First seed."""
    seeds: Annotated[int, AT_LEAST_1] = 1
    """Scenes per object and scale."""
    grasps: Annotated[int, AT_LEAST_1] = 100
    """Maximum of judged grasps per scene: those that a plan returns, and others drawn at
    random."""
    perturbed: Annotated[int, AT_LEAST_0] = 16
    """Number of these that are also judged with the wrist perturbed, and with friction 0.3."""
    output: Path
    """Folder of the labels."""

    def request(self) -> LabelRequest:
        """Return the request for these scenes."""
        return LabelRequest(
            TargetChoice(self.objects, self.tier, 1.0, self.only, self.limit),
            SceneChoice(self.scene, self.camera, self.neighbours), self.scales, self.seed,
            self.seeds, Effort(self.grasps, self.perturbed), self.known_hand())


def main(argv: list[str]) -> int:
    """Run ``dexlite label``; the exit code is 1 when an object could not be used."""
    options = parse(Label, 'dexlite label', argv)
    options.choose_cache()
    found = run(
        options.request(), options.output, shlex.join(['dexlite', 'label', *argv]),
        options.workers, options.time_limit)
    if options.json:
        print(json.dumps(found, allow_nan=False))
    else:
        rate = found['per_hour']['judged']
        print(f'{found["done"]} missing scenes done in this run, {rate:.0f} grasps per hour; '
              f'{found["scenes"]} scenes with {found["grasps"]} grasps in all: '
              f'{options.output / "README.md"}')
        for key, why in found['left_out'].items():
            print(f'left out: {key}: {why}')
    return 1 if found['left_out'] else 0

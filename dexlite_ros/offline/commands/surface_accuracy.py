# SPDX-License-Identifier: Apache-2.0
"""``dexlite surface-accuracy``: compare closed surfaces with ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.evaluation.surface_accuracy import Accuracy, mean_of, measure_all
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.objects.mesh_folder import list_objects, ObjectFile


@dataclass(frozen=True, kw_only=True)
class SurfaceAccuracy(Printed):
    """Measure the accuracy of closed surfaces against the true meshes."""

    objects: Path
    """Folder with manifest.csv and <name>/mesh.obj."""
    split: Literal['train', 'dev', 'all'] = 'dev'
    """Split in the manifest."""
    tier: Literal['core', 'hard', 'all'] = 'core'
    """Tier in the manifest."""
    limit: Annotated[int | None, AT_LEAST_1] = None
    """Number of objects; None: all."""
    view: View = 'full'
    """Points from all sides, or from one camera."""
    points: Annotated[int, AT_LEAST_1] = 2048
    """Points of a full cloud."""
    noise: Annotated[float | None, AT_LEAST_0] = None
    """Standard deviation of the noise [m]; None: 0 for full, 0.001 for single."""
    no_support: bool = False
    """Withhold the plane that the object stands on."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the clouds."""

    def setup(self) -> Setup:
        """Return the settings under which clouds are measured."""
        noise = Setup.usual_noise(self.view) if self.noise is None else self.noise
        return Setup(self.view, self.points, noise, not self.no_support, self.seed)

    def files(self) -> list[ObjectFile]:
        """Return the objects in shuffled order, so that a limit mixes families."""
        split, tier = (None if each == 'all' else each for each in (self.split, self.tier))
        files = list_objects(self.objects, split, tier)
        order = np.random.default_rng(0).permutation(len(files))[:self.limit]
        return [files[index] for index in order]


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = parse(SurfaceAccuracy, 'dexlite surface-accuracy', argv)
    setup = options.setup()
    results, failed = measure_all(options.files(), setup)
    if options.json:
        print(json.dumps({
            'version': 1, 'setup': asdict(setup), 'objects': [asdict(row) for row in results],
            'failed': failed, 'mean': asdict(mean_of(results)) if results else None}, indent=1))
    else:
        print('\n'.join(_table(results, failed)))
    return 0 if results else 1


def _table(results: list[Accuracy], failed: dict[str, str]) -> Iterator[str]:
    yield (
        f'{"object":<32}{"method":<24}{"error":>7}{"bias":>7}{"wrong":>8}{"normal":>8}'
        f'{"IoU":>7}{"seen":>7}{"time":>7}'
    )
    yield f'{"":<56}{"mm":>7}{"mm":>7}{"%":>8}{"deg":>8}{"%":>7}{"%":>7}{"s":>7}'
    for row in [*results, *([mean_of(results)] if results else [])]:
        yield (
            f'{row.name:<32}{row.method:<24}{row.error:7.2f}{row.bias:7.2f}'
            f'{100 * row.wrong_sign:8.2f}{row.normal_error:8.1f}{100 * row.iou:7.1f}'
            f'{100 * row.seen_fraction:7.1f}{row.seconds:7.2f}'
        )
    for name, reason in failed.items():
        yield f'{name:<32}failed: {reason}'

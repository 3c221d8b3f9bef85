# SPDX-License-Identifier: Apache-2.0
"""``dexlite surface-accuracy``: compare closed surfaces with ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, ClassVar, Literal

import numpy as np

from dexlite_ros.files import plain
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.commands.scene_options import SceneOptions
from dexlite_ros.offline.evaluation.cell_list import draw_neighbours, find_all
from dexlite_ros.offline.evaluation.closed_view import write_closed_views
from dexlite_ros.offline.evaluation.question import BUILTIN
from dexlite_ros.offline.evaluation.surface_accuracy import (
    Accuracy,
    mean_of,
    measure_all,
    Measured,
)
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.objects.sources import Target
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView, Viewing


@dataclass(frozen=True, kw_only=True)
class SurfaceAccuracy(SceneOptions, Printed):
    """Measure the accuracy of closed surfaces against the true meshes."""

    without_scenes: ClassVar[tuple[str, ...]] = ('view', 'points', 'noise', 'no_support')
    split: Literal['train', 'dev', 'all'] = 'dev'
    """Split in the manifest of a folder."""
    tier: Literal['core', 'hard', 'all'] = 'core'
    """Tier in the manifest of a folder."""
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
    picture: Path | None = None
    """Write a PNG of the true and the closed surfaces here."""

    def viewing(self) -> Viewing:
        """Return how objects are seen."""
        scene = self.viewed_scene()
        if isinstance(scene, SceneView):
            return SceneView(scene.settings, seed=self.seed)
        if isinstance(scene, RecordedView):
            return RecordedView(scene.folder, seed=self.seed)
        noise = Setup.usual_noise(self.view) if self.noise is None else self.noise
        return Setup(self.view, self.points, noise, not self.no_support, self.seed)

    def subjects(self, folder: Path) -> list[tuple[Target, tuple[Target, ...]]]:
        """
        Return the objects with their neighbours, shuffled, so that a limit mixes families.

        :param folder: the built-in objects are written there
        """
        split, tier = (None if each == 'all' or self.objects == BUILTIN else each
                       for each in (self.split, self.tier))
        scene = self.viewed_scene()
        found = find_all(self.objects, split, tier, scene, folder)
        order = np.random.default_rng(0).permutation(len(found))[:self.limit]
        return [(found[index], draw_neighbours(found, found[index], scene, self.seed))
                for index in order]


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = parse(SurfaceAccuracy, 'dexlite surface-accuracy', argv)
    viewing = options.viewing()
    with TemporaryDirectory() as folder:
        measured, failed = measure_all(options.subjects(Path(folder)), viewing)
    results = [each.accuracy for each in measured]
    methods = dict(Counter(row.method for row in results).most_common())
    if options.json:
        setup = {name: str(value) if isinstance(value, Path) else value
                 for name, value in asdict(viewing).items()}
        print(json.dumps(plain({
            'version': 1, 'setup': setup, 'objects': [asdict(row) for row in results],
            'failed': failed, 'methods': methods,
            'mean': asdict(mean_of(results)) if results else None}), indent=1, allow_nan=False))
    else:
        print('\n'.join(_table(results, failed, methods)))
    if options.picture and measured:
        write_closed_views(options.picture, [
            (_label(each), each.truth, each.closed) for each in measured])
    return 0 if results else 1


def _label(measured: Measured) -> str:
    row = measured.accuracy
    return f'{row.name}\n{row.method} {row.error:.1f} mm'


def _table(
    results: list[Accuracy], failed: dict[str, str], methods: dict[str, int]
) -> Iterator[str]:
    yield (
        f'{"object":<32}{"method":<24}{"error":>7}{"unseen":>8}{"bias":>7}{"wrong":>8}'
        f'{"normal":>8}{"IoU":>7}{"seen":>7}{"time":>7}'
    )
    yield f'{"":<56}{"mm":>7}{"mm":>8}{"mm":>7}{"%":>8}{"deg":>8}{"%":>7}{"%":>7}{"s":>7}'
    for row in [*results, *([mean_of(results)] if results else [])]:
        yield (
            f'{row.name:<32}{row.method:<24}{row.error:7.2f}{row.unseen:8.2f}{row.bias:7.2f}'
            f'{100 * row.wrong_sign:8.2f}{row.normal_error:8.1f}{100 * row.iou:7.1f}'
            f'{100 * row.seen_fraction:7.1f}{row.seconds:7.2f}'
        )
    if methods:
        yield 'methods: ' + ', '.join(f'{name} {count}' for name, count in methods.items())
    for name, reason in failed.items():
        yield f'{name:<32}failed: {reason}'

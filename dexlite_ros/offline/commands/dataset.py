# SPDX-License-Identifier: Apache-2.0
"""``dexlite dataset``: count, check, merge and sample datasets."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.offline.dataset import figures
from dexlite_ros.offline.dataset.drawing import draw, write_drawn
from dexlite_ros.offline.dataset.merging import merge
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.dataset.verification import Verification


@dataclass(frozen=True, kw_only=True)
class Info(Printed):
    """Count the contents of a dataset."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    only: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar='NAME [NAME ...]')] = None
    """Names of the objects to count, or patterns such as 'bm_*'; None: all."""

    def run(self) -> int:
        """Print the figures."""
        content = figures.figures(GraspDataset.open(self.dataset), self.only)
        if self.only and not content['objects']['all']:
            raise InvalidRequest('only', self.only, 'the name of an object, or a pattern')
        print(json.dumps(content, allow_nan=False) if self.json else figures.text(content))
        return 0


@dataclass(frozen=True, kw_only=True)
class Verify(Parallel, Printed):
    """Check that a dataset satisfies every invariant."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    judge: Annotated[int, tyro.conf.arg(metavar='N')] = 0
    """Judge this many of the grasps that held again, with the full tests."""
    pass_share: Annotated[float, tyro.conf.arg(metavar='S')] = 0.97
    """Fraction of these grasps that must hold again."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the random choice."""

    def run(self) -> int:
        """Check everything; the exit code is 1 when an invariant is violated."""
        found = Verification.of(
            self.dataset, judged=self.judge, pass_share=self.pass_share, seed=self.seed,
            workers=self.workers, limit=self.time_limit)
        print(json.dumps(found.to_dict()) if self.json else found.text())
        return 0 if found.passed else 1


@dataclass(frozen=True, kw_only=True)
class Sample(Printed):
    """Sample grasps and write them as a picture and as plan files."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    count: int = 12
    """Number of grasps."""
    failed: bool = False
    """Sample from the grasps that did not hold."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the random choice."""
    output: Path
    """Folder for sample.png and one plan file per grasp."""

    def run(self) -> int:
        """Write the grasps and print their keys."""
        drawn = draw(
            GraspDataset.open(self.dataset), self.count, failed=self.failed, seed=self.seed)
        picture, keys = write_drawn(drawn, self.output), [each.key for each in drawn]
        print(json.dumps({'picture': str(picture), 'keys': keys}) if self.json
              else '\n'.join([*keys, f'picture: {picture}']))
        return 0


@dataclass(frozen=True, kw_only=True)
class Merge(Printed):
    """Merge datasets into one compact dataset."""

    datasets: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='FOLDER [FOLDER ...]')]
    """Folders of the datasets."""
    output: Path
    """A new folder."""

    def run(self) -> int:
        """Write the merged dataset and print its figures."""
        merged = merge([GraspDataset.open(folder) for folder in self.datasets], self.output)
        content = figures.figures(merged)
        print(json.dumps(content, allow_nan=False) if self.json else figures.text(content))
        return 0


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Work with datasets written by dexlite generate; see docs/data.md."""

    action: tyro.conf.OmitSubcommandPrefixes[tyro.conf.OmitArgPrefixes[
        Annotated[Info, tyro.conf.subcommand('info')]
        | Annotated[Verify, tyro.conf.subcommand('verify')]
        | Annotated[Sample, tyro.conf.subcommand('sample')]
        | Annotated[Merge, tyro.conf.subcommand('merge')]]]
    """The subcommand."""


def main(argv: list[str]) -> int:
    """Run ``dexlite dataset``."""
    return parse(Dataset, 'dexlite dataset', argv).action.run()

# SPDX-License-Identifier: Apache-2.0
"""Grasps sampled from a dataset, as pictures and plan files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
import pyarrow as pa
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.dataset.schema import stages_from_table, TESTS
from dexlite_ros.offline.dataset.store import GraspDataset, held, keys
from dexlite_ros.offline.objects.prepared_object import PreparedObject
from dexlite_ros.offline.objects.procedural.solids import union
from dexlite_ros.output.picture import ColouredMesh, grasp_panel, OBJECT_COLOUR, write_sheet
from dexlite_ros.output.plan_file import GraspSet, write_grasps

PANEL = (320, 320)
"""Width and height of a grasp [pixels]."""
COLUMNS = 4


@dataclass(frozen=True)
class Drawn:
    """One grasp of a dataset."""

    key: str
    hand: str
    grasp: StagedGrasp
    """A batch of one."""
    target: PreparedObject
    scale: float
    """Scale factor of the object."""
    reasons: tuple[str, ...]
    """Reasons of its verdicts, each once."""

    def write(self, folder: Path) -> Path:
        """Write the grasp as a plan file and return the path."""
        return write_grasps(
            GraspSet(self.grasp, self.hand, self.target.name, self.scale),
            folder / f'{file_name(self.key)}.json')

    def picture(self) -> Image.Image:
        """Return a picture with object, scale and verdicts written on it."""
        mesh = union([piece * self.scale for piece in self.target.pieces])
        shown = ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), OBJECT_COLOUR)
        label = f'{self.target.name} x {self.scale:g}\n{", ".join(self.reasons)}'
        return grasp_panel(self.hand, self.grasp.grasp, [shown], label, PANEL)


def file_name(key: str) -> str:
    """Return the key of a grasp as a valid file name."""
    return key.replace('/', '_').replace(':', '_')


def draw(
    dataset: GraspDataset, count: int, *, failed: bool = False, seed: int = 0
) -> list[Drawn]:
    """
    Return a random sample of grasps, without replacement.

    :param count: number of grasps; fewer if the dataset has fewer
    :param failed: sample from the grasps that did not hold
    :raises InvalidRequest: when there are no such grasps
    """
    if count < 1:
        raise InvalidRequest('count', count, '1 or more')
    table = dataset.grasps()
    wanted = np.flatnonzero(held(table) != failed)
    if not len(wanted):
        raise InvalidRequest(
            'failed', failed, 'the other choice: the dataset has no such grasps')
    rows = np.random.default_rng(seed).choice(wanted, min(count, len(wanted)), replace=False)
    return list(_drawn(dataset, table.take(rows)))


def _drawn(dataset: GraspDataset, table: pa.Table) -> Iterator[Drawn]:
    grasps, objects = stages_from_table(table), dataset.prepared(table)
    for index, key in enumerate(keys(table)):
        reasons = [table[f'{test}_reason'][index].as_py() for test in TESTS]
        yield Drawn(
            key, dataset.hand, grasps[torch.tensor([index])],
            objects[table['object'][index].as_py()], table['scale'][index].as_py(),
            tuple(dict.fromkeys(reasons)))


def write_drawn(drawn: list[Drawn], folder: Path) -> Path:
    """Write a plan file per grasp and one picture of all, and return the path of the picture."""
    for each in drawn:
        each.write(folder)
    panels = [each.picture() for each in drawn]
    return write_sheet(folder / 'sample.png', panels, min(COLUMNS, len(panels)))

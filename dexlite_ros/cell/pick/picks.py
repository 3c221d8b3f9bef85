# SPDX-License-Identifier: Apache-2.0
"""Picks in one layout of the cell, until its table is empty or a pick fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
import threading

import numpy as np

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.pick.beside import beside
from dexlite_ros.cell.pick.film import Film
from dexlite_ros.cell.pick.record import PickRecord
from dexlite_ros.cell.pick.session import RunningCell
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.offline.objects.sources import Target
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.ros.pick.executor import GraspExecutor, PickSettings


@dataclass(frozen=True)
class PickConditions:
    """What all picks have in common."""

    camera: CameraName = 'kinect'
    """Make of the camera, with its errors."""
    attempts: int = 3
    """Grasps to try for each object."""
    judged: bool = False
    """Whether the judge says what it thinks of each first grasp, where one object is alone."""


def pick_layout(
    targets: Sequence[Target], seed: int, number: int, cell: RunningCell,
    conditions: PickConditions, film: Film | None = None,
) -> Iterator[PickRecord]:
    """
    Lay objects out together and pick one after the other; what is lifted is taken from the hand.

    Ends when the table is empty, or with the first object that is not lifted.

    :param seed, number: of the layout, of the camera's errors and of the plans
    :raises FileError, UnusableObject: for an object that cannot be used
    """
    objects = lay_out(targets, np.array(EYE), np.random.default_rng([seed, number]))
    simulation = cell.lay_out(objects, conditions.camera, seed + number)
    executor = cell.executor(PickSettings(attempts=conditions.attempts))
    label = targets[0].name if len(targets) == 1 else f'{len(objects)} objects'
    first = simulation.look()[1] if conditions.judged and len(objects) == 1 else None
    with _filmed(simulation, label, film):
        left = list(range(len(objects)))
        while left:
            record, index = _pick(simulation, executor, left, seed)
            if first is not None:
                record = beside(record, simulation, first, seed)
            yield record
            if not record.lifted:
                return
            simulation.remove(index)
            left.remove(index)
            if left:
                executor.go_home()


def _pick(
    simulation: CellSimulation, executor: GraspExecutor, left: Sequence[int], seed: int
) -> tuple[PickRecord, int]:
    """Pick one of the objects that are left; return what became of it and which has risen most."""
    names = [simulation.objects[index].name for index in left]
    name = names[0] if len(names) == 1 else f'one of {len(names)}'
    low, began = simulation.rises(), simulation.state().time
    tried = executor.pick(name, seed)
    seconds = simulation.state().time - began
    rises = {index: high - low[index] for index, high in enumerate(simulation.rises())}
    index = max(left, key=lambda each: rises[each])
    if simulation.diverged:
        tried[-1] = replace(tried[-1], result='the simulation has diverged')
        return PickRecord(name, tuple(tried), 0.0, seconds), index
    record = PickRecord(name, tuple(tried), rises[index], seconds)
    if record.lifted:
        record = record.named(simulation.objects[index].name)
    return record, index


@contextmanager
def _filmed(simulation: CellSimulation, label: str, film: Film | None) -> Iterator[None]:
    """Let a film watch, if there is one."""
    over = threading.Event()
    if film is not None:
        threading.Thread(
            target=film.watch, args=(simulation, label, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()

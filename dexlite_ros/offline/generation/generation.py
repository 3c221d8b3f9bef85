# SPDX-License-Identifier: Apache-2.0
"""One generation run: propose, judge and store the grasps that a dataset lacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.generation.log import Tally
from dexlite_ros.offline.generation.machines import Machines
from dexlite_ros.offline.generation.missing_tasks import missing_tasks, wanted_parents
from dexlite_ros.offline.generation.request import GenerationRequest
from dexlite_ros.offline.generation.target_dataset import (
    copy_objects,
    keep,
    note_run,
    open_or_create,
)
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.sources import Target


@dataclass(frozen=True)
class Generation:
    """A dataset and the tasks still missing from it."""

    dataset: GraspDataset
    tasks: list[GenerationTask]

    @classmethod
    def prepare(
        cls, request: GenerationRequest, targets: list[Target], folder: Path, device: str
    ) -> Generation:
        """
        Open or create the dataset in a folder, and find the missing tasks.

        :param device: where grasps are refined
        :raises InvalidRequest: when the request does not match the dataset in the folder
        """
        if request.expand is None:
            dataset = open_or_create(folder, request.settings())
            return cls(dataset, missing_tasks(request, targets, dataset, None, device))
        if request.expand.resolve() == folder.resolve():
            raise InvalidRequest('output', str(folder), 'another folder than --expand')
        source, hand = GraspDataset.open(request.expand), find_hand(request.hand).name
        if source.hand != hand:
            raise InvalidRequest('expand', str(request.expand), f"a dataset of the hand '{hand}'")
        parents = wanted_parents(request, source, targets)
        dataset = open_or_create(folder, request.settings())
        copy_objects(source, dataset, {name for name, _ in parents})
        return cls(dataset, missing_tasks(request, targets, dataset, parents, device))

    def run(self, machines: Machines, command: str) -> tuple[list[dict[str, Any]], Tally]:
        """
        Run the missing tasks; return the figures of each task, and the tally of the run.

        :param command: command line to record in the dataset
        """
        note_run(self.dataset, command)
        tally, figures = Tally(), []
        results = machines.run(self.tasks, lambda result: tally.add(result.figures))
        for task, result in results:
            with tally.writing():
                keep(self.dataset, task, result)
            figures.append(result.figures)
        return figures, tally

# SPDX-License-Identifier: Apache-2.0
"""Where tasks run: local processes, local processes fed by one GPU, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dexlite_ros.device import resolve_device
from dexlite_ros.offline.generation.candidates import propose
from dexlite_ros.offline.generation.judged import generate, Generated, judge_candidates
from dexlite_ros.offline.generation.request import check_whole
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.workers.processes import run_tasks

Results = Iterator[tuple[GenerationTask, Generated]]
Note = Callable[[Generated], str]


@dataclass(frozen=True)
class Machines:
    """The machines that run the tasks."""

    workers: int = 0
    """Worker processes on this machine; 0: one per CPU."""
    ray: str | None = None
    """Address of a Ray cluster, or 'auto'; None: work on this machine."""
    device: str = 'auto'
    """Device for refinement: auto, cpu, cuda or cuda:N."""

    def __post_init__(self) -> None:
        check_whole('workers', self.workers, 0, 10**4)

    def task_device(self) -> str:
        """Return the device of a task; on a cluster the worker that runs the task chooses it."""
        return self.device if self.ray else str(resolve_device(self.device))

    def run(self, tasks: Sequence[GenerationTask], note: Note) -> Results:
        """
        Return an iterator over tasks and their results, in order of completion.

        :param note: returns the text of the progress bar after a result
        """
        if self.ray:
            from dexlite_ros.offline.workers.ray_cluster import run_on_ray

            return run_on_ray(
                propose, judge_candidates, tasks, address=self.ray, use_gpu=self.device != 'cpu',
                unit='task', note=note)
        if resolve_device(self.device).type == 'cpu':
            return run_tasks(generate, tasks, workers=self.workers, unit='task', note=note)
        return run_tasks(
            judge_candidates, tasks, workers=self.workers, unit='task', first=propose, note=note)

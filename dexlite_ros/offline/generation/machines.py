# SPDX-License-Identifier: Apache-2.0
"""Where tasks run: local processes, local processes fed by one GPU, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dexlite_ros.device import resolve_device
from dexlite_ros.offline.generation.candidates import propose
from dexlite_ros.offline.generation.judged import generate, Generated, judge_candidates, left_out
from dexlite_ros.offline.generation.request import check_whole
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.sources import trouble
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
    limit: float = 0.0
    """Time that one step of a task may take [s]; 0: any time."""

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
                unit='task', note=note, limit=self.limit, late=left_out)
        if resolve_device(self.device).type == 'cpu':
            return run_tasks(
                generate, tasks, workers=self.workers, unit='task', note=note, limit=self.limit,
                late=left_out)
        return self.fed_by_this_process(tasks, note)

    def fed_by_this_process(self, tasks: Sequence[GenerationTask], note: Note) -> Results:
        """Propose here, judge in workers; meshes are tried there first, for the time limit."""
        targets = list(dict.fromkeys(task.target for task in tasks))
        reasons = dict(run_tasks(
            trouble, targets, workers=self.workers, unit='object', limit=self.limit,
            late=lambda _, why: why))
        for task in tasks:
            if reasons[task.target]:
                yield task, left_out(task, reasons[task.target])
        yield from run_tasks(
            judge_candidates, [task for task in tasks if not reasons[task.target]],
            workers=self.workers, unit='task', first=propose, note=note, limit=self.limit,
            late=left_out)

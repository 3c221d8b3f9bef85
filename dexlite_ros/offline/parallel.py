"""Many independent tasks over processes, with a progress bar; Ctrl-C ends them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from tqdm import tqdm

from dexlite_ros.errors import DexliteError

Task = TypeVar('Task')
Result = TypeVar('Result')


class WorkerLost(DexliteError):
    """A worker process died; what was finished before is kept."""

    def __init__(self) -> None:
        super().__init__(
            'a worker process died, most likely for want of memory; call again with fewer '
            '--workers: what is in the output is not done twice')


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    unit: str,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield each task with its result, in the order they end.

    :param function: importable by its name; with one worker it runs in this process
    :param workers: processes; 0: one per CPU
    :param unit: what one task is, for the progress bar
    :raises WorkerLost: when a process died
    """
    workers = workers or joblib.cpu_count()
    # One thread each: the work of a task is too small for more.
    with joblib.parallel_config('loky', inner_max_num_threads=1):
        pool = joblib.Parallel(
            n_jobs=min(workers, max(len(tasks), 1)), return_as='generator_unordered')
    jobs = (joblib.delayed(_numbered)(function, index, task) for index, task in enumerate(tasks))
    with tqdm(total=len(tasks), unit=unit, disable=None, smoothing=0.05) as bar:
        try:
            for index, result in pool(jobs):
                bar.update()
                yield tasks[index], result
        except TerminatedWorkerError as error:
            raise WorkerLost from error


def _numbered(
    function: Callable[[Task], Result], index: int, task: Task
) -> tuple[int, Result]:
    return index, function(task)

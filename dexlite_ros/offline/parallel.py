"""Many independent tasks over processes, with a progress bar; Ctrl-C ends them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    first: Callable[[Task], object] | None = None,
    note: Callable[[Result], str] | None = None,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield each task with its result, in the order they end.

    :param function: importable by its name; with one worker it runs in this process
    :param workers: processes; 0: one per CPU
    :param unit: what one task is, for the progress bar
    :param first: done in this process, which may own a GPU, while the workers are busy with tasks
        before; its outcome is what ``function`` gets
    :param note: returns what the progress bar says after a result
    :raises WorkerLost: when a process died
    """
    workers = workers or joblib.cpu_count()
    # One thread each: the work of a task is too small for more.
    with joblib.parallel_config('loky', inner_max_num_threads=1):
        pool = joblib.Parallel(
            n_jobs=min(workers, max(len(tasks), 1)), return_as='generator_unordered')
    jobs = (
        joblib.delayed(_numbered)(function, index, _outcome(first, task) if first else task)
        for index, task in enumerate(tasks))
    try:
        yield from tracked(pool(jobs), tasks, unit, note)
    except TerminatedWorkerError as error:
        raise WorkerLost from error


def tracked(
    results: Iterable[tuple[int, Result]],
    tasks: Sequence[Task],
    unit: str,
    note: Callable[[Result], str] | None,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield tasks with their results, and show a progress bar.

    :param results: index of a task, and its result, in the order they end
    """
    with tqdm(total=len(tasks), unit=unit, disable=None, smoothing=0.05) as bar:
        for index, result in results:
            if note:
                bar.set_postfix_str(note(result), refresh=False)
            bar.update()
            yield tasks[index], result


@dataclass(frozen=True)
class _Outcome:
    """A value, or why there is none: joblib would wait for ever if making its jobs failed."""

    value: object = None
    error: Exception | None = None


def _outcome(function: Callable[[Task], object], task: Task) -> _Outcome:
    try:
        return _Outcome(function(task))
    except Exception as error:
        return _Outcome(error=error)  # Raised in the worker, from where it comes back.


def _numbered(
    function: Callable[[Task], Result], index: int, task: Task | _Outcome
) -> tuple[int, Result]:
    if isinstance(task, _Outcome):
        if task.error is not None:
            raise task.error
        task = task.value
    return index, function(task)

"""Many independent tasks over processes, with a progress bar; Ctrl-C ends them all."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import BrokenProcessPool
from tqdm import tqdm

from dexlite_ros.errors import DexliteError

Task = TypeVar('Task')
Result = TypeVar('Result')
RETRIES = 3
"""How often a task is restarted when a process dies; it is unknown which task was the cause."""
AHEAD = 2
"""Tasks in flight for each process."""
ONE_THREAD = {name: '1' for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS')}
"""Environment of the processes: the work of a task is too small for more."""


class WorkerLost(DexliteError):
    """Worker processes died again and again; what was finished before is kept."""

    def __init__(self, remedy: str) -> None:
        super().__init__(
            f'worker processes died, most likely for want of memory; call again with {remedy}: '
            'what is in the output is not done twice')


def run_tasks(
    function: Callable[[Any], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    unit: str,
    first: Callable[[Task], Any] | None = None,
    note: Callable[[Result], str] | None = None,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield each task with its result, in the order they end.

    :param function: takes a task, or what ``first`` makes of it; importable by its name; with one
        worker it runs in this process
    :param workers: processes; 0: one per CPU
    :param unit: what one task is, for the progress bar
    :param first: done in this process, which may own a GPU, while the workers are busy with tasks
        before; its outcome is what ``function`` gets
    :param note: returns what the progress bar says after a result
    :raises WorkerLost: when processes died more often than tasks are restarted
    """
    workers = min(workers or joblib.cpu_count(), max(len(tasks), 1))
    if workers == 1:
        results: Iterator[tuple[int, Result]] = (
            (index, function(first(task) if first else task)) for index, task in enumerate(tasks))
    else:
        results = _over_processes(function, tasks, workers, first)
    yield from tracked(results, tasks, unit, note)


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


def _over_processes(
    function: Callable[[Any], Result],
    tasks: Sequence[Task],
    workers: int,
    first: Callable[[Task], Any] | None,
) -> Iterator[tuple[int, Result]]:
    """Keep the processes busy and yield what is done; what was lost with one is restarted."""
    waiting = deque(range(len(tasks)))
    begun: Counter[int] = Counter()
    running: dict[Future[Result], int] = {}
    executor = get_reusable_executor(workers, env=ONE_THREAD)
    finished = False
    try:
        while waiting or running:
            if waiting and len(running) < AHEAD * workers:
                index = waiting.popleft()
                begun[index] += 1
                task = first(tasks[index]) if first else tasks[index]
                try:
                    running[executor.submit(function, task)] = index
                except BrokenProcessPool:  # It died of another task, which will be met below.
                    begun[index] -= 1
                    waiting.appendleft(index)
                    executor = get_reusable_executor(workers, env=ONE_THREAD)
                    continue
            room = waiting and len(running) < AHEAD * workers
            done, _ = wait(running, timeout=0 if room else None, return_when=FIRST_COMPLETED)
            for future in done:
                index = running.pop(future)
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield index, future.result()
                elif begun[index] > RETRIES:
                    raise WorkerLost('fewer --workers') from future.exception()
                else:
                    waiting.appendleft(index)
                    executor = get_reusable_executor(workers, env=ONE_THREAD)
        finished = True
    finally:
        if not finished:
            executor.shutdown(kill_workers=True)

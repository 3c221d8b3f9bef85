# SPDX-License-Identifier: Apache-2.0
"""Run independent tasks in worker processes, with a progress bar; Ctrl-C ends them all."""

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
"""How often a task is restarted after a worker died; the task at fault is not known."""
AHEAD = 2
"""Tasks in flight per process."""
ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), '1')
"""Environment of the processes: a task is too small for more threads."""


class WorkerLost(DexliteError):
    """Worker processes died repeatedly; finished tasks are kept."""

    def __init__(self, remedy: str) -> None:
        super().__init__(
            f'worker processes died, most likely for lack of memory; run again with {remedy}: '
            'finished work in the output is kept')


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
    Yield each task with its result, in order of completion.

    :param function: takes a task, or the outcome of ``first``; must be importable by name; with
        one worker it runs in this process
    :param workers: worker processes; 0: one per CPU
    :param unit: name of one task in the progress bar
    :param first: runs in this process, which may own a GPU, while workers do earlier tasks; its
        outcome is passed to ``function``
    :param note: returns the text of the progress bar after a result
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

    :param results: index of a task and its result, in order of completion
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
    """Keep the processes busy and yield results; restart tasks that died with a process."""
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
                except BrokenProcessPool:  # Another task killed it, which is handled below.
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

# SPDX-License-Identifier: Apache-2.0
"""
Run independent tasks in worker processes, with a progress bar; Ctrl-C ends them all.

A task that takes too long is ended with its process, and the others go on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.backend.context import LokyContext
from joblib.externals.loky.backend.process import LokyProcess
from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from dexlite_ros.errors import DexliteError

Task = TypeVar('Task')
Result = TypeVar('Result')
Late = Callable[[Any, str], Any]
"""Takes a task that was ended and why, and returns the result to yield in its place."""
RETRIES = 3
"""How often a task is restarted after its worker died."""
AHEAD = 2
"""Tasks in flight per process."""
ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), '1')
"""Environment of the processes: a task is too small for more threads."""
_kept: dict[int, ProcessPool] = {}
"""The processes of the last call by their number; starting them takes seconds."""


class WorkerLost(DexliteError):
    """Worker processes died repeatedly; finished tasks are kept."""

    def __init__(self, remedy: str) -> None:
        super().__init__(
            f'worker processes died, most likely for lack of memory; run again with {remedy}: '
            'finished work in the output is kept')


class TaskTooLong(DexliteError):
    """A task took longer than its time limit, and nothing can be put in its place."""

    def __init__(self, limit: float) -> None:
        super().__init__(too_long(limit))


def too_long(limit: float) -> str:
    """Return why a task was ended, as a sentence."""
    return f'it took longer than {limit:g} s and was ended; raise --time-limit if it only is slow'


def run_tasks(
    function: Callable[[Any], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    unit: str,
    first: Callable[[Task], Any] | None = None,
    note: Callable[[Result], str] | None = None,
    limit: float = 0.0,
    late: Late | None = None,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield each task with its result, in order of completion.

    :param function: takes a task, or the outcome of ``first``; must be importable by name; with
        one worker and no time limit it runs in this process
    :param workers: worker processes; 0: one per CPU
    :param unit: name of one task in the progress bar
    :param first: runs in this process, which may own a GPU, while workers do earlier tasks; its
        outcome is passed to ``function``
    :param note: returns the text of the progress bar after a result
    :param limit: time that ``function`` may take for one task [s]; 0: any time
    :param late: the result of a task that took longer; None: that is an error
    :raises WorkerLost: when the processes of a task died more often than it is restarted
    :raises TaskTooLong: when a task took longer than the limit, without ``late``
    """
    workers = min(workers or joblib.cpu_count(), max(len(tasks), 1))
    if workers == 1 and not limit:
        results: Iterator[tuple[int, Result]] = (
            (index, function(first(task) if first else task)) for index, task in enumerate(tasks))
    else:
        results = _over_processes(function, tasks, workers, first, limit, late)
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
    limit: float,
    late: Late | None,
) -> Iterator[tuple[int, Result]]:
    """Keep the processes busy and yield results; restart a task whose process died."""
    waiting = deque(range(len(tasks)))
    begun: Counter[int] = Counter()
    running: dict[Future[Result], int] = {}
    pool = _pool(workers)
    finished = False
    try:
        while waiting or running:
            if waiting and len(running) < AHEAD * workers:
                index = waiting.popleft()
                begun[index] += 1
                task = first(tasks[index]) if first else tasks[index]
                running[pool.schedule(function, args=[task], timeout=limit or None)] = index
            room = waiting and len(running) < AHEAD * workers
            done, _ = wait(running, timeout=0 if room else None, return_when=FIRST_COMPLETED)
            for future in done:
                index = running.pop(future)
                error = future.exception()
                if isinstance(error, ProcessExpired) and begun[index] <= RETRIES:
                    waiting.appendleft(index)
                elif isinstance(error, ProcessExpired | BrokenProcessPool):
                    raise WorkerLost('fewer --workers') from error
                elif limit and isinstance(error, TimeoutError):
                    yield index, _ended(tasks[index], limit, late)
                else:
                    yield index, future.result()
        finished = True
    finally:
        if not finished:
            _stop()


def _ended(task: Any, limit: float, late: Late | None) -> Any:
    """Return the result of a task that took too long."""
    if late is None:
        raise TaskTooLong(limit)
    return late(task, too_long(limit))


def _pool(workers: int) -> ProcessPool:
    """Return that many processes: those of the last call, if it had as many."""
    if workers not in _kept or not _kept[workers].active:
        _stop()
        # Loky starts a process without running the main module again, so scripts need no guard.
        context = LokyContext()
        context.Process = partial(LokyProcess, env=ONE_THREAD)
        _kept[workers] = ProcessPool(workers, context=context)
    return _kept[workers]


def _stop() -> None:
    """End all processes, and whatever they do."""
    while _kept:
        _, pool = _kept.popitem()
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()

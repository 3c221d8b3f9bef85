# SPDX-License-Identifier: Apache-2.0
"""
The same tasks on many machines: Ray schedules them, retries failures, and transfers results.

Workers need the package installed, and object files under the same paths. Only this process
writes, so the output needs no shared folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
import logging
import os
import signal
import socket
from typing import Any

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.offline.workers.processes import Late, Result, Task, too_long, tracked, WorkerLost

RETRIES = 5
"""How often a task is restarted when its worker or machine dies."""
AHEAD = 3
"""Tasks in flight per CPU of the cluster."""


def run_on_ray(
    first: Callable[[Task], Any],
    then: Callable[[Any], Result],
    tasks: Sequence[Task],
    *,
    address: str,
    use_gpu: bool,
    unit: str,
    note: Callable[[Result], str] | None = None,
    limit: float = 0.0,
    late: Late | None = None,
) -> Iterator[tuple[Task, Result]]:
    """
    Yield each task with ``then(first(task))``, in order of completion.

    Each step is a separate Ray task, so both GPUs and CPUs are kept busy: ``first`` runs on a
    free GPU, if requested and the cluster has any, ``then`` on any CPU.

    :param address: of the head node, such as '10.0.0.1:6379'; 'auto': the one on this machine
    :param unit: name of one task in the progress bar
    :param note: returns the text of the progress bar after a result
    :param limit: time that each step may take for one task [s]; 0: any time
    :param late: the result of a task whose workers died, or took longer than the limit, each time
        it was started; None: that is an error
    :raises MissingDependency: when Ray is not installed
    :raises InvalidRequest: when there is no cluster at the address
    :raises WorkerLost: when a task's workers died repeatedly, without a limit or ``late``
    """
    # Ray sends usage statistics by default; set this to 1 to allow that.
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    try:
        import ray
    except ImportError as error:
        raise MissingDependency(
            'ray', 'for clusters', "pip install 'dexlite_ros[scale]'") from error
    _check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(address, error) from error
    try:
        results = _results(partial(_within, limit, first), partial(_within, limit, then), tasks,
                           use_gpu, late if limit else None, limit)
        yield from tracked(results, tasks, unit, note)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.ObjectLostError,
            ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
        raise WorkerLost('machines that have more memory, or fewer CPUs each') from error
    finally:
        ray.shutdown()


def _call(step: Callable[[Any], Any], argument: Any) -> Any:
    return step(argument)


def _within(limit: float, step: Callable[[Any], Any], argument: Any) -> Any:
    """Return the outcome of a step; the system ends its process when it takes too long."""
    if not limit:
        return step(argument)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        return step(argument)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _check_reachable(address: str) -> None:
    """Check that HOST:PORT accepts connections; Ray itself would retry for minutes."""
    host, _, port = address.rpartition(':')
    if not port.isdigit() or '://' in address:
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> InvalidRequest:
    return InvalidRequest(
        'ray', address,
        f"the address of a running cluster ('ray start --head' begins one); {error}")


def _results(
    first: Callable[[Task], Any],
    then: Callable[[Any], Result],
    tasks: Sequence[Task],
    use_gpu: bool,
    late: Late | None,
    limit: float,
) -> Iterator[tuple[int, Result]]:
    """Keep as many tasks in flight as the cluster can use, and yield results."""
    import ray

    gpus = 1 if use_gpu and ray.cluster_resources().get('GPU', 0) >= 1 else 0
    first_step = ray.remote(_call).options(max_retries=RETRIES, num_gpus=gpus)
    then_step = ray.remote(_call).options(max_retries=RETRIES)
    waiting = list(enumerate(tasks))[::-1]
    running: dict[object, int] = {}
    while waiting or running:
        # Queried each time, since machines may join.
        processors = max(int(ray.cluster_resources().get('CPU', 1)), 1)
        while waiting and len(running) < AHEAD * processors:
            index, task = waiting.pop()
            running[then_step.remote(then, first_step.remote(first, task))] = index
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            index = running.pop(reference)
            try:
                result = ray.get(reference)
            except ray.exceptions.WorkerCrashedError:
                if late is None:
                    raise
                result = late(tasks[index], f'{too_long(limit)}, or its workers died')
            yield index, result

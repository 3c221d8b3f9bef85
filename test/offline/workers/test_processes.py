# SPDX-License-Identifier: Apache-2.0
"""Worker processes give the same results as one process, and failed tasks are restarted."""

import os
from pathlib import Path
import signal

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.workers.processes import run_tasks, WorkerLost


def square(number: int) -> int:
    """Return the square."""
    return number * number


def process(number: int) -> tuple[int, int]:
    """Return the number and the process that received it."""
    return number, os.getpid()


def die_at_three(number: int) -> int:
    """Kill this process when it receives a three."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(path: Path) -> str:
    """Kill this process unless the file already exists."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def refuse(number: int) -> int:
    """Raise an error of our own."""
    raise InvalidRequest('number', number, 'another one')


@pytest.mark.parametrize('workers', [1, 2])
def test_each_task_gets_its_result(workers):
    """Results belong to their tasks, in any order of completion."""
    assert sorted(run_tasks(square, [3, 1, 2], workers=workers, unit='task')) == [
        (1, 1), (2, 4), (3, 9)]


def test_the_first_step_stays_here():
    """It is done in this process, the second one in others."""
    results = [result for _, result in run_tasks(
        process, list(range(6)), workers=2, unit='task', first=square)]
    assert sorted(number for number, _ in results) == [0, 1, 4, 9, 16, 25]
    assert os.getpid() not in {owner for _, owner in results}


def test_a_lost_worker_costs_nothing(tmp_path):
    """A task that kills its process once succeeds on the second try."""
    paths = [tmp_path / name for name in 'abcd']
    results = dict(run_tasks(die_once, paths[:1] + [Path('/')] * 3, workers=2, unit='task'))
    assert results[paths[0]] == 'a'


def test_workers_that_die_for_ever_are_an_error():
    """It says what to do."""
    with pytest.raises(WorkerLost, match='--workers'):
        list(run_tasks(die_at_three, list(range(6)), workers=2, unit='task'))


@pytest.mark.parametrize('step', ['function', 'first'])
def test_errors_come_back_as_they_are(step):
    """From a worker as from here, with their sentence."""
    steps = {'function': square, 'first': square} | {step: refuse}
    with pytest.raises(InvalidRequest, match='number is .; expected another one'):
        list(run_tasks(tasks=[1, 2, 3], workers=2, unit='task', **steps))


def test_nothing_to_do():
    """No task, no result."""
    assert list(run_tasks(square, [], workers=2, unit='task')) == []

"""Tasks run over processes give what they give in one, and a lost worker is told."""

import os
import signal

import pytest

from dexlite_ros.offline.parallel import run_tasks, WorkerLost


def square(number: int) -> int:
    """Return the square."""
    return number * number


def die_at_three(number: int) -> int:
    """Kill this process when it is asked for three."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize('workers', [1, 2])
def test_each_task_gets_its_result(workers):
    """Whatever the order they end in."""
    assert sorted(run_tasks(square, [3, 1, 2], workers=workers, unit='task')) == [
        (1, 1), (2, 4), (3, 9)]


def test_a_lost_worker_is_an_error():
    """It says what to do."""
    with pytest.raises(WorkerLost, match='--workers'):
        list(run_tasks(die_at_three, list(range(6)), workers=2, unit='task'))


def test_nothing_to_do():
    """No task, no result."""
    assert list(run_tasks(square, [], workers=2, unit='task')) == []

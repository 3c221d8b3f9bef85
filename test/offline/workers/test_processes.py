# SPDX-License-Identifier: Apache-2.0
"""Worker processes give the same results as one process, and failed tasks are restarted."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.workers.processes import run_tasks, TaskTooLong, WorkerLost


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


def take_a_while(seconds: float) -> float:
    """Work for this long; for a negative time, for ever, deaf to every signal but SIGKILL."""
    if seconds < 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            pass
    time.sleep(seconds)
    return seconds


@pytest.mark.parametrize('workers', [1, 2])
def test_a_task_without_end_is_left_out(workers):
    """It is named with the reason; the tasks before, beside and after it have their results."""
    tasks = [0.01, -1.0, 0.02, 0.03, 0.04]
    results = dict(run_tasks(
        take_a_while, tasks, workers=workers, unit='task', limit=1.5,
        late=lambda task, why: f'{task}: {why}'))
    ended = results.pop(-1.0)
    assert ended.startswith('-1.0: it took longer than 1.5 s') and '--time-limit' in ended
    assert results == {task: task for task in tasks if task > 0}


def test_waiting_does_not_count():
    """The time of a task begins when a process takes it up, not when it is submitted."""
    tasks = [0.3 + 0.01 * index for index in range(5)]
    assert dict(run_tasks(take_a_while, tasks, workers=1, unit='task', limit=1.2)) == {
        task: task for task in tasks}


def test_a_task_that_nothing_can_replace_is_an_error():
    """It says which time limit it exceeded."""
    with pytest.raises(TaskTooLong, match='longer than 0.3 s'):
        list(run_tasks(take_a_while, [5.0, 6.0], workers=2, unit='task', limit=0.3))


def test_deaths_and_ends_are_told_apart(tmp_path):
    """A task that dies once is done again, beside one that takes too long."""
    paths = [tmp_path / name for name in 'ab']
    assert dict(run_tasks(die_once, paths, workers=2, unit='task', limit=5.0)) == {
        path: path.name for path in paths}


def test_processes_end_with_this_one(tmp_path):
    """Killed with SIGKILL, it leaves none behind, whatever they do."""
    script = tmp_path / 'script.py'
    script.write_text(
        'import sys, time\n'
        f'sys.path.insert(0, {str(Path(__file__).parent)!r})\n'
        'from dexlite_ros.offline.workers.processes import run_tasks\n'
        'from test_processes import process\n'
        'for _, (_, owner) in run_tasks(process, [1, 2, 3, 4], workers=2, unit="task"):\n'
        '    print(owner, flush=True)\n'
        'print("done", flush=True)\n'
        'time.sleep(60)\n')
    program = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    owners = {int(line) for line in iter(program.stdout.readline, 'done\n')}
    program.kill()
    program.wait()
    deadline = time.monotonic() + 20
    while any(Path(f'/proc/{owner}').exists() for owner in owners):
        assert time.monotonic() < deadline, 'processes stay behind'
        time.sleep(0.1)
    assert owners

# SPDX-License-Identifier: Apache-2.0
"""One job runs at a time, and every waiting caller is answered in time."""

from collections.abc import Iterator
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from dexlite_ros.errors import BadCloud, Busy, Cancelled, PlanningTimeout
from dexlite_ros.plan_request import PlanProgress
from dexlite_ros.ros.worker import DeviceWorker, Job


@pytest.fixture
def worker() -> Iterator[DeviceWorker]:
    """Return a worker that is stopped afterwards."""
    worker = DeviceWorker('test')
    yield worker
    worker.stop(1.0)


def patient(job: Job) -> str:
    """Run until told to stop."""
    while not job.should_stop():
        time.sleep(0.01)
    raise Cancelled()


def test_results_and_errors_reach_the_one_who_waits(worker: DeviceWorker) -> None:
    """This also holds for jobs in a row: a worker is free again before it answers."""
    for number in range(50):
        assert worker.submit(Job(lambda _, n=number: n, 5.0), queue_size=0).wait() == number

    def fail(job: Job) -> None:
        raise BadCloud('it is a rainy one')

    with pytest.raises(BadCloud, match='rainy'):
        worker.submit(Job(fail, 5.0), queue_size=0).wait()


def test_jobs_never_overlap(worker: DeviceWorker) -> None:
    """The device has one owner."""
    inside, most = [], []

    def work(job: Job) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    for job in [worker.submit(Job(work, 5.0), queue_size=20) for _ in range(10)]:
        job.wait()
    assert most == [1] * 10


@pytest.mark.parametrize('queue_size', [0, 1, 3])
def test_a_full_queue_refuses(worker: DeviceWorker, queue_size: int) -> None:
    """One job runs, the allowed number waits, and the next one is rejected at once."""
    jobs = [worker.submit(Job(patient, 5.0), queue_size) for _ in range(queue_size + 1)]
    with pytest.raises(Busy, match=f'{queue_size + 1} requests'):
        worker.submit(Job(patient, 5.0), queue_size)
    assert worker.load == queue_size + 1
    assert worker.cancel() == len(jobs)


def test_cancelling_answers_those_who_run_and_those_who_wait(worker: DeviceWorker) -> None:
    """They are answered at once, even if the running job does not notice the stop request."""
    release = threading.Event()
    jobs = [worker.submit(Job(lambda _: release.wait(5.0), 5.0), queue_size=1) for _ in range(2)]
    time.sleep(0.05)
    started = time.monotonic()
    assert worker.cancel() == 2
    for job in jobs:
        with pytest.raises(Cancelled):
            job.wait()
    assert time.monotonic() - started < 0.5
    assert worker.cancel() == 0
    release.set()


def test_a_deadline_holds_for_work_that_overruns_it(worker: DeviceWorker) -> None:
    """The caller is answered, and the job is told to stop."""
    job = worker.submit(Job(patient, 0.1), queue_size=0)
    started = time.monotonic()
    with pytest.raises(PlanningTimeout, match='0.10 s'):
        job.wait()
    assert time.monotonic() - started < 0.5
    assert job.should_stop()


def test_who_ran_out_of_time_while_waiting_does_not_fill_the_queue(worker: DeviceWorker) -> None:
    """Its place in the queue is free again."""
    first = worker.submit(Job(patient, 5.0), queue_size=1)
    with pytest.raises(PlanningTimeout):
        worker.submit(Job(patient, 0.05), queue_size=1).wait()
    worker.submit(Job(patient, 5.0), queue_size=1)
    assert not first.should_stop()


def test_work_that_is_about_to_stop_does_not_fill_the_queue(worker: DeviceWorker) -> None:
    """After a cancellation the next request waits instead of being BUSY."""
    release = threading.Event()
    job = worker.submit(Job(lambda _: release.wait(5.0), 5.0), queue_size=0)
    time.sleep(0.05)
    job.cancel()
    following = worker.submit(Job(lambda _: 'done', 5.0), queue_size=0)
    with pytest.raises(Busy):
        worker.submit(Job(patient, 5.0), queue_size=0)
    release.set()
    assert following.wait() == 'done'


def test_a_waiting_caller_can_watch_and_cancel(worker: DeviceWorker) -> None:
    """It sees the progress that the work reports, and is answered at once when it cancels."""
    seen = []

    def work(job: Job) -> str:
        job.report(PlanProgress('surface', 0.1))
        return patient(job)

    def watch(job: Job) -> None:
        seen.append(job.progress)
        if len(seen) == 3:
            job.cancel()

    started = time.monotonic()
    with pytest.raises(Cancelled):
        worker.submit(Job(work, 5.0), queue_size=0).wait(watch)
    assert time.monotonic() - started < 1.0
    assert seen[-1] == PlanProgress('surface', 0.1)


def test_watching_changes_no_outcome(worker: DeviceWorker) -> None:
    """Results, errors of the work and the deadline are the same."""
    assert worker.submit(Job(lambda _: 5, 5.0), 0).wait(lambda _: None) == 5

    def fail(job: Job) -> None:
        time.sleep(0.12)
        raise TimeoutError('the work itself')

    for watch in (None, lambda _: None):
        with pytest.raises(TimeoutError, match='the work itself'):
            worker.submit(Job(fail, 5.0), 0).wait(watch)
        with pytest.raises(PlanningTimeout):
            worker.submit(Job(patient, 0.1), 5).wait(watch)


def test_stopping_does_not_wait_for_work_that_does_not_look_up() -> None:
    """It returns False instead."""
    worker = DeviceWorker('test')
    job = worker.submit(Job(lambda _: time.sleep(1.0), 5.0), queue_size=0)
    time.sleep(0.05)
    started = time.monotonic()
    assert not worker.stop(0.1)
    assert time.monotonic() - started < 0.5
    with pytest.raises(Cancelled):
        job.wait()
    with pytest.raises(Cancelled):
        worker.submit(Job(patient, 5.0), queue_size=5)


def test_the_client_needs_no_torch() -> None:
    """A computer that only calls the planner does not need its libraries."""
    code = 'import sys, dexlite_ros.ros.client; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0

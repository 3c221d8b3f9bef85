# SPDX-License-Identifier: Apache-2.0
"""
One thread that owns the device, and its queue of jobs.

Requests wait for their job, not for the device. A job that is cancelled or out of time is answered
at once, whatever the thread is doing; the thread drops it when the planner next polls for a stop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from functools import partial
import threading
import time
from typing import Any, Generic, TypeVar

from dexlite_ros.errors import Busy, Cancelled, PlanningTimeout
from dexlite_ros.plan_request import PlanProgress

WATCH_PERIOD = 0.05
"""Time between two looks of a caller at its waiting job [s]."""
Result = TypeVar('Result')


class Job(Generic[Result]):
    """A unit of work with a deadline and a waiting caller."""

    def __init__(self, work: Callable[[Job[Result]], Result], budget: float) -> None:
        """
        Start the clock.

        :param work: called with this job; should poll its ``should_stop``.
        :param budget: time until the result is due [s].
        """
        self._work = work
        self._budget = budget
        self._deadline = time.monotonic() + budget
        self._stop = threading.Event()
        self._future: Future[Result] = Future()
        self.progress: PlanProgress | None = None
        """Written by the worker's thread; None until the work has begun."""

    @property
    def remaining(self) -> float:
        """Time left [s]; negative after the deadline."""
        return self._deadline - time.monotonic()

    def report(self, progress: PlanProgress) -> None:
        """Note how far the work is."""
        self.progress = progress

    def should_stop(self) -> bool:
        """Return whether the result is no longer wanted."""
        return self._stop.is_set()

    def cancel(self) -> bool:
        """Answer with Cancelled; return False if there was an answer already."""
        self._stop.set()
        return self._answer(self._future.set_exception, Cancelled())

    def run(self) -> Callable[[], bool]:
        """Do the work if still wanted; return a function that hands over the outcome."""
        if self._stop.is_set():
            return self.cancel
        try:
            result = self._work(self)
        except Exception as error:  # for the waiting caller, not for this thread
            return partial(self._answer, self._future.set_exception, error)
        return partial(self._answer, self._future.set_result, result)

    def wait(self, watch: Callable[[Job[Result]], None] | None = None) -> Result:
        """
        Return the result.

        :param watch: called with this job every WATCH_PERIOD while waiting; may cancel it.
        :raises PlanningTimeout: the deadline passed first.
        """
        period = threading.TIMEOUT_MAX if watch is None else WATCH_PERIOD
        while not self._future.done():
            try:
                return self._future.result(timeout=max(0.0, min(self.remaining, period)))
            except TimeoutError:
                if self._future.done():  # at this moment, or the work itself raised it
                    break
            if self.remaining <= 0:
                self._stop.set()
                raise PlanningTimeout(self._budget)
            if watch is not None:
                watch(self)
        return self._future.result()

    def _answer(self, setter: Callable[..., None], value: object) -> bool:
        try:
            setter(value)
        except InvalidStateError:  # cancelled in the meantime: the first answer counts
            return False
        return True


class DeviceWorker:
    """Runs jobs one after another in its own thread."""

    def __init__(self, name: str) -> None:
        self._condition = threading.Condition()
        self._waiting: deque[Job[Any]] = deque()
        self._running: Job[Any] | None = None
        self._open = True
        # A daemon, so that a planner that does not stop cannot keep the process from exiting.
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def load(self) -> int:
        """Return the number of running and waiting jobs."""
        with self._condition:
            return self._load()

    def submit(self, job: Job[Result], queue_size: int) -> Job[Result]:
        """
        Put ``job`` in the queue.

        :param job: job to run.
        :param queue_size: number of jobs that may wait while one is running.
        :raises Busy: the queue is full.
        """
        with self._condition:
            # A request that timed out while waiting has already been answered.
            self._waiting = deque(job for job in self._waiting if not job.should_stop())
            if not self._open:
                raise Cancelled('the node stops')
            load = self._load()
            if load > queue_size:
                raise Busy(load)
            self._waiting.append(job)
            self._condition.notify_all()
        return job

    def cancel(self) -> int:
        """Cancel running and waiting jobs; return the number of cancelled ones."""
        with self._condition:
            jobs = [*self._waiting, *([self._running] if self._running else [])]
            self._waiting.clear()
        return sum(job.cancel() for job in jobs)

    def close(self) -> None:
        """Cancel everything and accept no more jobs; the thread ends when it notices."""
        with self._condition:
            self._open = False
            self._condition.notify_all()
        self.cancel()

    def stop(self, timeout: float) -> bool:
        """
        Cancel everything and wait for the end of the thread.

        :param timeout: how long to wait for the running job to notice the stop request [s].
        :return: False if it did not stop in time; the thread then ends with the process.
        """
        self.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _load(self) -> int:
        # One that was answered and is about to stop does not keep others from waiting.
        running = self._running is not None and not self._running.should_stop()
        return len(self._waiting) + running

    def _loop(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or not self._open)
                if not self._open:
                    return
                self._running = self._waiting.popleft()
            hand_over = self._running.run()
            with self._condition:  # before answering, or the same client's next call might be BUSY
                self._running = None
            hand_over()

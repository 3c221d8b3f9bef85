# SPDX-License-Identifier: Apache-2.0
"""A callback group that knows which calls are still to be answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import Executor

SETTLING_TIME = 0.1
"""How long no call may arrive before all are taken as answered [s]."""


class CallGroup(ReentrantCallbackGroup):
    """
    Runs callbacks in parallel and counts them, from taking the request to sending the response.

    The executor announces both ends of each callback to its group, so the count includes what
    happens outside the callback itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._condition = threading.Condition()
        self._running = 0
        self._begun = 0

    @property
    def running(self) -> int:
        """Number of calls that are not answered yet."""
        with self._condition:
            return self._running

    def beginning_execution(self, entity: object) -> bool:
        """Count a call; called by the executor."""
        with self._condition:
            self._running += 1
            self._begun += 1
        return True

    def ending_execution(self, entity: object) -> None:
        """Stop counting a call; called by the executor."""
        with self._condition:
            self._running -= 1
            self._condition.notify_all()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count work that the executor does for this group, but as a task of its own."""
        self.beginning_execution(None)
        try:
            yield
        finally:
            self.ending_execution(None)

    def wait_until_answered(self, executor: Executor | None, timeout: float) -> bool:
        """
        Wait until every call is answered, including those that were sent but not yet taken.

        :param executor: the executor that answers them, still spinning in another thread; None:
            the node has none, so no further call can be taken
        :param timeout: longest time to wait [s]
        :return: False if a call is unanswered after that
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._condition:
                if not self._condition.wait_for(
                        lambda: not self._running, max(0.0, deadline - time.monotonic())):
                    return False
                begun = self._begun
            if executor is None:
                return True
            settled = min(time.monotonic() + SETTLING_TIME, deadline)
            while time.monotonic() < settled:
                if not _one_pass(executor, deadline):
                    return False
                time.sleep(0.01)
            with self._condition:
                if self._begun == begun and not self._running:
                    return True
            if time.monotonic() >= deadline:
                return self.running == 0


def _one_pass(executor: Executor, deadline: float) -> bool:
    """Wait until the executor has looked for work once more; return False if out of time."""
    done = threading.Event()
    executor.create_task(done.set)
    return done.wait(max(0.0, deadline - time.monotonic()))

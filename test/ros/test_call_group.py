# SPDX-License-Identifier: Apache-2.0
"""A call counts until its answer is sent."""

from collections.abc import Iterator
import threading
import time

import pytest
from rclpy.context import Context
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from dexlite_ros.ros.call_group import CallGroup
from dexlite_ros.ros.process import spin


@pytest.fixture
def context() -> Iterator[Context]:
    """Return a context of its own."""
    context = Context()
    context.init()
    yield context
    context.try_shutdown()


class Server:
    """A node with one slow service."""

    def __init__(self, context: Context, seconds: float) -> None:
        self.group = CallGroup()
        self.node = Node('slow', context=context)
        self.sent: list[float] = []
        service = self.node.create_service(
            Trigger, '~/wait', lambda _, answer: time.sleep(seconds) or answer,
            callback_group=self.group)
        send = service.send_response

        def noted(*args: object) -> None:
            time.sleep(0.05)  # sending takes its time, too
            send(*args)
            self.sent.append(time.monotonic())

        service.send_response = noted
        self.client = self.node.create_client(Trigger, '~/wait')
        self.executor = MultiThreadedExecutor(8, context=context)
        self.stop = threading.Event()
        self.thread = spin(self.executor, self.node, self.stop)
        assert self.client.wait_for_service(10.0)

    def close(self) -> None:
        """Stop spinning."""
        self.stop.set()
        self.executor.wake()
        self.thread.join()
        self.executor.shutdown()
        self.node.destroy_node()


def test_waiting_ends_after_the_last_answer_is_sent(context: Context) -> None:
    """Calls count that run, and those that were sent a moment before."""
    server = Server(context, 0.3)
    try:
        for _ in range(3):
            server.client.call_async(Trigger.Request())
        assert server.group.wait_until_answered(server.executor, 10.0)
        assert len(server.sent) == 3 and time.monotonic() >= max(server.sent)
        assert server.group.running == 0
    finally:
        server.close()


def test_waiting_is_bounded(context: Context) -> None:
    """A call that takes longer is reported, not waited for."""
    server = Server(context, 1.0)
    try:
        server.client.call_async(Trigger.Request())
        started = time.monotonic()
        while not server.group.running:
            time.sleep(0.01)
            assert time.monotonic() - started < 10.0
        started = time.monotonic()
        assert not server.group.wait_until_answered(server.executor, 0.2)
        assert time.monotonic() - started < 0.6
        assert server.group.wait_until_answered(server.executor, 10.0)
    finally:
        server.close()


def test_without_an_executor_only_what_runs_counts() -> None:
    """Nothing else could still be taken."""
    group = CallGroup()
    assert group.wait_until_answered(None, 0.0)
    with group.call():
        assert group.running == 1
        assert not group.wait_until_answered(None, 0.05)
    assert group.wait_until_answered(None, 0.05)

# SPDX-License-Identifier: Apache-2.0
"""The client waits as long as it is told, and no lost answer makes it hang."""

from collections.abc import Iterator
import threading
import time

from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
import pytest
import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.process import spin


class SlowStates:
    """Answers ~/get_state: the first calls only after an hour, then with the given states."""

    def __init__(self, lost: int, states: list[str]) -> None:
        self._lost, self._states = lost, states
        self._lock = threading.Lock()
        self.asked = 0
        self.ended = threading.Event()

    def answer(self, _: GetState.Request, response: GetState.Response) -> GetState.Response:
        with self._lock:
            self.asked += 1
            lost = self.asked <= self._lost
            label = self._states.pop(0) if not lost and len(self._states) > 1 else self._states[0]
        if lost:
            self.ended.wait(3600.0)
        response.current_state = State(label=label)
        return response


@pytest.fixture
def serve() -> Iterator:
    """Return a function that serves states as the node 'planner'."""
    rclpy.init()
    node = Node('planner')
    executor, stop = MultiThreadedExecutor(6), threading.Event()
    thread = spin(executor, node, stop)
    served = []

    def serve(states: SlowStates) -> None:
        served.append(states)
        node.create_service(
            GetState, '~/get_state', states.answer, callback_group=ReentrantCallbackGroup())
        executor.wake()

    yield serve
    for states in served:
        states.ended.set()
    stop.set()
    executor.wake()
    thread.join()
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown()


def test_a_lost_answer_is_asked_for_again(serve) -> None:
    """Long before the time to wait is over."""
    serve(states := SlowStates(2, ['inactive', 'active']))
    with PlannerClient() as client:
        started = time.monotonic()
        client.wait_until_active(30.0)
        assert time.monotonic() - started < 15.0
    assert states.asked >= 4


@pytest.mark.parametrize('lost', [0, 100])
def test_waiting_ends_in_time(serve, lost: int) -> None:
    """Whether the node answers otherwise, or not at all."""
    serve(SlowStates(lost, ['inactive']))
    with PlannerClient() as client:
        started = time.monotonic()
        words = 'not answering' if lost else 'inactive'
        with pytest.raises(TimeoutError, match=f"'planner' did not become active.*{words}"):
            client.wait_until_active(1.5)
        assert 1.4 < time.monotonic() - started < 4.0


def test_without_a_node_waiting_ends_in_time(serve) -> None:
    """Neither service nor action need exist."""
    with PlannerClient('nobody') as client:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            client.wait_until_active(0.5)
        assert time.monotonic() - started < 2.0

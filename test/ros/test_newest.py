# SPDX-License-Identifier: Apache-2.0
"""Messages are passed on at a limited rate, the newest first."""

from collections.abc import Iterator
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.ros.segmenter.newest import Newest


class Line:
    """What came through, and when."""

    def __init__(self, context: Context, rate: float) -> None:
        self.node = Node('line', context=context)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)
        self.passed: list[int] = []
        self.times: list[float] = []
        self.newest: Newest[int] = Newest(
            self.node, self._work, lambda: rate, MutuallyExclusiveCallbackGroup())

    def _work(self, message: int) -> None:
        self.passed.append(message)
        self.times.append(time.monotonic())

    def run(self, seconds: float) -> None:
        """Spin."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)


@pytest.fixture
def context() -> Iterator[Context]:
    """Return an initialised context."""
    context = Context()
    context.init()
    yield context
    context.shutdown()


def test_all_pass_without_a_limit(context):
    """At once."""
    line = Line(context, 0.0)
    for number in range(5):
        line.newest.take(number)
    assert line.passed == [0, 1, 2, 3, 4]


def test_the_newest_passes_when_it_is_due(context):
    """The first at once, then the last of those that came meanwhile, and none twice."""
    line = Line(context, 5.0)
    for number in range(4):
        line.newest.take(number)
    assert line.passed == [0]
    line.run(0.6)
    assert line.passed == [0, 3]
    assert line.times[1] - line.times[0] >= 0.199
    line.newest.take(4)
    assert line.passed == [0, 3, 4]

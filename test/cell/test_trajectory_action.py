# SPDX-License-Identifier: Apache-2.0
"""The fingers follow goals of ros2_control's action, where its messages are installed."""

from collections.abc import Iterator
import threading
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')
pytest.importorskip('control_msgs', reason='control_msgs is not installed: not run')

from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory
import rclpy
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexlite_ros.cell.finger_topics import ACTION, FingerTopics
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.ros.conversions import duration
from dexlite_ros.ros.process import spin

NAMES = list(SHADOW_RIGHT.joint_names)


class Bench:
    """A hand in an empty cell, and a client of its action."""

    def __init__(self) -> None:
        self.simulation = CellSimulation(SHADOW_RIGHT, ())
        self.start = np.array(list(self.simulation.open_posture.values()))
        self.node = Node('bench')
        FingerTopics(self.node, lambda: self.simulation)
        self.client = ActionClient(self.node, FollowJointTrajectory, ACTION)

    def send(self, change: float, seconds: float, names: list[str] = NAMES):
        """Bend the middle finger's base by an angle [rad]; return the goal's handle."""
        wanted = self.start.copy()
        wanted[NAMES.index('rh_MFJ3')] += change
        assert self.client.wait_for_server(10.0)
        return self.wait(self.client.send_goal_async(FollowJointTrajectory.Goal(
            trajectory=JointTrajectory(joint_names=names, points=[JointTrajectoryPoint(
                positions=wanted[:len(names)].tolist(), time_from_start=duration(seconds))]))))

    def wait(self, future):
        """Return the result of a future."""
        deadline = time.monotonic() + 20.0
        while not future.done() and time.monotonic() < deadline:
            time.sleep(0.01)
        return future.result()

    def bent(self) -> float:
        """Return how far the joint is from where it was [rad]."""
        index = NAMES.index('rh_MFJ3')
        return float(self.simulation.state().joints[index] - self.start[index])


@pytest.fixture(scope='module')
def bench() -> Iterator[Bench]:
    """Return a hand whose time goes on."""
    rclpy.init()
    own, stop = Bench(), threading.Event()
    executor = SingleThreadedExecutor()
    thread = spin(executor, own.node, stop)

    def run() -> None:
        while not stop.wait(0.01):
            own.simulation.advance()
    clock = threading.Thread(target=run)
    clock.start()
    yield own
    stop.set()
    clock.join()
    thread.join()
    executor.shutdown()
    own.node.destroy_node()
    rclpy.try_shutdown()


def test_a_goal_ends_when_the_joints_are_there(bench):
    """Not before its time."""
    began = bench.simulation.state().time
    goal = bench.send(0.3, 0.6)
    assert goal.accepted
    found = bench.wait(goal.get_result_async())
    assert found.status == GoalStatus.STATUS_SUCCEEDED
    assert found.result.error_code == FollowJointTrajectory.Result.SUCCESSFUL
    assert bench.simulation.state().time >= began + 0.6
    assert bench.bent() == pytest.approx(0.3, abs=0.05)


def test_a_goal_for_some_of_the_joints_is_rejected(bench):
    """Nothing moves."""
    before = bench.bent()
    assert not bench.send(0.0, 0.5, NAMES[:-1]).accepted
    time.sleep(0.3)
    assert bench.bent() == pytest.approx(before, abs=0.01)


def test_a_goal_that_is_cancelled_holds(bench):
    """The joints stay where they are, short of the goal."""
    bench.wait(bench.send(0.0, 0.2).get_result_async())
    goal = bench.send(0.8, 8.0)
    time.sleep(0.5)
    bench.wait(goal.cancel_goal_async())
    found = bench.wait(goal.get_result_async())
    assert found.status == GoalStatus.STATUS_CANCELED
    held = bench.bent()
    assert 0.0 < held < 0.6
    time.sleep(0.5)
    assert bench.bent() == pytest.approx(held, abs=0.03)


def test_a_new_goal_ends_the_one_before(bench):
    """Which says so."""
    first = bench.send(0.8, 8.0)
    second = bench.send(0.1, 0.3)
    found = bench.wait(first.get_result_async())
    assert found.status == GoalStatus.STATUS_ABORTED
    assert 'another trajectory' in found.result.error_string
    assert bench.wait(second.get_result_async()).status == GoalStatus.STATUS_SUCCEEDED

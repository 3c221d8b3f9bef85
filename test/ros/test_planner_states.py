# SPDX-License-Identifier: Apache-2.0
"""The node's states and its shutdown, over real DDS: two planners side by side."""

from collections.abc import Iterator
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from planner_process import (
    box_points,
    cloud_message,
    FAST,
    LONG,
    PlannerProcess,
    request,
    START,
    wait_for,
)
import rclpy
from rosgraph_msgs.msg import Clock
from trajectory_msgs.msg import JointTrajectory

from dexlite_ros.msg import SynthesisReport as Report


@pytest.fixture(scope='module')
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[PlannerProcess]]:
    """Start two planners side by side: one with autostart, one for a lifecycle manager."""
    rclpy.init()
    folder = tmp_path_factory.mktemp('nodes')
    nodes = [
        # With torch a request is long enough to be interrupted.
        PlannerProcess(
            '/left', folder / 'left.log', device='cpu', warm_up=False, backend='torch'),
        PlannerProcess(
            '/right', folder / 'right.log', device='cpu', autostart=False, warm_up=False,
            backend='torch', use_sim_time=True, publish_trajectory=True),
    ]
    yield nodes
    for node in nodes:
        node.close()
    rclpy.try_shutdown()


@pytest.fixture(scope='module')
def planner(both: list[PlannerProcess]) -> PlannerProcess:
    """Return the planner that activates itself."""
    both[0].wait_for_state('active')
    return both[0]


@pytest.fixture(scope='module')
def managed(both: list[PlannerProcess]) -> PlannerProcess:
    """Return the planner that waits for its manager."""
    return both[1]


def change_state(node: PlannerProcess, transition: int) -> bool:
    """Ask for a lifecycle transition."""
    message = ChangeState.Request(transition=Transition(id=transition))
    return node.client._call('change_state', ChangeState, message, START).success


def test_two_nodes_answer_each_its_own(planner: PlannerProcess, managed: PlannerProcess) -> None:
    """A managed node has no services, then is NOT_ACTIVE, then plans; the other is unaffected."""
    managed.wait_for_state('unconfigured')
    assert change_state(managed, Transition.TRANSITION_CONFIGURE)
    cloud = cloud_message(box_points())
    report = managed.call(cloud=cloud).report
    assert (report.error_code, "'inactive'" in report.error_msg) == (Report.NOT_ACTIVE, True)
    assert change_state(managed, Transition.TRANSITION_ACTIVATE)
    futures = [
        node.client.synthesize_async(request(cloud=cloud, object_id=node.namespace, **FAST))
        for node in (planner, managed)
    ]
    wait_for(lambda: all(future.done() for future in futures), 40.0)
    for future, node in zip(futures, (planner, managed)):
        assert future.result().report.error_code == Report.NONE
        assert {g.object_id for g in future.result().result.grasps} == {node.namespace}
    planner.publish(cloud_message(box_points()))
    assert managed.call().report.error_code == Report.NO_CLOUD


def test_the_age_of_clouds_goes_by_simulated_time(managed: PlannerProcess) -> None:
    """The age of recorded clouds is measured by /clock."""
    clock = managed.client.node.create_publisher(Clock, '/clock', 1)
    wait_for(lambda: clock.get_subscription_count() > 0)
    cloud = cloud_message(box_points())  # taken at 100.5 s

    def code_at(seconds: int) -> int:
        message = Clock()
        message.clock.sec = seconds
        clock.publish(message)
        time.sleep(0.3)
        managed.publish(cloud, stamped=False)
        time.sleep(0.3)
        return managed.call(**FAST).report.error_code

    assert code_at(101) == Report.NONE
    assert code_at(110) == Report.STALE_CLOUD


def test_the_trajectory_topic_exists_only_on_demand(
    planner: PlannerProcess, managed: PlannerProcess
) -> None:
    """So no hand can be moved by accident."""
    topics = dict(planner.client.node.get_topic_names_and_types())
    assert '/left/planner/hand_trajectory' not in topics
    received: list[JointTrajectory] = []
    managed.client.node.create_subscription(
        JointTrajectory, 'planner/hand_trajectory', received.append, 1)
    wait_for(lambda: managed.client.node.count_publishers('planner/hand_trajectory') == 1)
    time.sleep(0.5)
    result = managed.call(cloud=cloud_message(box_points()), **FAST).result
    wait_for(lambda: received)
    assert received[0] == result.grasps[0].hand_trajectory


def test_deactivating_cancels_and_cleaning_up_removes(managed: PlannerProcess) -> None:
    """The node survives an impossible transition in between, although rclpy raises on it."""
    future = managed.client.synthesize_async(request(cloud=cloud_message(box_points()), **LONG))
    time.sleep(1.0)
    assert change_state(managed, Transition.TRANSITION_DEACTIVATE)
    wait_for(future.done, 2.0)
    assert future.result().report.error_code == Report.CANCELLED
    assert managed.call(cloud=cloud_message(box_points())).report.error_code == Report.NOT_ACTIVE
    with pytest.raises(TimeoutError):
        message = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
        managed.client._call('change_state', ChangeState, message, 1.0)
    assert change_state(managed, Transition.TRANSITION_CLEANUP)
    assert managed.client.state() == 'unconfigured'
    assert change_state(managed, Transition.TRANSITION_CONFIGURE)


def test_sigterm_ends_an_idle_node(managed: PlannerProcess) -> None:
    """It exits within two seconds, with status 0 and without a traceback."""
    status, seconds = managed.end(signal.SIGTERM)
    assert (status, seconds < 2.0) == (0, True)
    assert 'Traceback' not in managed.log


def test_sigint_during_a_synthesis_ends_the_node(planner: PlannerProcess) -> None:
    """It exits within two seconds, with status 0, and the call is answered."""
    future = planner.client.synthesize_async(request(cloud=cloud_message(box_points()), **LONG))
    time.sleep(1.0)
    status, seconds = planner.end(signal.SIGINT)
    assert (status, seconds < 2.0) == (0, True)
    assert 'Traceback' not in planner.log
    wait_for(future.done, 2.0)
    assert future.result().report.error_code == Report.CANCELLED


def test_a_refused_parameter_ends_the_start() -> None:
    """The node prints one line that names it and exits with status 1, without a traceback."""
    ended = subprocess.run(
        [sys.executable, '-m', 'dexlite_ros.ros.planner_node', '--ros-args', '-p', 'timeout:=5'],
        capture_output=True, text=True, timeout=60.0)
    assert ended.returncode == 1
    assert "'timeout'" in ended.stderr + ended.stdout
    assert 'Traceback' not in ended.stderr

# SPDX-License-Identifier: Apache-2.0
"""Whatever fails, a pick ends with a line that says so, and nothing moves afterwards."""

from collections.abc import Callable, Iterator
from functools import partial
import signal
import threading
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.faults import Faults, LATE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.pick.session import running_cell, RunningCell
from dexlite_ros.msg import SynthesisReport
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.node_processes import parameters, start_node, stop_nodes
from dexlite_ros.ros.pick.executor import Attempt, PickSettings
from dexlite_ros.ros.poses import pose_matrix
from dexlite_ros.ros.process import spin
from dexlite_ros.ros.segmenter.segmenter_node import Segmenter

SPEED = 2.0
"""Simulated per real time, at most."""
SOON = 0.1
"""Time after which a call has reached the planner, which takes longer to answer [s]."""
PLANNER = ['dexlite_ros.ros.planner_node', *parameters(
    use_sim_time=True, num_candidates=256)]


class Bench:
    """A cell with one object, and an executor that may be given faults to find."""

    def __init__(self, cell: RunningCell, **settings: object) -> None:
        """Lay out a can."""
        self.simulation = cell.lay_out(lay_out(
            find_objects('household:602-603'), np.array(EYE), np.random.default_rng(0)))
        self.planner = cell.planner
        usual = {'attempts': 1, 'patience': 4.0, 'timeout': 8.0}
        self.executor = cell.executor(PickSettings(**{**usual, **settings}))

    def pick(self) -> list[Attempt]:
        """Pick, and make sure that the hand rests in the end."""
        tried = self.executor.pick('can', seed=1)
        self.still()
        return tried

    def still(self) -> None:
        """Fail if the hand still moves when the last millimetre is done."""
        time.sleep(0.5)
        before = self.simulation.state()
        time.sleep(0.5)
        after = self.simulation.state()
        assert after.time > before.time
        np.testing.assert_allclose(after.palm, before.palm, atol=2e-3)


class MortalPlanner(PlannerClient):
    """A planner and a client of it, which may kill it while it plans and start another one."""

    def __init__(self) -> None:
        """Start one."""
        self.process, self.doomed = start_node(*PLANNER), False
        super().__init__()

    def synthesize(self, *arguments, **keywords):
        if self.doomed:
            self.doomed = False
            threading.Timer(SOON, self._replace).start()
        return super().synthesize(*arguments, **keywords)

    def _replace(self) -> None:
        self.process.kill()
        assert self.process.wait(5.0) == -signal.SIGKILL
        self.process = start_node(*PLANNER)


@pytest.fixture(scope='module')
def planner() -> Iterator[MortalPlanner]:
    """Run a planner and a segmenter, and return a client."""
    rclpy.init()
    stop, node = threading.Event(), Node('segmenter', cli_args=[
        '--ros-args', '-r', 'points:=camera/depth/points'])
    Segmenter(node)
    executor = SingleThreadedExecutor()
    thread = spin(executor, node, stop)
    with MortalPlanner() as client:
        client.wait_until_active()
        yield client
        stop_nodes([client.process])
    stop.set()
    thread.join()
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture(scope='module')
def bench(planner: PlannerClient) -> Iterator[Callable[..., Bench]]:
    """Return a way to lay out a cell."""
    with running_cell(planner, SPEED) as cell:
        yield partial(Bench, cell)


@pytest.mark.parametrize('fault', ['silent', 'frozen'])
def test_a_camera_that_shows_nothing_new(bench, fault):
    """No cloud that is older than the question is planned on."""
    own = bench(patience=2.0)
    time.sleep(1.0)
    own.simulation.faults = Faults(camera=fault)
    time.sleep(0.5)
    found = own.pick()[-1]
    assert "no new cloud on 'object_cloud' and 'obstacle_cloud' after 2 s" in found.result
    assert np.isnan(found.score)


def test_a_camera_that_is_late(bench):
    """What it shows then is newer than the question, and may be planned on."""
    own = bench(patience=15.0)
    own.simulation.faults = Faults(camera='late')
    began = own.simulation.state().time
    found = own.pick()[-1]
    assert found.grasp is not None  # whether it held is another question
    assert own.simulation.state().time > began + LATE
    assert found.seconds > LATE


@pytest.mark.parametrize('faults', [
    Faults(refuses_fingers=True), Faults(stuck_joint='rh_MFJ3')])
def test_fingers_that_do_not_go_where_they_are_sent(bench, faults):
    """The hand does not touch the object with them."""
    own = bench()
    own.simulation.move_fingers(
        list(own.simulation.open_posture), [0.1],
        np.array([[1.2 if name.endswith('J3') and 'TH' not in name else value
                   for name, value in own.simulation.open_posture.items()]]))
    time.sleep(1.0)
    own.simulation.faults = faults
    found = own.pick()[-1]
    assert 'rad from where it should be' in found.result
    assert abs(own.simulation.rises()[0]) < 2e-3
    moved = own.simulation.poses()[1][0][:3, 3]
    assert np.linalg.norm(moved) < 2e-3


def test_an_object_that_is_moved_is_looked_for_again(bench):
    """The first grasp closes on nothing; the next is planned on what is seen then."""
    own = bench(attempts=3)

    def push() -> None:
        while np.linalg.norm(own.simulation.state().palm - own.simulation.home) < 0.05:
            time.sleep(0.01)
        own.simulation.push(0, np.array([0.0, 0.16, 0.002]))
    thread = threading.Thread(target=push)
    thread.start()
    tried = own.pick()
    thread.join()
    assert len(tried) >= 2 and not tried[0].lifted
    places = [pose_matrix(each.grasp.grasp_pose)[:3, 3] for each in tried[:2]]
    assert np.linalg.norm(places[1] - places[0]) > 0.08  # it follows the object, by 0.16 m


def test_a_planner_that_dies_is_waited_for(bench):
    """The attempt ends when no answer comes; the next is planned by the one that is started."""
    own = bench(attempts=2, timeout=12.0, grace=1.0, patience=60.0)
    own.planner.doomed, before = True, own.planner.process.pid
    tried = own.pick()
    assert own.planner.process.pid != before
    assert 'no plan: no answer from' in tried[0].result
    assert tried[1].grasp is not None  # whether it held is another question


def test_a_call_that_is_cancelled(bench):
    """The planner says so, and nothing is tried."""
    own = bench()

    def cancel() -> None:
        while not own.planner.trigger('cancel').success:
            time.sleep(0.02)
    thread = threading.Thread(target=cancel)
    thread.start()
    found = own.pick()[-1]
    thread.join()
    assert found.error_code == SynthesisReport.CANCELLED
    assert 'no grasp' in found.result

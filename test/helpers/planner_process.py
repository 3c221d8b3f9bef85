# SPDX-License-Identifier: Apache-2.0
"""The planner node as users run it: a separate process, reached over DDS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import signal
import subprocess
import sys
import time

from builtin_interfaces.msg import Duration, Time
import numpy as np
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.point_clouds import point_cloud_message
from dexlite_ros.srv import GraspSynthesis

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
QUICK = {'num_candidates': 48, 'max_grasps': 4, 'timeout': 40.0}
FAST = {**QUICK, 'optimize': False}
"""Request fields for tests in which the grasps themselves do not matter."""
LONG = {'num_candidates': 20000, 'timeout': 60.0}
START = 90.0
"""Longest time a node may take to become active on a busy machine [s]."""


class PlannerProcess:
    """One node in one namespace, with a client."""

    def __init__(self, namespace: str, log: Path, **parameters: object) -> None:
        """
        Start the process.

        :param namespace: namespace of the node.
        :param log: file for the node's output.
        :param parameters: e.g. queue_size=0; ``__`` in a name stands for a dot.
        """
        given = [
            text for name, value in parameters.items()
            for text in ('-p', f'{name.replace("__", ".")}:={json.dumps(value)}')
        ]
        self._log = log
        with log.open('w') as stream:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'dexlite_ros.ros.planner_node', '--ros-args',
                 '-r', f'__ns:={namespace}', *given],
                stdout=stream, stderr=subprocess.STDOUT)
        self.namespace = namespace
        self.client = PlannerClient('planner', namespace)
        self.clouds = self.client.node.create_publisher(PointCloud2, 'object_cloud', 1)

    @property
    def log(self) -> str:
        """Return the node's output so far."""
        return self._log.read_text()

    def wait_for_state(self, state: str) -> None:
        """Wait until the node is in ``state``; if the node has exited, show its log."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log
            try:
                if self.client.state(1.0) == state:
                    return
            except TimeoutError:  # still loading
                continue
            time.sleep(0.1)
        raise TimeoutError(self.log)

    def call(self, **fields: object) -> GraspSynthesis.Response:
        """Call the service and return the response."""
        return self.client.synthesize(request(**fields), timeout=60.0)

    def publish(self, cloud: PointCloud2, stamped: bool = True) -> None:
        """Publish ``cloud``, stamped with the current time, once the node has subscribed."""
        wait_for(lambda: self.clouds.get_subscription_count() > 0)
        if stamped:
            cloud.header.stamp = self.client.node.get_clock().now().to_msg()
        self.clouds.publish(cloud)

    def latest(self, kind: type, topic: str, timeout: float = 5.0) -> object:
        """Return the message that a new subscriber gets from a latched topic, or None."""
        received = []
        subscription = self.client.node.create_subscription(
            kind, f'planner/{topic}', received.append, LATCHED)
        try:
            wait_for(lambda: received, timeout)
        except TimeoutError:
            return None
        finally:
            self.client.node.destroy_subscription(subscription)
        return received[-1]

    def end(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Send a signal; return the exit status and the time until the exit [s]."""
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(30.0)
        return status, time.monotonic() - started

    def close(self) -> None:
        """Make sure that the process is gone."""
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def active_planner(
    namespace: str, folder: Path, **parameters: object
) -> Iterator[PlannerProcess]:
    """Run one node, with its log in a folder, and yield it once it is active; ends rclpy after."""
    rclpy.init()
    node = PlannerProcess(namespace, folder / 'node.log', device='cpu', **parameters)
    try:
        node.wait_for_state('active')
        yield node
    finally:
        node.close()
        rclpy.try_shutdown()


def request(**fields: object) -> GraspSynthesis.Request:
    """Return a request; ``timeout`` may be a float [s]."""
    if isinstance(seconds := fields.get('timeout'), float):
        fields['timeout'] = Duration(sec=int(seconds), nanosec=int(seconds % 1 * 1e9))
    return GraspSynthesis.Request(**fields)


def wait_for(condition: object, timeout: float = 10.0) -> None:
    """Wait until ``condition()`` is true; raise TimeoutError if it does not become true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f'nothing happened in {timeout:g} s')
        time.sleep(0.02)


def cloud_message(points: np.ndarray, frame: str = 'camera') -> PointCloud2:
    """Return a cloud stamped at 100.5 s."""
    return point_cloud_message(points, frame, Time(sec=100, nanosec=500_000_000))


def box_points(size: float = 0.06, count: int = 1500, seed: int = 0) -> np.ndarray:
    """Return points on all faces of a cube, half a metre in front of the camera."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (count, 3))
    side = rng.integers(0, 3, count)
    points[np.arange(count), side] = rng.choice([-0.5, 0.5], count)
    return size * points + [0.0, 0.0, 0.5]


def without_xyz() -> PointCloud2:
    """Return a cloud whose fields have other names."""
    message = cloud_message(box_points())
    for field in message.fields:
        field.name = f'axis_{field.name}'
    return message


def empty() -> PointCloud2:
    """Return a cloud without a point."""
    return PointCloud2(header=Header(frame_id='camera'), fields=cloud_message(box_points()).fields)

# SPDX-License-Identifier: Apache-2.0
"""A cloud of a whole scene goes in, and two clouds with its stamp and frame come out."""

from collections.abc import Iterator
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Time
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import PointCloud2, PointField

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.segmentation import thinned
from dexlite_ros.ros.point_clouds import finite_points, point_cloud_message
from dexlite_ros.ros.segmenter.segmenter_node import Segmenter
from dexlite_ros.ros.segmenter.target import chosen

STAMP = Time(sec=12, nanosec=34)
RNG = np.random.default_rng(0)


def sheet(x: float, y: float, z: float, side: float) -> np.ndarray:
    """Return points of a square that faces a camera at the origin, looking along z [m]."""
    line = np.arange(-side / 2, side / 2, 0.002)
    flat = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    return np.column_stack([flat + [x, y], np.full(len(flat), z)])


TABLE = sheet(0.0, 0.0, 0.8, 0.6)
LARGE, SMALL = sheet(0.0, 0.0, 0.75, 0.08), sheet(0.2, 0.1, 0.7, 0.05)


class Bench:
    """A segmenter, a camera and a listener in one process."""

    def __init__(self, **parameters: object) -> None:
        """Connect all three."""
        self.segmenter = Node('segmenter', parameter_overrides=[
            Parameter(name.replace('__', '.'), value=value)
            for name, value in parameters.items()])
        Segmenter(self.segmenter)
        self.node = Node('listener')
        self.camera = self.node.create_publisher(PointCloud2, 'points', 1)
        self.heard: dict[str, list[PointCloud2]] = {'object_cloud': [], 'obstacle_cloud': []}
        for topic, found in self.heard.items():
            self.node.create_subscription(PointCloud2, topic, found.append, 5)
        self.executor = SingleThreadedExecutor()
        for node in (self.segmenter, self.node):
            self.executor.add_node(node)

    def show(self, cloud: PointCloud2, wanted: int) -> None:
        """Publish a cloud until so many messages have come, or for a second if none shall."""
        deadline = time.monotonic() + (10.0 if wanted else 1.0)
        while time.monotonic() < deadline:
            self.camera.publish(cloud)
            for _ in range(20):
                self.executor.spin_once(timeout_sec=0.01)
            if wanted and sum(map(len, self.heard.values())) >= wanted:
                return

    def close(self) -> None:
        """Disconnect."""
        self.executor.shutdown()
        self.segmenter.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def bench() -> Iterator[type[Bench]]:
    """Return a way to make benches, each closed in the end."""
    rclpy.init()
    made: list[Bench] = []

    def make(**parameters: object) -> Bench:
        made.append(Bench(**parameters))
        return made[-1]
    yield make
    for each in made:
        each.close()
    rclpy.try_shutdown()


def cloud(*parts: np.ndarray) -> PointCloud2:
    """Return parts as one message."""
    return point_cloud_message(np.concatenate(parts), 'lens', STAMP)


@pytest.mark.parametrize(('parameters', 'expected'), [
    ({}, LARGE), ({'target': 'nearest'}, SMALL),
    ({'target': 'point', 'target_point': [0.0, 0.0, 0.7]}, LARGE)])
def test_one_object_and_everything_else(bench, parameters, expected):
    """Both have the stamp and frame of the scene, and no point is in both."""
    own = bench(**parameters)
    own.show(cloud(TABLE, LARGE, SMALL), 2)
    found = {topic: messages[0] for topic, messages in own.heard.items()}
    for message in found.values():
        assert (message.header.stamp, message.header.frame_id) == (STAMP, 'lens')
    part, rest = (finite_points(found[topic]) for topic in ('object_cloud', 'obstacle_cloud'))
    np.testing.assert_allclose(
        np.sort(part, axis=0), np.sort(expected, axis=0), atol=1e-6)
    other = SMALL if expected is LARGE else LARGE
    assert len(rest) == len(thinned(np.concatenate([TABLE, other]), 0.004)[0])


def test_an_empty_table_is_an_obstacle(bench):
    """Nothing is published as the object."""
    own = bench()
    own.show(cloud(TABLE), 1)
    assert own.heard['obstacle_cloud'] and not own.heard['object_cloud']


def test_what_is_no_cloud_of_points_is_left_out(bench):
    """Neither topic hears of it, and the next good cloud is segmented."""
    own = bench()
    bad = cloud(TABLE, LARGE)
    bad.fields = [PointField(name='a', datatype=PointField.FLOAT32, count=1)]
    own.show(bad, 0)
    assert not any(own.heard.values())
    own.show(cloud(TABLE, LARGE), 2)
    assert all(own.heard.values())


@pytest.mark.parametrize('parameters', [
    {'target': 'best'}, {'target_point': [1.0]}, {'target_point': [np.nan, 0.0, 0.0]}])
def test_wrong_parameters_are_refused(bench, parameters):
    """The error names them."""
    with pytest.raises(InvalidRequest, match=next(iter(parameters))):
        bench(**parameters)


def test_the_choice_among_objects():
    """By size, by distance to the sensor, and by a place."""
    objects = [SMALL, LARGE]
    assert chosen(objects, 'largest', np.zeros(3)) == 1
    assert chosen(objects, 'nearest', np.zeros(3)) == 0
    assert chosen(objects, 'point', LARGE.mean(0)) == 1

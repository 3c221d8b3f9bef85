# SPDX-License-Identifier: Apache-2.0
"""The executable ``cloud_publisher`` publishes what it is told, and says what it cannot use."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
import re
import signal
import time

import numpy as np
import pytest
import trimesh

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

import rclpy
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import DexliteError
from dexlite_ros.ros.demo.cloud_publisher import CloudPublisher, FASTEST, main, SLOWEST
from dexlite_ros.ros.demo.examples import EXAMPLES
from dexlite_ros.ros.point_clouds import finite_points


@pytest.fixture
def context() -> Iterator[None]:
    """Initialise rclpy for nodes of one test."""
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def signals() -> Iterator[None]:
    """Give pytest its Ctrl-C back after an executable has handled signals."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _publisher(**values: object) -> CloudPublisher:
    return CloudPublisher(
        parameter_overrides=[Parameter(name, value=value) for name, value in values.items()])


@pytest.mark.parametrize('rate', [SLOWEST, 0.5, 10.0, FASTEST])
def test_the_period_is_that_of_the_rate(context: None, rate: float) -> None:
    """The limits themselves are allowed."""
    node = _publisher(rate=rate)
    assert node.period == pytest.approx(1.0 / rate)
    node.destroy_node()


@pytest.mark.parametrize(('name', 'value'), [
    ('rate', 0.0), ('rate', -1.0), ('rate', float('nan')), ('rate', float('inf')),
    ('rate', 1e300), ('rate', 1e-300), ('rate', float('-inf')),
    ('frame_id', ''), ('frame_id', '/map'), ('frame_id', 'two words'),
    ('file', 'missing.ply'), ('file', 'cloud.xyz'), ('example', 'teapot'),
    ('obstacles', 'table.ply'),
])
def test_a_value_that_cannot_be_used_is_named(context: None, name: str, value: object) -> None:
    """Neither endless waiting nor a cloud that nobody can place."""
    named = f'{name}.*{re.escape(str(value))}' if name != 'file' else re.escape(str(value))
    with pytest.raises(DexliteError, match=named):
        _publisher(**{name: value})


@pytest.mark.parametrize(
    'text', ['rate:=0.0', 'rate:=.nan', 'rate:=1', 'rate:=fast', 'rate:=[1.0]', 'file:=5',
             "frame_id:=''", 'file:=/missing.ply', 'example:=teapot', 'obstacles:=/table.ply'])
def test_the_executable_ends_with_one_line(
    text: str, signals: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, the parameter and its value, no traceback."""
    assert main(['cloud_publisher', '--ros-args', '-p', text]) == 1
    rclpy.try_shutdown()
    said = ''.join(capfd.readouterr())
    name, _, value = text.partition(':=')
    assert name in said and value.strip("'.") in said
    assert 'Traceback' not in said and len(said.strip().splitlines()) == 1


def _published(node: CloudPublisher) -> dict[str, PointCloud2]:
    """Publish once and return what subscribers get, by topic."""
    heard: dict[str, PointCloud2] = {}
    listener = rclpy.create_node('listener')
    for topic in ('object_cloud', 'obstacle_cloud'):
        listener.create_subscription(
            PointCloud2, topic, partial(heard.__setitem__, topic), qos_profile_sensor_data)
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and not node.listeners:
        time.sleep(0.01)
    node.publish()
    while time.monotonic() < deadline and 'object_cloud' not in heard:
        rclpy.spin_once(listener, timeout_sec=0.1)
    rclpy.spin_once(listener, timeout_sec=0.1)
    listener.destroy_node()
    node.destroy_node()
    return heard


def _file(path: Path, count: int) -> np.ndarray:
    points = np.random.default_rng(count).uniform(-0.05, 0.05, (count, 3)).astype(np.float32)
    trimesh.PointCloud(points).export(path)
    return points


def test_files_are_published_in_their_frame(context: None, tmp_path: Path) -> None:
    """Points arrive as they are in the files, both clouds with one stamp."""
    points = _file(tmp_path / 'cloud.ply', 200)
    around = _file(tmp_path / 'rest.ply', 300)
    heard = _published(_publisher(
        file=str(tmp_path / 'cloud.ply'), obstacles=str(tmp_path / 'rest.ply'),
        frame_id='left/camera'))
    assert {cloud.header.frame_id for cloud in heard.values()} == {'left/camera'}
    np.testing.assert_allclose(finite_points(heard['object_cloud']), points, atol=1e-6)
    np.testing.assert_allclose(finite_points(heard['obstacle_cloud']), around, atol=1e-6)
    assert heard['object_cloud'].header.stamp == heard['obstacle_cloud'].header.stamp


def test_without_obstacles_there_is_no_such_topic(context: None, tmp_path: Path) -> None:
    """An empty cloud would mean that the surroundings are known to be empty."""
    points = _file(tmp_path / 'cloud.ply', 200)
    heard = _published(_publisher(file=str(tmp_path / 'cloud.ply')))
    assert set(heard) == {'object_cloud'}
    np.testing.assert_allclose(finite_points(heard['object_cloud']), points, atol=1e-6)


def test_without_a_file_the_example_is_published(context: None) -> None:
    """The object and the rest of the scene."""
    heard = _published(_publisher(example='table'))
    example = EXAMPLES['table']()
    assert len(finite_points(heard['object_cloud'])) == len(example.cloud)
    assert len(finite_points(heard['obstacle_cloud'])) == len(example.obstacles)

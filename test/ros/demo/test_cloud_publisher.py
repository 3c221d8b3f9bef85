# SPDX-License-Identifier: Apache-2.0
"""The executable ``cloud_publisher`` publishes what it is told, and says what it cannot use."""

from collections.abc import Iterator
from pathlib import Path
import re
import signal

import numpy as np
import pytest
import trimesh

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

import rclpy
from rclpy.parameter import Parameter

from dexlite_ros.errors import DexliteError
from dexlite_ros.ros.demo.cloud_publisher import CloudPublisher, FASTEST, main, SLOWEST
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
    ('file', 'missing.ply'), ('file', 'cloud.xyz'),
])
def test_a_value_that_cannot_be_used_is_named(context: None, name: str, value: object) -> None:
    """Neither endless waiting nor a cloud that nobody can place."""
    named = f'{name}.*{re.escape(str(value))}' if name != 'file' else re.escape(str(value))
    with pytest.raises(DexliteError, match=named):
        _publisher(**{name: value})


@pytest.mark.parametrize(
    'text', ['rate:=0.0', 'rate:=.nan', 'rate:=1', 'rate:=fast', 'rate:=[1.0]', 'file:=5',
             "frame_id:=''", 'file:=/missing.ply'])
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


def test_a_file_is_published_in_its_frame(context: None, tmp_path: Path) -> None:
    """Points arrive as they are in the file, and can be read back from the message."""
    points = np.random.default_rng(0).uniform(-0.05, 0.05, (200, 3)).astype(np.float32)
    path = tmp_path / 'cloud.ply'
    trimesh.PointCloud(points).export(path)
    node = _publisher(file=str(path), frame_id='left/camera')
    message = node._message
    node.destroy_node()
    assert message.header.frame_id == 'left/camera'
    np.testing.assert_allclose(finite_points(message), points, atol=1e-6)

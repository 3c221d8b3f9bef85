# SPDX-License-Identifier: Apache-2.0
"""
The executable ``cloud_publisher``: publishes clouds repeatedly, like a segmented depth image.

    ros2 run dexlite_ros cloud_publisher --ros-args -p file:=mug.ply -p obstacles:=table.ply

Without a file it publishes an example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import sys
from typing import Any

import rclpy
from rclpy.exceptions import InvalidParameterTypeException, ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.geometry_file import load_cloud, load_obstacles
from dexlite_ros.ros.demo.examples import DEFAULT_EXAMPLE, Example, EXAMPLES, FRAME
from dexlite_ros.ros.parameters.table import Entry, ParameterTable
from dexlite_ros.ros.point_clouds import point_cloud_message
from dexlite_ros.ros.process import initialise, spin, stop_on_signal

SLOWEST, FASTEST = 0.01, 100.0
"""Clouds per second [Hz]: no sensor is faster, and nobody waits longer than 100 s for one."""


@dataclass(frozen=True)
class PublisherSettings:
    """The parameters, checked; PUBLISHER_TABLE describes them."""

    file: str = ''
    obstacles: str = ''
    example: str = DEFAULT_EXAMPLE
    frame_id: str = FRAME
    rate: float = 1.0

    def __post_init__(self) -> None:
        # Also false for NaN, which the range of a parameter lets pass.
        if not SLOWEST <= self.rate <= FASTEST:
            raise InvalidRequest(
                "parameter 'rate'", self.rate, f'{SLOWEST:g} to {FASTEST:g} clouds per second')
        if not self.frame_id or self.frame_id.startswith('/') or ' ' in self.frame_id:
            raise InvalidRequest(
                "parameter 'frame_id'", self.frame_id,
                'the name of a frame, without a leading slash and without spaces')
        if self.example not in EXAMPLES:
            raise InvalidRequest(
                "parameter 'example'", self.example, f'one of {", ".join(EXAMPLES)}')
        if self.obstacles and not self.file:
            raise InvalidRequest(
                "parameter 'obstacles'", self.obstacles,
                "empty, or given together with the parameter 'file'")

    def load(self) -> Example:
        """
        Return the clouds of the files, or of the example.

        :raises FileError: a file cannot be read.
        """
        if not self.file:
            return EXAMPLES[self.example]()
        cloud = load_cloud(self.file)
        return Example(
            self.file, cloud, load_obstacles(self.obstacles, cloud) if self.obstacles else None)


PUBLISHER_TABLE = ParameterTable(PublisherSettings(), (
    Entry('file', 'Cloud to publish, .ply or .pcd [m]; empty: an example.', read_only=True),
    Entry('obstacles', 'Cloud or mesh around it [m]; empty: none.', read_only=True),
    Entry('example', f'Example to publish without a file: {", ".join(EXAMPLES)}.', read_only=True),
    Entry('frame_id', 'Frame that the points are given in.', read_only=True),
    Entry('rate', f'Clouds per second [Hz]. ({SLOWEST:g} to {FASTEST:g})', read_only=True),
))


class CloudPublisher(Node):
    """Publishes ``object_cloud`` and, if there are any, ``obstacle_cloud``, newly stamped."""

    def __init__(self, example: Example | None = None, **kwargs: Any) -> None:
        """
        Load the clouds.

        :param example: what to publish; None: what the parameters say.
        :param kwargs: as for rclpy.node.Node.
        :raises DexliteError: a parameter has a value that cannot be used, or a file cannot be
            read.
        :raises ParameterException: a parameter has a value of another type.
        """
        super().__init__('cloud_publisher', **kwargs)
        PUBLISHER_TABLE.declare(self)
        settings = PUBLISHER_TABLE.read(self)
        self.period = 1.0 / settings.rate
        shown = settings.load() if example is None else example
        # Obstacles first: whoever has the object's cloud has, as a rule, those, too.
        self._outputs: list[tuple[Publisher, PointCloud2]] = []
        if shown.obstacles is not None:
            self._add('obstacle_cloud', PointCloud(shown.obstacles), settings.frame_id)
        self._add('object_cloud', shown.cloud, settings.frame_id)

    def _add(self, topic: str, cloud: PointCloud, frame: str) -> None:
        message = point_cloud_message(
            cloud.points, frame, self.get_clock().now().to_msg(), cloud.normals)
        self._outputs.append((self.create_publisher(PointCloud2, topic, 1), message))

    @property
    def listeners(self) -> int:
        """Return the number of subscriptions, of the topic that has the fewest."""
        return min(publisher.get_subscription_count() for publisher, _ in self._outputs)

    def publish(self) -> None:
        """Publish the clouds, stamped with the current time."""
        stamp = self.get_clock().now().to_msg()
        for publisher, message in self._outputs:
            message.header.stamp = stamp
            publisher.publish(message)


def main(args: Sequence[str] | None = None) -> int:
    """
    Publish until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process.
    :return: exit status; 1 if a parameter or the file is rejected.
    """
    initialise(args)
    node = _create_node()
    if node is not None:
        _run(node)
    rclpy.try_shutdown()
    return 0 if node is not None else 1


def _create_node() -> CloudPublisher | None:
    """Return the node, or None with one line in the log if a parameter or the file is rejected."""
    try:
        return CloudPublisher()
    except InvalidParameterTypeException as error:
        get_logger('cloud_publisher').fatal(
            f'{error}; write floats as 5.0, and text that looks like a number in quotes')
    except (ParameterException, DexliteError) as error:
        get_logger('cloud_publisher').fatal(str(error))
    return None


def _run(node: CloudPublisher) -> None:
    stop = stop_on_signal()
    executor = SingleThreadedExecutor()
    thread = spin(executor, node, stop)
    while not stop.is_set():
        node.publish()
        stop.wait(node.period)
    thread.join(1.0)
    node.destroy_node()


if __name__ == '__main__':
    sys.exit(main())

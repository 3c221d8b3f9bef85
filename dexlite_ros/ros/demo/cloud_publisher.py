# SPDX-License-Identifier: Apache-2.0
"""
The executable ``cloud_publisher``: publishes one cloud repeatedly, like a sensor.

    ros2 run dexlite_ros cloud_publisher --ros-args -p file:=mug.ply -p frame_id:=camera

Without a file it publishes the demo mug.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import DexliteError
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.geometry_file import load_cloud
from dexlite_ros.ros.demo import demo_cloud
from dexlite_ros.ros.point_clouds import point_cloud_message
from dexlite_ros.ros.process import initialise, spin, stop_on_signal


class CloudPublisher(Node):
    """Publishes a cloud on ``object_cloud``, with a new stamp each time."""

    def __init__(self, cloud: PointCloud | None = None, **kwargs: Any) -> None:
        """
        Load the cloud.

        :param cloud: cloud to publish; None: the file named by the parameter.
        :param kwargs: as for rclpy.node.Node.
        :raises DexliteError: the file cannot be read.
        """
        super().__init__('cloud_publisher', **kwargs)
        path = self.declare_parameter('file', '').value
        self._frame = self.declare_parameter('frame_id', demo_cloud.FRAME).value
        self.period = 1.0 / self.declare_parameter('rate', 1.0).value
        if cloud is None:
            cloud = load_cloud(path) if path else demo_cloud.demo_cloud()
        self._message = point_cloud_message(
            cloud.points, self._frame, self.get_clock().now().to_msg(), cloud.normals)
        self._publisher = self.create_publisher(PointCloud2, 'object_cloud', 1)

    @property
    def listeners(self) -> int:
        """Number of subscriptions to the cloud."""
        return self._publisher.get_subscription_count()

    def publish(self) -> None:
        """Publish the cloud, stamped with the current time."""
        self._message.header.stamp = self.get_clock().now().to_msg()
        self._publisher.publish(self._message)


def main(args: Sequence[str] | None = None) -> int:
    """
    Publish until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process.
    :return: exit status.
    """
    initialise(args)
    try:
        node = CloudPublisher()
    except DexliteError as error:
        rclpy.logging.get_logger('cloud_publisher').fatal(str(error))
        return 1
    stop = stop_on_signal()
    executor = SingleThreadedExecutor()
    thread = spin(executor, node, stop)
    while not stop.is_set():
        node.publish()
        stop.wait(node.period)
    thread.join(1.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())

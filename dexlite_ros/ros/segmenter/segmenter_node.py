# SPDX-License-Identifier: Apache-2.0
"""
The executable ``segmenter``: one object out of the cloud of a whole scene.

    ros2 run dexlite_ros segmenter --ros-args -r points:=/camera/depth/points

docs/segmenter.md explains what it does with what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import sys
from typing import get_args

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import BadCloud, DexliteError, InvalidRequest
from dexlite_ros.object.segmentation import segment, SegmentationSettings, thinned
from dexlite_ros.ros.parameters.table import Entry, ParameterTable
from dexlite_ros.ros.point_clouds import finite_points, point_cloud_message
from dexlite_ros.ros.process import initialise, spin, stop_on_signal
from dexlite_ros.ros.segmenter.target import chosen, TargetChoice

WARNING_PERIOD = 60.0
"""Shortest time between two warnings of a kind [s]."""


@dataclass(frozen=True)
class SegmenterSettings:
    """The parameters; SEGMENTER_TABLE describes them."""

    target: TargetChoice = 'largest'
    target_point: tuple[float, ...] = (0.0, 0.0, 0.5)
    scene: SegmentationSettings = field(default_factory=SegmentationSettings)

    def __post_init__(self) -> None:
        if self.target not in get_args(TargetChoice):
            raise InvalidRequest(
                "parameter 'target'", self.target, f"one of {', '.join(get_args(TargetChoice))}")
        if len(self.target_point) != 3 or not np.isfinite(self.target_point).all():
            raise InvalidRequest(
                "parameter 'target_point'", self.target_point, 'three finite numbers [m]')


SEGMENTER_TABLE = ParameterTable(SegmenterSettings(), (
    Entry(
        'target', 'Which object is meant: largest (of the most points), nearest (to the sensor), '
        'or point (nearest to target_point).'),
    Entry('target_point', "A place in the cloud's frame [m]; used with target: point."),
    Entry('scene.max_range', 'Points farther from the sensor are left out [m].', 0.05, 100.0),
    Entry('scene.max_height', 'Points higher above the support are left out [m].', 0.01, 100.0),
    Entry(
        'scene.gap', 'Points farther apart than this are of different objects [m].', 0.001, 1.0),
    Entry('scene.min_points', 'An object has at least so many points.', 1, 1000000),
    Entry(
        'scene.voxel', 'The scene is thinned to one point per cube of this side to find its '
        'parts, and so is obstacle_cloud [m].', 0.0005, 0.1),
))


class Segmenter:
    """Publishes ``object_cloud`` and ``obstacle_cloud`` for each cloud on ``points``."""

    def __init__(self, node: Node) -> None:
        """
        Connect.

        :raises DexliteError, ParameterException: for a parameter that cannot be used
        """
        SEGMENTER_TABLE.declare(node)
        SEGMENTER_TABLE.read(node)
        self._node, self._log = node, node.get_logger()
        self._object_out = node.create_publisher(PointCloud2, 'object_cloud', 1)
        self._rest_out = node.create_publisher(PointCloud2, 'obstacle_cloud', 1)
        node.create_subscription(PointCloud2, 'points', self._on_points, qos_profile_sensor_data)

    def _on_points(self, cloud: PointCloud2) -> None:
        try:
            settings = SEGMENTER_TABLE.read(self._node)
            points = finite_points(cloud).astype(np.float64)
        except (BadCloud, InvalidRequest) as error:
            self._log.warning(
                f'nothing is published: {error}', throttle_duration_sec=WARNING_PERIOD)
            return
        found = segment(points, settings=settings.scene)
        if found.support is None:
            self._log.warning(
                'no plane has enough points for a support; objects are parted where they do not '
                'touch', throttle_duration_sec=WARNING_PERIOD)
        parts = [points[index] for index in found.objects]
        which = None
        if parts:
            which = chosen(parts, settings.target, np.array(settings.target_point))
        else:
            self._log.warning(
                f'nothing of {settings.scene.min_points} points or more stands on the support: '
                'object_cloud is not published', throttle_duration_sec=WARNING_PERIOD)
        others = [part for index, part in enumerate(parts) if index != which]
        # Obstacles first: whoever has the object's cloud has, as a rule, those, too.
        rest = np.concatenate([points[found.rest], *others])
        self._publish(self._rest_out, thinned(rest, settings.scene.voxel)[0], cloud)
        if which is not None:
            self._publish(self._object_out, parts[which], cloud)

    def _publish(
        self, output: rclpy.publisher.Publisher, points: NDArray[np.float64], seen: PointCloud2
    ) -> None:
        output.publish(point_cloud_message(points, seen.header.frame_id, seen.header.stamp))


def main(args: Sequence[str] | None = None) -> int:
    """
    Segment until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process
    :return: exit status; 1 if a parameter is rejected
    """
    initialise(args)
    node = Node('segmenter')
    try:
        Segmenter(node)
    except (ParameterException, DexliteError) as error:
        node.get_logger().fatal(str(error))
        rclpy.try_shutdown()
        return 1
    stop = stop_on_signal(5.0)
    thread = spin(SingleThreadedExecutor(), node, stop)
    stop.wait()
    thread.join(1.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())

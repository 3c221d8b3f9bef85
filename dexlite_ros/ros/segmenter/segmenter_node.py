# SPDX-License-Identifier: Apache-2.0
"""
The executable ``segmenter``: one object out of the cloud of a whole scene.

    ros2 run dexlite_ros segmenter --ros-args -r points:=/camera/depth/points

docs/segmenter.md explains what it does with what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
import threading

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.exceptions import ParameterException
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from threadpoolctl import threadpool_limits

from dexlite_ros.errors import BadCloud, DexliteError, InvalidRequest, TransformError
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.segmentation import segment
from dexlite_ros.object.thinning import at_most, thinned
from dexlite_ros.ros.cloud_topic import OVERRIDABLE, reachable, sensor_data
from dexlite_ros.ros.point_clouds import finite_cloud, point_cloud_message, SCENE
from dexlite_ros.ros.process import initialise, spin, stop_on_signal
from dexlite_ros.ros.segmenter.newest import Newest
from dexlite_ros.ros.segmenter.scene_warning import (
    scene_warnings,
    SceneWarning,
    target_warnings,
)
from dexlite_ros.ros.segmenter.settings import SEGMENTER_TABLE, SegmenterSettings
from dexlite_ros.ros.segmenter.target import Aim, chosen
from dexlite_ros.ros.transforms import FrameTransforms, transform_points
from dexlite_ros.ros.warning_log import WarningLog

FINEST = 0.0005
"""Side of the smallest cubes to which an object of too many points is thinned [m]."""


class Segmenter:
    """Publishes ``object_cloud`` and ``obstacle_cloud`` for clouds on ``points``."""

    def __init__(self, node: Node) -> None:
        """
        Connect.

        :raises DexliteError, ParameterException: for a parameter that cannot be used
        """
        SEGMENTER_TABLE.declare(node)
        SEGMENTER_TABLE.read(node)
        self._node = node
        log = node.get_logger()
        # Two lines of code: rclpy refuses a second severity at the line that it was called from.
        self._warnings = WarningLog(lambda line: log.warning(line))
        self._errors = WarningLog(lambda line: log.error(line))
        self._transforms: FrameTransforms | None = None
        self._working, self._closed = threading.Lock(), False
        self._object_out = node.create_publisher(PointCloud2, 'object_cloud', 1)
        self._rest_out = node.create_publisher(PointCloud2, 'obstacle_cloud', 1)
        group = MutuallyExclusiveCallbackGroup()  # apart from tf, which is waited for
        newest: Newest[PointCloud2] = Newest(
            node, self._on_points, lambda: float(node.get_parameter('rate').value), group)
        try:
            node.create_subscription(
                PointCloud2, 'points', newest.take, sensor_data(1), callback_group=group,
                qos_overriding_options=QoSOverridingOptions(OVERRIDABLE, callback=reachable))
        except RuntimeError as error:
            raise InvalidRequest(
                f"qos_overrides.{node.resolve_topic_name('points')}.subscription", str(error),
                'policies such as reliable, transient_local or keep_last') from error

    def close(self) -> None:
        """Publish no more; wait for the cloud in work, so that the node can be destroyed."""
        with self._working:
            self._closed = True

    def _on_points(self, cloud: PointCloud2) -> None:
        with self._working:
            if not self._closed:
                self._work_on(cloud)

    def _work_on(self, cloud: PointCloud2) -> None:
        try:
            with threadpool_limits(limits=1):  # more threads wait for each other, and take cores
                self._segment(cloud)
        except (BadCloud, InvalidRequest, TransformError) as error:
            self._warnings.log([SceneWarning(
                type(error).__name__, f'nothing is published: {error}')])
        except Exception as error:  # the next cloud may be a better one
            self._errors.log([SceneWarning(
                type(error).__name__, f'nothing is published for a cloud of {cloud.height} x '
                f'{cloud.width} points: {error}')])

    def _segment(self, cloud: PointCloud2) -> None:
        settings = SEGMENTER_TABLE.read(self._node)
        eye, up = self._eye_and_up(cloud.header, settings)
        scene = finite_cloud(cloud, eye, SCENE)
        found = segment(scene, settings.scene, up)
        self._warnings.log(scene_warnings(scene, found))
        which = chosen(scene, found, Aim(
            settings.target, np.array(settings.target_point), settings.target_reach))
        others = [scene.points[index] for number, index in enumerate(found.objects)
                  if number != which]
        rest = np.concatenate([scene.points[found.rest], *others])
        # Obstacles first: whoever has the object's cloud has, as a rule, those, too.
        rest, _ = thinned(rest, settings.obstacle_spacing)
        self._publish(
            self._rest_out, at_most(rest, settings.max_points, settings.obstacle_spacing), cloud)
        if isinstance(which, SceneWarning):
            self._warnings.log([SceneWarning(
                which.code, f'object_cloud is not published: {which.message}')])
            return
        own = scene.points[found.objects[which]]
        self._publish(self._object_out, at_most(own, settings.max_points, FINEST), cloud)
        self._warnings.log(target_warnings(scene, found, which))

    def _eye_and_up(
        self, header: Header, settings: SegmenterSettings
    ) -> tuple[Points, Points | None]:
        """Return the position of the sensor [m] and the direction upwards in the cloud's frame."""
        turn = self._matrix(header, settings.viewpoint_frame, settings, 'viewpoint')
        eye = transform_points(turn, np.array([settings.viewpoint]))[0]
        if not any(settings.up):
            return eye, None
        turn = self._matrix(header, settings.up_frame, settings, 'direction up')
        up = turn[:3, :3] @ np.array(settings.up)
        return eye, up / np.linalg.norm(up)

    def _matrix(
        self, header: Header, source: str, settings: SegmenterSettings, purpose: str
    ) -> NDArray[np.float64]:
        """Return the transform (4, 4) from a frame to the cloud's at its time."""
        if not source:
            return np.eye(4)
        if self._transforms is None:
            self._transforms = FrameTransforms.listen(self._node)
        return self._transforms.matrix(
            header.frame_id, source, header.stamp, settings.tf_timeout, purpose=purpose)

    def _publish(
        self, output: rclpy.publisher.Publisher, points: Points, seen: PointCloud2
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
        segmenter = Segmenter(node)
    except (ParameterException, DexliteError) as error:
        node.get_logger().fatal(str(error))
        rclpy.try_shutdown()
        return 1
    stop = stop_on_signal(5.0)
    thread = spin(MultiThreadedExecutor(2), node, stop)
    stop.wait()
    segmenter.close()
    thread.join(1.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""
The executable ``viewer``: the planner's last result in a browser.

    ros2 run dexlite_ros viewer

docs/viewer.md explains the page.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import sys

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import MarkerArray

from dexlite_ros.errors import BadCloud, DexliteError, InvalidRequest
from dexlite_ros.msg import DexGraspArray
from dexlite_ros.output.browser.plan_viewer import PlanViewer
from dexlite_ros.output.browser.web_server import LOOPBACK, PORT, PORT_MAX
from dexlite_ros.ros.client import DEFAULT_PLANNER
from dexlite_ros.ros.markers import surface_corners
from dexlite_ros.ros.parameters.table import Entry, ParameterTable
from dexlite_ros.ros.point_clouds import finite_points
from dexlite_ros.ros.process import initialise, spin, stop_on_signal
from dexlite_ros.ros.publishers import LATCHED
from dexlite_ros.ros.viewer.viewed_result import viewed_result

CLOUDS = 60
"""Number of newest clouds that are kept, as results come some seconds after theirs."""


@dataclass(frozen=True)
class ViewerSettings:
    """The parameters; VIEWER_TABLE describes them."""

    planner: str = DEFAULT_PLANNER
    host: str = LOOPBACK
    port: int = PORT

    def __post_init__(self) -> None:
        if not self.planner:
            raise InvalidRequest("parameter 'planner'", self.planner, 'the name of a node')


VIEWER_TABLE = ParameterTable(ViewerSettings(), (
    Entry(
        'planner', 'Name of the planner node, relative to this namespace or absolute.',
        read_only=True),
    Entry(
        'host', 'Address to listen at; 127.0.0.1: only this machine can look, 0.0.0.0: '
        'everybody.', read_only=True),
    Entry(
        'port', 'Port to listen at; the next free one if it is taken. 0: any free one.', 0,
        PORT_MAX, read_only=True),
))


class ResultViewer:
    """Shows each result of a planner, with the cloud and the surface it was planned on."""

    def __init__(self, node: Node) -> None:
        """
        Connect, and serve the page.

        :raises DexliteError, ParameterException: for a parameter that cannot be used, and when
            viser is missing
        """
        VIEWER_TABLE.declare(node)
        settings = VIEWER_TABLE.read(node)
        self._log = node.get_logger()
        self.clouds: deque[PointCloud2] = deque(maxlen=CLOUDS)
        self._markers = MarkerArray()
        self._result: DexGraspArray | None = None
        self.viewer = PlanViewer(settings.host, settings.port)
        node.create_subscription(
            PointCloud2, 'object_cloud', self._on_cloud, qos_profile_sensor_data)
        node.create_subscription(
            MarkerArray, f'{settings.planner}/markers', self._on_markers, LATCHED)
        grasps = node.create_subscription(
            DexGraspArray, f'{settings.planner}/grasps', self._on_grasps, LATCHED)
        self._topic: str = grasps.topic_name
        self._log.info(f"results of '{self._topic}' at {self.viewer.url}")

    def _on_cloud(self, cloud: PointCloud2) -> None:
        self.clouds.append(cloud)

    def _on_grasps(self, result: DexGraspArray) -> None:
        """Show a result; one without grasps says that the last one no longer counts."""
        self._result = result if result.grasps else None
        if self._result is None:
            self.viewer.clear()
        self._show()

    def _on_markers(self, markers: MarkerArray) -> None:
        """Take the surface of a result, which may come before the result or after it."""
        self._markers = markers
        if self._surface() is not None:
            self._show()

    def _show(self) -> None:
        if self._result is None:
            return
        stamp = self._result.header.stamp
        self.viewer.show(
            viewed_result(self._result, self._points(), self._surface()),
            f'{self._topic}, cloud of {stamp.sec}.{stamp.nanosec // 10**6:03d} s')

    def _surface(self) -> NDArray[np.float64] | None:
        """Return the triangles of the result's surface; None: its markers have not come."""
        markers = self._markers.markers
        if self._result is None or not markers or markers[0].header != self._result.header:
            return None
        return surface_corners(self._markers)

    def _points(self) -> NDArray[np.float64] | None:
        """Return the points of the result's cloud; None: it did not come, or in another frame."""
        assert self._result is not None
        frame, stamp = self._result.header.frame_id, self._result.header.stamp
        for cloud in reversed(self.clouds):
            if cloud.header.stamp == stamp and cloud.header.frame_id.removeprefix('/') == frame:
                try:
                    return finite_points(cloud)
                except BadCloud as error:
                    self._log.warning(f'the cloud is not shown: {error}')
        return None


def main(args: Sequence[str] | None = None) -> int:
    """
    Serve until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process
    :return: exit status; 1 if a parameter is rejected or viser is missing
    """
    initialise(args)
    node = Node('viewer')
    try:
        shown = ResultViewer(node)
    except (ParameterException, DexliteError) as error:
        node.get_logger().fatal(str(error))
        rclpy.try_shutdown()
        return 1
    stop = stop_on_signal(5.0)
    thread = spin(SingleThreadedExecutor(), node, stop)
    stop.wait()
    thread.join(1.0)
    shown.viewer.close()
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())

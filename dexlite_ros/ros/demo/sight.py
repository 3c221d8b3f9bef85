# SPDX-License-Identifier: Apache-2.0
"""What a planner was given and what it made of it, as far as a client hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
import time

from geometry_msgs.msg import Point
import numpy as np
from numpy.typing import NDArray
from rclpy.qos import DurabilityPolicy, qos_profile_sensor_data, QoSProfile
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import MarkerArray

from dexlite_ros.object.cloud import Points
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.markers import surface_corners
from dexlite_ros.ros.point_clouds import OBSTACLES, usable_points
from dexlite_ros.srv import GraspSynthesis

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
MARKERS_TIME = 2.0
"""How long to wait for the markers of a result that is already there [s]."""


@dataclass(frozen=True)
class Sight:
    """One object as it was seen and closed, in the frame of the result."""

    points: Points
    """(N, 3) of the object [m]."""
    rest: Points
    """(M, 3) of the obstacles; none if they are not known in this frame [m]."""
    eye: Points | None
    """(3,) position of the sensor [m]; None: seen from several sides, or not known."""
    surface: NDArray[np.float64] | None
    """(T, 3, 3) triangles of the surface that was planned on [m]; None: no markers came."""


class SightListener:
    """Keeps the newest clouds and markers."""

    def __init__(self, client: PlannerClient, planner: str) -> None:
        """
        Subscribe.

        :param client: its node and thread are used.
        :param planner: name of the planner node, as for the client.
        """
        self._clouds: dict[str, PointCloud2] = {}
        self._markers = MarkerArray()
        for topic in ('object_cloud', 'obstacle_cloud'):
            client.node.create_subscription(
                PointCloud2, topic, partial(self._keep, topic), qos_profile_sensor_data)
        client.node.create_subscription(
            MarkerArray, f'{planner}/markers', self._keep_markers, LATCHED)

    def of(self, response: GraspSynthesis.Response) -> Sight | str:
        """Return what a successful response was planned on, or why that is not known here."""
        frame = response.result.header.frame_id
        cloud = self._clouds.get('object_cloud')
        if cloud is None:
            return 'this client has received no cloud itself'
        if (own := cloud.header.frame_id.removeprefix('/')) != frame:
            return f'the cloud is in frame "{own}"'
        rest = self._clouds.get('obstacle_cloud')
        there = rest is not None and rest.header.frame_id.removeprefix('/') == frame
        eye = response.report.viewpoint
        return Sight(
            usable_points(cloud), usable_points(rest, OBSTACLES) if there else np.zeros((0, 3)),
            _position(eye) if response.report.viewpoint_source != 'none' else None,
            self._surface(response))

    def _surface(self, response: GraspSynthesis.Response) -> NDArray[np.float64] | None:
        """Return the surface of this very result; its markers may come a little later."""
        deadline = time.monotonic() + MARKERS_TIME
        while time.monotonic() < deadline:
            markers = self._markers
            if markers.markers and markers.markers[0].header == response.result.header:
                return surface_corners(markers)
            time.sleep(0.02)
        return None

    def _keep(self, topic: str, cloud: PointCloud2) -> None:
        self._clouds[topic] = cloud

    def _keep_markers(self, markers: MarkerArray) -> None:
        self._markers = markers


def _position(point: Point) -> Points:
    return np.array([point.x, point.y, point.z])

# SPDX-License-Identifier: Apache-2.0
"""The frames of a cell in tf, where its messages are installed."""

from __future__ import annotations

from importlib.util import find_spec

from geometry_msgs.msg import Transform, TransformStamped, Vector3
from rclpy.node import Node

from dexlite_ros.cell.messages import OPTICAL, stamp, WORLD
from dexlite_ros.ros.poses import Matrix, stamped_pose
from dexlite_ros.ros.publishers import LATCHED


class CellFrames:
    """Publishes where camera and palm are in the world; nothing without tf2_msgs."""

    def __init__(self, node: Node, palm: str) -> None:
        """
        Connect.

        :param palm: name of the hand's root link
        """
        self._palm, self._publishers = palm, {}
        if find_spec('tf2_msgs') is None:
            return
        from tf2_msgs.msg import TFMessage

        self._message = TFMessage
        self._publishers = {
            '/tf': node.create_publisher(TFMessage, '/tf', 100),
            '/tf_static': node.create_publisher(TFMessage, '/tf_static', LATCHED)}

    def publish_camera(self, pose: Matrix, seconds: float) -> None:
        """Publish the pose (4, 4) of the optical frame, for good, from a time on [s]."""
        self._publish('/tf_static', OPTICAL, pose, seconds)

    def publish_palm(self, pose: Matrix, seconds: float) -> None:
        """Publish the pose (4, 4) of the palm at a time [s]."""
        self._publish('/tf', self._palm, pose, seconds)

    def _publish(self, topic: str, child: str, pose: Matrix, seconds: float) -> None:
        if topic not in self._publishers:
            return
        stamped = stamped_pose(pose, WORLD, stamp(seconds))
        place = stamped.pose.position
        self._publishers[topic].publish(self._message(transforms=[TransformStamped(
            header=stamped.header, child_frame_id=child, transform=Transform(
                translation=Vector3(x=place.x, y=place.y, z=place.z),
                rotation=stamped.pose.orientation))]))

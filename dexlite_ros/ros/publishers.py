# SPDX-License-Identifier: Apache-2.0
"""Publishers for the result of a successful request."""

from __future__ import annotations

import threading

from geometry_msgs.msg import PoseArray, PoseStamped
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from dexlite_ros.msg import DexGraspArray
from dexlite_ros.ros.conversions import best_joint_states, best_pose, pose_array
from dexlite_ros.ros.markers import clear_markers

LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""QoS with which a late subscriber gets the last message."""


class ResultPublishers:
    """
    Publishers of the last successful result, kept until the next one or ``clear``.

    Markers may also show the surface of a later plan that found no grasp.

    A lock is needed because the worker may publish while another thread clears.
    """

    def __init__(self, node: Node, with_trajectory: bool) -> None:
        """
        Create the topics.

        :param node: node that owns the private topics.
        :param with_trajectory: True: also create ~/hand_trajectory, which can move a hand.
        """
        self._node = node
        self._lock = threading.Lock()
        self._grasps = node.create_publisher(DexGraspArray, '~/grasps', LATCHED)
        self._poses = node.create_publisher(PoseArray, '~/grasp_poses', LATCHED)
        self._markers = node.create_publisher(MarkerArray, '~/markers', LATCHED)
        # Volatile, so that a controller that starts later does not move to an old grasp.
        self._trajectory = (
            node.create_publisher(JointTrajectory, '~/hand_trajectory', 1)
            if with_trajectory else None
        )
        self._frame = ''
        self._create_best()

    def publish(self, result: DexGraspArray, markers: MarkerArray | None) -> None:
        """Publish a result with at least one grasp; None: do not publish markers."""
        with self._lock:
            self._frame = result.header.frame_id
            self._grasps.publish(result)
            self._poses.publish(pose_array(result))
            self._best_pose.publish(best_pose(result))
            self._best_joints.publish(best_joint_states(result))
            self._markers.publish(clear_markers(result.header) if markers is None else markers)
            if self._trajectory is not None:
                self._trajectory.publish(result.grasps[0].hand_trajectory)

    def publish_markers(self, markers: MarkerArray) -> None:
        """Publish markers without a result, of a plan that has no grasp."""
        with self._lock:
            self._markers.publish(markers)

    def clear(self) -> None:
        """Empty the topics for current and late subscribers."""
        with self._lock:
            header = Header(stamp=self._node.get_clock().now().to_msg(), frame_id=self._frame)
            self._grasps.publish(DexGraspArray(header=header))
            self._poses.publish(PoseArray(header=header))
            self._markers.publish(clear_markers(header))
            # No message can mean "no pose"; only a new publisher holds none for late subscribers.
            self._destroy(self._best_pose, self._best_joints)
            self._create_best()

    def close(self) -> None:
        """Remove the topics."""
        with self._lock:
            self._destroy(
                self._grasps, self._poses, self._markers, self._trajectory, self._best_pose,
                self._best_joints)

    def _create_best(self) -> None:
        self._best_pose = self._node.create_publisher(PoseStamped, '~/best_grasp_pose', LATCHED)
        self._best_joints = self._node.create_publisher(
            JointState, '~/best_joint_states', LATCHED)

    def _destroy(self, *publishers: Publisher | None) -> None:
        for publisher in publishers:
            if publisher is not None:
                self._node.destroy_publisher(publisher)

# SPDX-License-Identifier: Apache-2.0
"""
Grasps as MoveIt's message ``moveit_msgs/Grasp``, where that is installed.

MoveIt 2's task constructor takes the same parts one by one: see docs/cell.md.
"""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import Vector3, Vector3Stamped
import numpy as np
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.msg import DexGrasp
from dexlite_ros.ros.poses import pose_matrix, stamped_pose

APPROACH, APPROACH_MIN = 0.1, 0.02
"""Wanted and smallest length of the straight way to the pregrasp [m]."""
LIFT, LIFT_MIN = 0.15, 0.05
"""The same of the way up afterwards [m]."""


def moveit_grasp(grasp: DexGrasp, link: str = '', up: str = '') -> Any:
    """
    Return a grasp as ``moveit_msgs/Grasp``.

    Its pose is that of the pregrasp: MoveIt closes the hand there, and ``grasp_posture`` has the
    stages grasp and squeeze. The wrist moves on with the fingers, by millimetres, which that
    message cannot say.

    :param link: that MoveIt plans for: the palm, or a frame attached to it; empty: the palm
    :param up: frame whose z is up, for the lift; empty: the frame of the grasp
    :raises MissingDependency: without moveit_msgs
    :raises InvalidRequest: for another link
    :raises UnsupportedHand: for a hand that is not known
    """
    try:
        from moveit_msgs.msg import Grasp, GripperTranslation
    except ImportError as error:
        raise MissingDependency(
            'moveit_msgs', 'to make its messages', 'apt install ros-$ROS_DISTRO-moveit-msgs'
        ) from error
    hand = find_hand(grasp.hand)
    places = {hand.palm_link: (0.0, 0.0, 0.0), **hand.attached_frames}
    if (link or hand.palm_link) not in places:
        raise InvalidRequest('link', link, f'one of {", ".join(places)}')
    header = grasp.header
    pose = pose_matrix(grasp.pregrasp_pose)
    pose[:3, 3] += pose[:3, :3] @ np.array(places[link or hand.palm_link])

    def way(direction: Vector3, frame: str, wanted: float, least: float) -> Any:
        return GripperTranslation(
            direction=Vector3Stamped(
                header=Header(frame_id=frame, stamp=header.stamp), vector=direction),
            desired_distance=wanted, min_distance=least)
    names, points = grasp.hand_trajectory.joint_names, grasp.hand_trajectory.points
    lift = way(Vector3(z=1.0), up or header.frame_id, LIFT, LIFT_MIN)
    return Grasp(
        id=grasp.id, grasp_quality=float(grasp.score),
        grasp_pose=stamped_pose(pose, header.frame_id, header.stamp),
        pre_grasp_posture=JointTrajectory(
            joint_names=names, points=[points[DexGrasp.POINT_PREGRASP]]),
        grasp_posture=JointTrajectory(
            joint_names=names, points=[
                points[DexGrasp.POINT_GRASP], points[DexGrasp.POINT_SQUEEZE]]),
        pre_grasp_approach=way(grasp.approach_direction, header.frame_id, APPROACH, APPROACH_MIN),
        post_grasp_retreat=lift, post_place_retreat=lift,
        allowed_touch_objects=[grasp.object_id] if grasp.object_id else [])

# SPDX-License-Identifier: Apache-2.0
"""Poses as matrices and as messages."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose, PoseStamped
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.ros.conversions import pose as pose_message

Matrix = NDArray[np.float64]


def pose_matrix(message: Pose) -> Matrix:
    """
    Return a pose (4, 4) from a message; its quaternion need not be normalised.

    :raises InvalidRequest: for a quaternion of length 0, or numbers that are not finite
    """
    place, turn = message.position, message.orientation
    quat = np.array([turn.x, turn.y, turn.z, turn.w])
    position = np.array([place.x, place.y, place.z])
    if not np.isfinite([*quat, *position]).all() or np.linalg.norm(quat) < 1e-6:
        raise InvalidRequest(
            'pose', [*position, *quat], 'finite numbers and a quaternion other than 0')
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = Rotation.from_quat(quat).as_matrix(), position
    return pose


def stamped_pose(pose: Matrix, frame: str, stamp: Time) -> PoseStamped:
    """Return a pose (4, 4) in a frame as a message."""
    quat = Rotation.from_matrix(pose[:3, :3]).as_quat()
    return PoseStamped(
        header=Header(frame_id=frame, stamp=stamp),
        pose=pose_message(pose[:3, 3].tolist(), quat.tolist()))

# SPDX-License-Identifier: Apache-2.0
"""Images, poses and joints of a cell as the messages that drivers publish."""

from __future__ import annotations

from array import array

from builtin_interfaces.msg import Time
import rclpy.time
from sensor_msgs.msg import CameraInfo, JointState, PointCloud2
from std_msgs.msg import Header

from dexlite_ros.cell.simulation import CellState
from dexlite_ros.offline.scenes.depth_camera import DepthImage
from dexlite_ros.ros.point_clouds import point_cloud_message

WORLD = 'world'
"""Frame of the cell: z up, the middle of the table's top is the origin."""
OPTICAL = 'camera_depth_optical_frame'
"""Frame of the camera: x right, y down, z forward (REP 103)."""


def stamp(seconds: float) -> Time:
    """Return a time since the start of the simulation as a stamp."""
    stamped: Time = rclpy.time.Time(nanoseconds=round(1e9 * seconds)).to_msg()
    return stamped


def organised_cloud(image: DepthImage, seconds: float) -> PointCloud2:
    """Return the cloud of an image, row by row, NaN where nothing was measured."""
    height, width = image.depth.shape
    message = point_cloud_message(image.points().reshape(-1, 3), OPTICAL, stamp(seconds))
    message.height, message.width = height, width
    message.row_step = message.point_step * width
    return message


def camera_info(image: DepthImage, seconds: float) -> CameraInfo:
    """Return the intrinsics of the camera, which has no distortion."""
    height, width = image.depth.shape
    focal, column, row = image.focal, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        header=Header(stamp=stamp(seconds), frame_id=OPTICAL), height=height, width=width,
        distortion_model='plumb_bob', d=[0.0] * 5,
        k=[focal, 0.0, column, 0.0, focal, row, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, column, 0.0, 0.0, focal, row, 0.0, 0.0, 0.0, 1.0, 0.0])


def joint_state(state: CellState, names: tuple[str, ...]) -> JointState:
    """Return positions, speeds and torques of the finger joints."""
    return JointState(
        header=Header(stamp=stamp(state.time)), name=list(names),
        position=array('d', state.joints), velocity=array('d', state.speeds),
        effort=array('d', state.efforts))

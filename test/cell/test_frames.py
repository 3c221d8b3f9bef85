# SPDX-License-Identifier: Apache-2.0
"""The cell's frames are in tf, where its messages are installed."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')
pytest.importorskip('tf2_msgs', reason='tf2_msgs is not installed: not run')

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from scipy.spatial.transform import Rotation
from tf2_msgs.msg import TFMessage

from dexlite_ros.cell.frames import CellFrames
from dexlite_ros.cell.messages import OPTICAL, WORLD
from dexlite_ros.ros.process import spin
from dexlite_ros.ros.publishers import LATCHED


def test_camera_and_palm_are_where_they_are():
    """Also for whoever comes later, as far as the camera is concerned."""
    rclpy.init()
    node, stop, heard = Node('frames'), threading.Event(), {}
    frames = CellFrames(node, 'rh_palm')
    poses = {}
    for name, seed in ((OPTICAL, 1), ('rh_palm', 2)):
        poses[name] = np.eye(4)
        poses[name][:3, :3] = Rotation.random(random_state=seed).as_matrix()
        poses[name][:3, 3] = seed, 0.1, -0.2
    frames.publish_camera(poses[OPTICAL], 1.5)

    def keep(message: TFMessage) -> None:
        heard.update({each.child_frame_id: each for each in message.transforms})
    node.create_subscription(TFMessage, '/tf_static', keep, LATCHED)
    node.create_subscription(TFMessage, '/tf', keep, 10)
    executor = SingleThreadedExecutor()
    thread = spin(executor, node, stop)
    deadline = time.monotonic() + 20.0
    while len(heard) < 2 and time.monotonic() < deadline:
        frames.publish_palm(poses['rh_palm'], 2.25)
        time.sleep(0.05)
    stop.set()
    thread.join()
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown()
    assert heard.keys() == poses.keys()
    for name, pose in poses.items():
        found = heard[name]
        place, turn = found.transform.translation, found.transform.rotation
        assert found.header.frame_id == WORLD
        np.testing.assert_allclose([place.x, place.y, place.z], pose[:3, 3])
        np.testing.assert_allclose(
            Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix(), pose[:3, :3],
            atol=1e-12)
    assert heard[OPTICAL].header.stamp.sec == 1 and heard['rh_palm'].header.stamp.sec == 2

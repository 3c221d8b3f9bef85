# SPDX-License-Identifier: Apache-2.0
"""
A hand on an arm, through the topics of its controllers.

On a real robot ``wrist/command`` and ``wrist/pose`` are a Cartesian motion of the arm, such as
MoveIt 2's, and ``hand_controller/joint_trajectory`` with ``joint_states`` are ros2_control's
joint_trajectory_controller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading
import time

from geometry_msgs.msg import PoseStamped
import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import JointState, PointCloud2
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexlite_ros.ros.conversions import duration
from dexlite_ros.ros.conversions import seconds as in_seconds
from dexlite_ros.ros.poses import Matrix, pose_matrix, stamped_pose
from dexlite_ros.ros.publishers import LATCHED

NEAR = 0.003
"""The wrist has arrived when it is this near to where it should be [m]."""
NEAR_ANGLE = 10.0
"""Angle that is tolerated with it [rad/m]."""
REST_SPEED = 0.02
"""Fingers rest when no joint is faster than this [rad/s]."""
POLL_PERIOD = 0.01
"""[s]"""


class NotArrived(Exception):
    """Wrist or fingers did not get where they were told to go in time."""


class Robot:
    """Moves wrist and fingers, and waits until they have arrived; and for what is seen."""

    def __init__(
        self, node: Node, couplings: Sequence[Sequence[str]] = (), world: str = 'world'
    ) -> None:
        """
        Connect.

        :param node: spun by another thread
        :param couplings: names of joints that share a motor: it moves them together, and how they
            part its way depends on what they touch
        :param world: frame of the wrist's commands
        """
        self._node, self._frame, self._couplings = node, world, couplings
        self._lock = threading.Lock()
        self._wrist: PoseStamped | None = None
        self._joints: JointState | None = None
        self._camera: PoseStamped | None = None
        self._cloud: PointCloud2 | None = None
        self._rest: PointCloud2 | None = None
        self._wrist_out = node.create_publisher(PoseStamped, 'wrist/command', 10)
        self._fingers_out = node.create_publisher(
            JointTrajectory, 'hand_controller/joint_trajectory', 10)
        for kind, topic, name, qos in (
                (PoseStamped, 'wrist/pose', '_wrist', 10),
                (JointState, 'joint_states', '_joints', 10),
                (PoseStamped, 'camera/pose', '_camera', LATCHED),
                (PointCloud2, 'object_cloud', '_cloud', 1),
                (PointCloud2, 'obstacle_cloud', '_rest', 1)):
            node.create_subscription(kind, topic, self._keeper(name), qos)

    def wait_until_ready(self, timeout: float = 10.0) -> None:
        """
        Wait until every controller listens and every sensor was heard.

        :raises NotArrived: naming what is missing
        """
        self._wait(lambda: not self._missing(), timeout, lambda: f'no {self._missing()}')

    def start_wrist(self, goal: Matrix) -> None:
        """Start a motion of the palm to a pose (4, 4) in the world."""
        self._wrist_out.publish(
            stamped_pose(goal, self._frame, self._node.get_clock().now().to_msg()))

    def move_wrist(self, goal: Matrix, near: float = NEAR, timeout: float = 20.0) -> None:
        """
        Move the palm to a pose (4, 4) in the world, and wait.

        :param near: how near it must come [m]
        :raises NotArrived: when it is not there in time [s]
        """
        self.start_wrist(goal)
        self._wait(lambda: self._near(goal, near), timeout, lambda: (
            f'the wrist is {1e3 * self._distance(goal):.0f} mm and '
            f'{np.degrees(self._angle(goal)):.1f} degrees from where it should be'))

    def start_fingers(
        self, names: Sequence[str], positions: Sequence[float], seconds: float
    ) -> None:
        """Start a motion of the joints to positions [rad] that takes some time [s]."""
        self._fingers_out.publish(JointTrajectory(joint_names=list(names), points=[
            JointTrajectoryPoint(
                positions=list(map(float, positions)), time_from_start=duration(seconds))]))

    def move_fingers(
        self, names: Sequence[str], positions: Sequence[float], seconds: float,
        timeout: float = 10.0,
    ) -> None:
        """
        Move the joints, and wait until they rest, where they were sent or where an object is.

        :raises NotArrived: when they still move after the timeout [s]
        """
        begin = self.time()
        self.start_fingers(names, positions, seconds)
        self._wait(
            lambda: self.time() > begin + seconds and self._fastest() < REST_SPEED,
            timeout, lambda: f'a joint still moves with {self._fastest():.2f} rad/s')

    def check_fingers(
        self, names: Sequence[str], positions: Sequence[float], near: float = 0.15
    ) -> None:
        """
        Make sure that the joints are where they were sent [rad].

        :raises NotArrived: naming the joint that is farthest away
        """
        now = dict(zip(self.joints().name, self.joints().position))
        away = {name: now[name] - goal for name, goal in zip(names, positions)}
        for joints in self._couplings:
            mean = sum(away[name] for name in joints) / len(joints)
            away.update(dict.fromkeys(joints, mean))
        worst = max(away, key=lambda name: abs(away[name]))
        if abs(away[worst]) > near:
            raise NotArrived(f'{worst} is {abs(away[worst]):.2f} rad from where it should be')

    def wait(self, seconds: float, timeout: float = 10.0) -> None:
        """Let some time of the robot's clock go by [s]."""
        begin = self.time()
        self._wait(lambda: self.time() > begin + seconds, timeout, lambda: 'time stands still')

    def look(self, timeout: float) -> tuple[PointCloud2, PointCloud2]:
        """
        Return the object's cloud and that of everything else, both measured after this call.

        :raises NotArrived: when none come in time [s]
        """
        begin = self.time()
        seen: list[PointCloud2] = []

        def both() -> bool:
            with self._lock:
                found = self._cloud, self._rest
            if found[0] is None or found[1] is None or found[0].header != found[1].header:
                return False
            seen[:] = [found[0], found[1]]
            return in_seconds(found[0].header.stamp) > begin
        self._wait(both, timeout, lambda: "no new cloud on 'object_cloud' and 'obstacle_cloud'")
        return seen[0], seen[1]

    def time(self) -> float:
        """Return the time of the newest joint states [s]."""
        return in_seconds(self.joints().header.stamp)

    def joints(self) -> JointState:
        """Return the newest joint states."""
        with self._lock:
            assert self._joints is not None, 'wait_until_ready comes first'
            return self._joints

    def way(
        self, names: Sequence[str], begin: Sequence[float], end: Sequence[float]
    ) -> float:
        """
        Return which share of the way between two postures the joints have gone.

        Fingers that press on an object stay behind; those that close on nothing arrive.
        """
        now = dict(zip(self.joints().name, self.joints().position))
        first, motion = np.array(begin), np.array(end) - np.array(begin)
        done = np.array([now[name] for name in names]) - first
        return float(done @ motion / max(motion @ motion, 1e-12))

    def palm(self) -> Matrix:
        """Return the pose of the palm in the world."""
        with self._lock:
            assert self._wrist is not None, 'wait_until_ready comes first'
            return pose_matrix(self._wrist.pose)

    def camera(self) -> Matrix:
        """Return the pose of the camera's optical frame in the world."""
        with self._lock:
            assert self._camera is not None, 'wait_until_ready comes first'
            return pose_matrix(self._camera.pose)

    def _keeper(self, name: str) -> Callable[[object], None]:
        def keep(message: object) -> None:
            with self._lock:
                setattr(self, name, message)
        return keep

    def _missing(self) -> str:
        """Return what was not heard yet, or nobody listens to."""
        heard = {'wrist/pose': self._wrist, 'joint_states': self._joints,
                 'camera/pose': self._camera}
        silent = [f"message on '{name}'" for name, each in heard.items() if each is None]
        deaf = [f"subscriber of '{each.topic_name}'" for each in (
            self._wrist_out, self._fingers_out) if not each.get_subscription_count()]
        return ', '.join(silent + deaf)

    def _distance(self, goal: Matrix) -> float:
        return float(np.linalg.norm(self.palm()[:3, 3] - goal[:3, 3]))

    def _near(self, goal: Matrix, near: float) -> bool:
        return self._distance(goal) < near and self._angle(goal) < NEAR_ANGLE * near

    def _angle(self, goal: Matrix) -> float:
        return float(Rotation.from_matrix(self.palm()[:3, :3].T @ goal[:3, :3]).magnitude())

    def _fastest(self) -> float:
        speeds: NDArray[np.float64] = np.abs(self.joints().velocity)
        return float(speeds.max())

    def _wait(
        self, done: Callable[[], bool], timeout: float, problem: Callable[[], str]
    ) -> None:
        """Wait by a steady clock, for simulated time may stand still."""
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() > deadline:
                raise NotArrived(f'{problem()} after {timeout:g} s')
            time.sleep(POLL_PERIOD)

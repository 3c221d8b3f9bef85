# SPDX-License-Identifier: Apache-2.0
"""
The topics of a simulated cell: what the drivers of a real one publish and listen to.

    ros2 run dexlite_ros cell --ros-args -p objects:=household:8 -p count:=3

docs/cell.md explains every topic, and which driver takes its place in a real cell.
"""

from __future__ import annotations

from itertools import count
import threading
import time

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, JointState, PointCloud2

from dexlite_ros.cell.faults import LATE
from dexlite_ros.cell.finger_topics import FingerTopics
from dexlite_ros.cell.frames import CellFrames
from dexlite_ros.cell.messages import (
    camera_info,
    joint_state,
    organised_cloud,
    stamp,
    WORLD,
)
from dexlite_ros.cell.simulation import CellSimulation, TICK
from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.ros.poses import pose_matrix, stamped_pose
from dexlite_ros.ros.publishers import LATCHED

CLOCK_TICKS = 5
"""Ticks between two messages of the clock: each wakes every node that keeps simulated time."""
SLOWEST, FASTEST = 0.01, 1000.0
"""Real-time factors."""


class CellTopics:
    """Publishes what sensors measure, and moves wrist and fingers as told."""

    def __init__(
        self, node: Node, simulation: CellSimulation, real_time_factor: float = 1.0,
        camera_period: float = 1.0,
    ) -> None:
        """
        Connect a simulation to the topics of a node; time stands still until ``run``.

        :param real_time_factor: simulated per real time, at most
        :param camera_period: simulated time between two images [s]
        :raises InvalidRequest: for a factor or a period out of range
        """
        if not SLOWEST <= real_time_factor <= FASTEST:
            raise InvalidRequest(
                'real_time_factor', real_time_factor, f'{SLOWEST:g} to {FASTEST:g}')
        if not camera_period > 0:
            raise InvalidRequest('camera_period', camera_period, 'a positive time [s]')
        self._log = node.get_logger()
        self._factor, self._period = real_time_factor, camera_period
        self._clock_out = node.create_publisher(Clock, '/clock', 10)
        # Reliable, for whoever wants it so: best-effort clouds of this size may be lost.
        self._cloud_out = node.create_publisher(PointCloud2, 'camera/depth/points', 1)
        self._info_out = node.create_publisher(CameraInfo, 'camera/depth/camera_info', 1)
        self._joints_out = node.create_publisher(JointState, 'joint_states', 10)
        self._wrist_out = node.create_publisher(PoseStamped, 'wrist/pose', 10)
        self._camera_out = node.create_publisher(PoseStamped, 'camera/pose', LATCHED)
        self._frames = CellFrames(node, simulation.hand.palm_link)
        self.show(simulation)
        node.create_subscription(PoseStamped, 'wrist/command', self._on_wrist, 10)
        FingerTopics(node, lambda: self.simulation)

    def show(self, simulation: CellSimulation) -> None:
        """Take the place of the simulation so far, in which it is no later than in this one."""
        self.simulation = simulation
        self._last: tuple[CameraInfo, PointCloud2] | None = None
        pose, now = simulation.camera.pose, simulation.state().time
        self._camera_out.publish(stamped_pose(pose, WORLD, stamp(now)))
        self._frames.publish_camera(pose, now)

    def run(self, stop: threading.Event) -> None:
        """Let time go on, and publish, until ``stop``; the camera has a thread of its own."""
        camera = threading.Thread(target=self._look_again, args=(stop,), daemon=True)
        camera.start()
        due = time.monotonic()
        for tick in count():
            if stop.is_set():
                break
            self.simulation.advance()
            self._publish_state(tick % CLOCK_TICKS == 0)
            due = max(due + TICK / self._factor, time.monotonic() - 1.0)
            stop.wait(max(0.0, due - time.monotonic()))
        camera.join()

    def _look_again(self, stop: threading.Event) -> None:
        """Look every period, and publish what was seen, until ``stop``."""
        while not stop.is_set():
            began, fault = self.simulation.state().time, self.simulation.faults.camera
            if fault != 'silent':
                seen = self._seen(fault == 'frozen')
                self._wait_until(began + (LATE if fault == 'late' else 0.0), stop)
                for output, message in zip((self._info_out, self._cloud_out), seen):
                    output.publish(message)
            self._wait_until(began + self._period, stop)

    def _seen(self, again: bool) -> tuple[CameraInfo, PointCloud2]:
        """Return the messages of a new image, or of the last one again."""
        if not again or self._last is None:
            now, image = self.simulation.look()
            self._last = camera_info(image, now), organised_cloud(image, now)
        return self._last

    def _wait_until(self, due: float, stop: threading.Event) -> None:
        """Wait for a simulated time [s], or ``stop``."""
        while self.simulation.state().time < due and not stop.is_set():
            stop.wait(TICK)

    def _publish_state(self, with_clock: bool) -> None:
        state = self.simulation.state()
        if with_clock:
            self._clock_out.publish(Clock(clock=stamp(state.time)))
        self._joints_out.publish(joint_state(state, self.simulation.hand.joint_names))
        self._wrist_out.publish(stamped_pose(state.palm, WORLD, stamp(state.time)))
        self._frames.publish_palm(state.palm, state.time)

    def _on_wrist(self, command: PoseStamped) -> None:
        """Move the wrist; a command that cannot be carried out is told and changes nothing."""
        try:
            if command.header.frame_id != WORLD:
                raise InvalidRequest('frame_id', command.header.frame_id, f"'{WORLD}'")
            self.simulation.move_wrist(pose_matrix(command.pose))
        except DexliteError as error:
            self._log.error(f'wrist/command: refused: {error}')

# SPDX-License-Identifier: Apache-2.0
"""
A stand-in for tf2_ros, which is not among the wheels: the same classes, endpoints and callbacks.

As in tf2_ros of Jazzy, a buffer that is given a node adds a service to it, every buffer registers
a callback with its clock and has no method to undo either, and a listener has two subscriptions.
Messages of tf2_msgs are replaced by common ones. Transforms are not chained.
"""

from __future__ import annotations

from types import ModuleType

from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from std_srvs.srv import Trigger


class TransformException(Exception):
    """There is no such transform."""


class Buffer:
    """Knows the newest transform of each pair of frames."""

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        self._known: dict[tuple[str, str], TransformStamped] = {}
        self.clock = Clock()
        if node is not None:
            self.srv = node.create_service(Trigger, 'tf2_frames', lambda _, answer: answer)
            self.clock = node.get_clock()
        self.jump_handle = self.clock.create_jump_callback(
            JumpThreshold(
                min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True),
            post_callback=lambda _: self.clear())

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform."""
        self._known[transform.header.frame_id, transform.child_frame_id] = transform

    def clear(self) -> None:
        """Forget all transforms."""
        self._known.clear()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration | None = None
    ) -> TransformStamped:
        """Return a stored transform."""
        try:
            return self._known[target_frame, source_frame]
        except KeyError:
            raise TransformException(f'"{target_frame}" does not exist') from None


class TransformListener:
    """Fills a buffer."""

    def __init__(self, buffer: Buffer, node: Node) -> None:
        self.buffer, self.node = buffer, node
        self.group = ReentrantCallbackGroup()
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.tf_sub, self.tf_static_sub = (
            node.create_subscription(
                TransformStamped, topic, lambda message: buffer.set_transform(message, ''), qos,
                callback_group=self.group)
            for topic, qos in (('/tf', QoSProfile(depth=100)), ('/tf_static', latched)))

    def unregister(self) -> None:
        """Remove the subscriptions."""
        self.node.destroy_subscription(self.tf_sub)
        self.node.destroy_subscription(self.tf_static_sub)


def module() -> ModuleType:
    """Return the stand-in under the name that is imported."""
    double = ModuleType('tf2_ros')
    for each in (Buffer, TransformListener, TransformException):
        setattr(double, each.__name__, each)
    return double

# SPDX-License-Identifier: Apache-2.0
"""The topics that clouds arrive on, and why none may have arrived."""

from __future__ import annotations

from collections.abc import Callable

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    qos_check_compatible,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.ros.cloud_cache import CloudCache

TYPE_NAME = 'sensor_msgs/msg/PointCloud2'
OVERRIDABLE = (
    QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY)


class CloudTopic:
    """A subscription and the newest cloud that it received."""

    def __init__(self, node: Node, name: str, subject: str, group: CallbackGroup) -> None:
        """
        Subscribe as to a sensor: best effort, volatile, depth 5, unless overridden by parameters.

        :param node: node that subscribes
        :param name: name of the topic, subject to remapping
        :param subject: which cloud it is, for errors
        :param group: callback group that only stores clouds
        :raises InvalidRequest: an override names no policy
        """
        self._node = node
        self.cache = CloudCache(node.get_clock(), subject)
        try:
            self._subscription = node.create_subscription(
                PointCloud2, name, self.cache.store, sensor_data(), callback_group=group,
                qos_overriding_options=QoSOverridingOptions(OVERRIDABLE, callback=reachable))
        except RuntimeError as error:
            topic = node.resolve_topic_name(name)
            raise InvalidRequest(
                f'qos_overrides.{topic}.subscription', str(error),
                'policies such as reliable, transient_local or keep_last') from error
        self._qos = self._subscription.qos_profile
        # When a bag restarts, cached clouds would be from the future.
        self._close_jumps = on_jump_back(node.get_clock(), self.cache.clear)

    @property
    def name(self) -> str:
        """Resolved name of the topic."""
        name: str = self._subscription.topic_name
        return name

    def close(self) -> None:
        """Unsubscribe."""
        self._close_jumps()
        self._node.destroy_subscription(self._subscription)

    def publishers(self) -> str:
        """Return one clause on the publishers, and on why their clouds may not arrive."""
        found = self._node.get_publishers_info_by_topic(self.name)
        if not found:
            return 'it has no publisher'
        text = f'it has {len(found)} publisher{"s" if len(found) > 1 else ""}'
        return '; '.join([text, *self._obstructions(found)])

    def _obstructions(self, publishers: list[TopicEndpointInfo]) -> list[str]:
        found = []
        prefix = f'qos_overrides.{self.name}.subscription'
        for publisher in publishers:
            verdict, reason = qos_check_compatible(publisher.qos_profile, self._qos)
            name = f'{publisher.node_namespace.rstrip("/")}/{publisher.node_name}'
            if publisher.topic_type != TYPE_NAME:
                found.append(f"'{name}' publishes {publisher.topic_type}, not {TYPE_NAME}")
            elif verdict == QoSCompatibility.ERROR:
                found.append(
                    f"the QoS of '{name}' does not match ({reason.rstrip('; ')}): change it "
                    f'there, or here by parameters {prefix}.*')
            elif self._misses_latched(publisher.qos_profile):
                found.append(
                    f"'{name}' is latched (transient local), so a cloud sent before this node "
                    f'subscribed does not arrive: set {prefix}.durability to transient_local')
        return found

    def _misses_latched(self, offered: QoSProfile) -> bool:
        latched = DurabilityPolicy.TRANSIENT_LOCAL
        return offered.durability == latched and self._qos.durability != latched


def sensor_data(depth: int = 5) -> QoSProfile:
    """Return a profile for clouds of a sensor; overrides are written into it, so it is new."""
    return QoSProfile(
        depth=depth, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE)


def reachable(qos: QoSProfile) -> SetParametersResult:
    """Make a latched subscription reliable: latched messages reach no other."""
    if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL:
        qos.reliability = ReliabilityPolicy.RELIABLE
    return SetParametersResult(successful=True)


def on_jump_back(clock: Clock, callback: Callable[[], None]) -> Callable[[], None]:
    """Call ``callback`` when time jumps back or changes its source; return what ends that."""
    backwards = JumpThreshold(
        min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True)
    jump = clock.create_jump_callback(backwards, post_callback=lambda _: callback())
    unregister: Callable[[], None] = jump.unregister
    return unregister

# SPDX-License-Identifier: Apache-2.0
"""What exists while the node is configured: planner, topics and services."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import PointCloud2
from std_srvs.srv import Trigger

from dexlite_ros.errors import DexliteError
from dexlite_ros.ros.cloud_cache import CloudCache
from dexlite_ros.ros.parameters.node_table import NODE_TABLE
from dexlite_ros.ros.publishers import ResultPublishers
from dexlite_ros.ros.service import SynthesisService
from dexlite_ros.ros.synthesis import Synthesis
from dexlite_ros.ros.transforms import FrameTransforms
from dexlite_ros.ros.worker import DeviceWorker, Job
from dexlite_ros.srv import GraspSynthesis

LOADING_TIME = 300.0
"""Longest time to build and warm up the planner [s]."""
OBJECT_TOPIC, OBSTACLE_TOPIC = 'object_cloud', 'obstacle_cloud'


@dataclass(frozen=True)
class CallbackGroups:
    """Groups that must not block each other; only ``synthesis`` runs callbacks in parallel."""

    clouds: MutuallyExclusiveCallbackGroup = field(default_factory=MutuallyExclusiveCallbackGroup)
    control: MutuallyExclusiveCallbackGroup = field(
        default_factory=MutuallyExclusiveCallbackGroup)
    synthesis: ReentrantCallbackGroup = field(default_factory=ReentrantCallbackGroup)


class Endpoints:
    """The planner in its worker, and the topics and services that give access to it."""

    def __init__(
        self, node: Node, groups: CallbackGroups, require_active: Callable[[], None]
    ) -> None:
        """
        Load and warm up the planner, then open the endpoints; clean up on failure.

        :param node: node that offers the endpoints.
        :param groups: callback groups of the node.
        :param require_active: raises NotActive unless the node is active.
        :raises DexliteError: the planner cannot be built.
        """
        self._node = node
        self._require_active = require_active
        with ExitStack() as undo:
            self.worker = DeviceWorker('planner')
            undo.callback(self.worker.stop, 0.0)
            self.transforms = FrameTransforms.listen(node)
            undo.callback(self.transforms.close)
            self._publishers = ResultPublishers(
                node, NODE_TABLE.read(node).publish_trajectory)
            undo.callback(self._publishers.close)
            self.synthesis = self.worker.submit(
                Job(lambda _: Synthesis(node, self.transforms, self._publishers), LOADING_TIME),
                queue_size=0,
            ).wait()
            self.clouds = (
                self._subscribe(OBJECT_TOPIC, groups, undo),
                self._subscribe(OBSTACLE_TOPIC, groups, undo))
            self.service = SynthesisService(
                node, self.worker, self.synthesis, self.clouds, require_active)
            self._open_services(groups, undo)
            self._undo = undo.pop_all()

    def close(self, timeout: float) -> bool:
        """
        Cancel all requests and remove the endpoints.

        :param timeout: how long to wait for the planner to notice the stop request [s].
        :return: False if it did not stop in time.
        """
        stopped = self.worker.stop(timeout)
        self._undo.close()
        return stopped

    def _subscribe(self, name: str, groups: CallbackGroups, undo: ExitStack) -> CloudCache:
        cache = CloudCache(name, self._node.get_clock())
        subscription = self._node.create_subscription(
            PointCloud2,
            name,
            cache.store,
            qos_profile_sensor_data,
            callback_group=groups.clouds,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        undo.callback(self._node.destroy_subscription, subscription)
        # When a bag restarts, cached clouds would be from the future.
        backwards = JumpThreshold(
            min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True)
        jump = self._node.get_clock().create_jump_callback(
            backwards, post_callback=lambda _: cache.clear())
        undo.callback(jump.unregister)
        return cache

    def _open_services(self, groups: CallbackGroups, undo: ExitStack) -> None:
        for name, kind, callback, group in (
            ('~/grasp_synthesis', GraspSynthesis, self.service.answer, groups.synthesis),
            ('~/reload_model', Trigger, self._reload, groups.synthesis),
            ('~/cancel', Trigger, self._cancel, groups.control),
            ('~/clear', Trigger, self._clear, groups.control),
        ):
            service = self._node.create_service(kind, name, callback, callback_group=group)
            undo.callback(self._node.destroy_service, service)

    def _cancel(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        count = self.worker.cancel()
        response.success = count > 0
        response.message = f'cancelled {count} requests' if count else 'no request was running'
        return response

    def _clear(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        for cache in self.clouds:
            cache.clear()
        self._publishers.clear()
        response.success, response.message = True, 'clouds and results cleared'
        return response

    def _reload(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._require_active()
            self.worker.submit(
                Job(lambda _: self.synthesis.load(), LOADING_TIME), queue_size=0).wait()
        except DexliteError as error:
            response.success, response.message = False, str(error)
        except Exception as error:  # a callback that raises would end the executor
            self._node.get_logger().error(f'reload failed: {error!r}')
            response.success, response.message = False, f'{type(error).__name__}: {error}'
        else:
            response.success = True
            response.message = f'{self.synthesis.model_id} on {self.synthesis.device}'
        return response

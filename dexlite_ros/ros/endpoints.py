# SPDX-License-Identifier: Apache-2.0
"""What exists while the node is configured: planner, topics, services and action."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_srvs.srv import Trigger

from dexlite_ros.errors import DexliteError
from dexlite_ros.ros.action import SynthesisAction
from dexlite_ros.ros.call_group import CallGroup
from dexlite_ros.ros.cloud_topic import CloudTopic
from dexlite_ros.ros.parameters.node_table import NODE_TABLE
from dexlite_ros.ros.point_clouds import OBJECT, OBSTACLES
from dexlite_ros.ros.publishers import ResultPublishers
from dexlite_ros.ros.request_handler import RequestHandler
from dexlite_ros.ros.synthesis import Synthesis
from dexlite_ros.ros.transforms import FrameTransforms
from dexlite_ros.ros.worker import DeviceWorker, Job
from dexlite_ros.srv import GraspSynthesis

LOADING_TIME = 300.0
"""Longest time to build and warm up the planner [s]."""
OBJECT_TOPIC, OBSTACLE_TOPIC = 'object_cloud', 'obstacle_cloud'


@dataclass(frozen=True)
class CallbackGroups:
    """Groups that must not block each other; only ``calls`` runs callbacks in parallel."""

    clouds: MutuallyExclusiveCallbackGroup = field(default_factory=MutuallyExclusiveCallbackGroup)
    control: MutuallyExclusiveCallbackGroup = field(
        default_factory=MutuallyExclusiveCallbackGroup)
    calls: CallGroup = field(default_factory=CallGroup)


class Endpoints:
    """The planner in its worker, and the topics, services and action that give access to it."""

    def __init__(
        self, node: Node, require_active: Callable[[], None], should_stop: Callable[[], bool]
    ) -> None:
        """
        Load and warm up the planner, then open the endpoints; clean up on failure.

        :param node: node that offers the endpoints.
        :param require_active: raises NotActive unless the node is active.
        :param should_stop: polled while loading; true: the node stops.
        :raises DexliteError: the planner cannot be built, or the node stops.
        """
        self._node = node
        self._require_active = require_active
        self._groups = CallbackGroups()  # new ones, because a group never forgets its members
        with ExitStack() as undo:
            self.worker = DeviceWorker('planner')
            undo.callback(self.worker.stop, 0.0)
            self.transforms = FrameTransforms.listen(node)
            undo.callback(self.transforms.close)
            self._publishers = ResultPublishers(
                node, NODE_TABLE.read(node).publish_trajectory)
            undo.callback(self._publishers.close)
            self.synthesis = self._load(should_stop)
            self.clouds = (
                self._subscribe(OBJECT_TOPIC, OBJECT, undo),
                self._subscribe(OBSTACLE_TOPIC, OBSTACLES, undo))
            self.handler = RequestHandler(
                node, self.worker, self.synthesis, self.clouds, require_active)
            self._open_services(undo)
            undo.callback(SynthesisAction(node, self.handler, self._groups.calls).close)
            self._undo = undo.pop_all()

    def close(self, timeout: float, planner_timeout: float) -> bool:
        """
        Cancel all requests, wait until they are answered, and remove the endpoints.

        :param timeout: how long to wait for the answers [s].
        :param planner_timeout: how long to wait for the planner to notice the stop request [s].
        :return: False if the planner did not stop in time.
        """
        self.worker.close()
        self._groups.calls.wait_until_answered(self._node.executor, timeout)
        self._undo.close()
        return self.worker.stop(planner_timeout)

    def _load(self, should_stop: Callable[[], bool]) -> Synthesis:
        def watch(job: Job[Synthesis]) -> None:
            if should_stop():
                job.cancel()

        job = Job(
            lambda _: Synthesis(self._node, self.transforms, self._publishers), LOADING_TIME)
        return self.worker.submit(job, queue_size=0).wait(watch)

    def _subscribe(self, name: str, subject: str, undo: ExitStack) -> CloudTopic:
        topic = CloudTopic(self._node, name, subject, self._groups.clouds)
        undo.callback(topic.close)
        return topic

    def _open_services(self, undo: ExitStack) -> None:
        for name, kind, callback, group in (
            ('~/grasp_synthesis', GraspSynthesis, self._answer, self._groups.calls),
            ('~/reload_model', Trigger, self._reload, self._groups.calls),
            ('~/cancel', Trigger, self._cancel, self._groups.control),
            ('~/clear', Trigger, self._clear, self._groups.control),
        ):
            service = self._node.create_service(kind, name, callback, callback_group=group)
            undo.callback(self._node.destroy_service, service)

    def _answer(
        self, request: GraspSynthesis.Request, _: GraspSynthesis.Response
    ) -> GraspSynthesis.Response:
        return self.handler.answer(request)

    def _cancel(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        count = self.worker.cancel()
        response.success = count > 0
        response.message = f'cancelled {count} requests' if count else 'no request was running'
        return response

    def _clear(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        for topic in self.clouds:
            topic.cache.clear()
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

# SPDX-License-Identifier: Apache-2.0
"""
The way of a request to its response, behind service and action alike.

An exception in a callback would end the executor and leave the client waiting forever. Here, and
only here, every exception is converted to an error code and a message.
"""

from __future__ import annotations

from collections.abc import Callable
import itertools
import time
import traceback

from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import DexliteError, NoCloud
from dexlite_ros.msg import SynthesisReport
from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.ros.cloud_topic import CloudTopic
from dexlite_ros.ros.conversions import report_message, warning_messages
from dexlite_ros.ros.diagnostics import Outcome
from dexlite_ros.ros.parameters.node_table import NODE_TABLE, NodeSettings
from dexlite_ros.ros.point_clouds import is_unset
from dexlite_ros.ros.synthesis import Answer, RequestClouds, Synthesis
from dexlite_ros.ros.synthesis_request import read_request
from dexlite_ros.ros.warning_log import WarningLog
from dexlite_ros.ros.worker import DeviceWorker, Job
from dexlite_ros.srv import GraspSynthesis

_NUMBERS = itertools.count(1)
"""Numbers requests through all nodes and configurations of the process."""


class RequestHandler:
    """Answers requests; several may wait at the same time."""

    def __init__(
        self,
        node: Node,
        worker: DeviceWorker,
        synthesis: Synthesis,
        clouds: tuple[CloudTopic, CloudTopic],
        require_active: Callable[[], None],
    ) -> None:
        """
        Connect the parts.

        :param node: provides parameters and the log.
        :param worker: thread that runs the planning.
        :param synthesis: the planning.
        :param clouds: topics of the object and the obstacles.
        :param require_active: raises NotActive unless the node is active.
        """
        self._node = node
        self._worker = worker
        self._synthesis = synthesis
        self._object_clouds, self._obstacle_clouds = clouds
        self._require_active = require_active
        self._warnings = WarningLog(node.get_logger().warning)
        self.last = Outcome()

    def check(self, request: GraspSynthesis.Request) -> None:
        """
        Raise an error if the request would fail at once.

        :raises NotActive, InvalidRequest, UnsupportedHand: the reason.
        """
        self._require_active()
        read_request(request, NODE_TABLE.read(self._node))

    def answer(
        self,
        request: GraspSynthesis.Request,
        watch: Callable[[Job[Answer]], None] | None = None,
    ) -> GraspSynthesis.Response:
        """
        Return the response in any case, with a result or an error.

        :param request: the request.
        :param watch: called regularly with the job while it waits or runs; may cancel it.
        """
        started = time.monotonic()
        response = GraspSynthesis.Response()
        warnings: list[PlanWarning] = []
        try:
            answer = self._synthesise(request, response, warnings, watch)
            response.result = answer.result
            response.report = report_message(answer.report)
            response.report.num_returned = len(answer.result.grasps)
        except Exception as error:  # nothing may propagate from here
            response.report = failure_report(error)
            if not isinstance(error, DexliteError):
                self._node.get_logger().error(traceback.format_exc())
        response.report.warnings = [*warning_messages(warnings), *response.report.warnings]
        response.report.total_time = time.monotonic() - started
        self._note(response.report)
        return response

    def _synthesise(
        self,
        message: GraspSynthesis.Request,
        response: GraspSynthesis.Response,
        warnings: list[PlanWarning],
        watch: Callable[[Job[Answer]], None] | None,
    ) -> Answer:
        self._require_active()
        settings = NODE_TABLE.read(self._node)
        request = read_request(message, settings)
        response.result.object_id = request.object_id
        clouds = self._scene(message, settings)
        response.result.header = clouds.target.header
        number = next(_NUMBERS)
        job = Job(
            lambda job: self._synthesis.run(job, number, request, clouds, warnings),
            request.plan.timeout)
        return self._worker.submit(job, settings.queue_size).wait(watch)

    def _scene(self, message: GraspSynthesis.Request, settings: NodeSettings) -> RequestClouds:
        """Return the given clouds, and the newest of the topics for those that are not given."""
        return RequestClouds(
            self._newest_object(settings) if is_unset(message.cloud) else message.cloud,
            self._newest_obstacles(settings) if is_unset(message.obstacles) else message.obstacles)

    def _newest_object(self, settings: NodeSettings) -> PointCloud2:
        topic = self._object_clouds
        cloud = topic.cache.newest(settings.max_cloud_age, settings.max_cloud_lead)
        if cloud is None:
            raise NoCloud(topic.name, topic.publishers())
        return cloud

    def _newest_obstacles(self, settings: NodeSettings) -> PointCloud2 | None:
        # None was ever sent: nothing to avoid. But a stale cloud is an error: the hand might hit
        # the obstacles.
        return self._obstacle_clouds.cache.newest(settings.max_cloud_age, settings.max_cloud_lead)

    def _note(self, report: SynthesisReport) -> None:
        self.last = Outcome(self.last.count + 1, report.error_code, report.total_time)
        self._warnings.log(PlanWarning(each.code, each.message) for each in report.warnings)
        if report.error_code == SynthesisReport.NONE:
            self._node.get_logger().info(
                f'{report.num_returned} grasps in {report.total_time:.2f} s '
                f'from {report.num_candidates} starts, seed {report.seed}')
        else:
            self._node.get_logger().warning(f'error {report.error_code}: {report.error_msg}')


def failure_report(error: Exception) -> SynthesisReport:
    """Return the code and message of an error, and the plan's counts if it has them."""
    report = report_message(getattr(error, 'report', None))
    if isinstance(error, DexliteError):
        report.error_code, report.error_msg = error.code, str(error)
    elif isinstance(error, MemoryError):
        report.error_code = SynthesisReport.OUT_OF_MEMORY
        report.error_msg = 'the computer ran out of memory; lower num_candidates'
    else:
        report.error_code = SynthesisReport.UNKNOWN
        report.error_msg = f'unexpected {type(error).__name__}: {error}; see the log for details'
    return report

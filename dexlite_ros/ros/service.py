# SPDX-License-Identifier: Apache-2.0
"""
The service callback, which always answers and never raises.

An exception in a service callback would end the executor and leave the client waiting forever.
Here, and only here, every exception is converted to an error code and a message.
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
from dexlite_ros.ros.cloud_cache import CloudCache
from dexlite_ros.ros.conversions import report_message
from dexlite_ros.ros.diagnostics import Outcome
from dexlite_ros.ros.parameters.node_table import NODE_TABLE, NodeSettings
from dexlite_ros.ros.synthesis import Answer, RequestClouds, Synthesis
from dexlite_ros.ros.synthesis_request import read_request
from dexlite_ros.ros.worker import DeviceWorker, Job
from dexlite_ros.srv import GraspSynthesis


class SynthesisService:
    """Answers GraspSynthesis calls; several may wait at the same time."""

    def __init__(
        self,
        node: Node,
        worker: DeviceWorker,
        synthesis: Synthesis,
        clouds: tuple[CloudCache, CloudCache],
        require_active: Callable[[], None],
    ) -> None:
        """
        Connect the parts.

        :param node: provides parameters and the log.
        :param worker: thread that runs the planning.
        :param synthesis: the planning.
        :param clouds: caches for the object and the obstacles.
        :param require_active: raises NotActive unless the node is active.
        """
        self._node = node
        self._worker = worker
        self._synthesis = synthesis
        self._object_clouds, self._obstacle_clouds = clouds
        self._require_active = require_active
        self._numbers = itertools.count(1)
        self.last = Outcome()

    def answer(
        self, request: GraspSynthesis.Request, response: GraspSynthesis.Response
    ) -> GraspSynthesis.Response:
        """Fill the response in any case, with a result or an error."""
        started = time.monotonic()
        try:
            answer = self._synthesise(request, response)
            response.result = answer.result
            response.report = report_message(answer.report)
            response.report.num_returned = len(answer.result.grasps)
        except Exception as error:  # nothing may propagate from here
            response.report = failure_report(error)
            if not isinstance(error, DexliteError):
                self._node.get_logger().error(traceback.format_exc())
        response.report.total_time = time.monotonic() - started
        self._note(response.report)
        return response

    def _synthesise(
        self, message: GraspSynthesis.Request, response: GraspSynthesis.Response
    ) -> Answer:
        self._require_active()
        settings = NODE_TABLE.read(self._node)
        request = read_request(message, settings)
        response.result.object_id = request.object_id
        clouds = self._scene(message, settings)
        response.result.header = clouds.target.header
        number = next(self._numbers)
        job = Job(
            lambda job: self._synthesis.run(job, number, request, clouds), request.plan.timeout)
        return self._worker.submit(job, settings.queue_size).wait()

    def _scene(self, message: GraspSynthesis.Request, settings: NodeSettings) -> RequestClouds:
        return RequestClouds(
            message.cloud if len(message.cloud.data)
            else self._object_clouds.newest(settings.max_cloud_age),
            self._obstacles(message.obstacles, settings),
        )

    def _obstacles(self, given: PointCloud2, settings: NodeSettings) -> PointCloud2 | None:
        if len(given.data):
            return given
        try:
            return self._obstacle_clouds.newest(settings.max_cloud_age)
        except NoCloud:  # but a stale cloud is an error: the hand might hit the obstacles
            return None

    def _note(self, report: SynthesisReport) -> None:
        self.last = Outcome(self.last.count + 1, report.error_code, report.total_time)
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

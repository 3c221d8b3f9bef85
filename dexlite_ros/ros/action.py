# SPDX-License-Identifier: Apache-2.0
"""
The action SynthesizeGrasps: the same requests as the service, with feedback and cancellation.

A goal ends as succeeded exactly if it has grasps. It ends as cancelled if its client cancelled it,
and as aborted with a report that tells why in all other cases.
"""

from __future__ import annotations

import time

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.errors import DexliteError
from dexlite_ros.msg import SynthesisReport
from dexlite_ros.plan_request import PlanProgress
from dexlite_ros.ros.call_group import CallGroup
from dexlite_ros.ros.message_fields import copy_fields
from dexlite_ros.ros.request_handler import RequestHandler
from dexlite_ros.ros.synthesis import Answer
from dexlite_ros.ros.worker import Job
from dexlite_ros.srv import GraspSynthesis

RESULT_TIMEOUT = 60
"""How long a result is kept for clients that have not asked for it yet [s]."""
FEEDBACK_PERIOD = 0.25
"""Longest time between two feedback messages of a running goal [s]."""
WAITING = PlanProgress('waiting', 0.0)


class SynthesisAction:
    """Answers goals."""

    def __init__(self, node: Node, handler: RequestHandler, group: CallGroup) -> None:
        """
        Offer the action.

        :param node: node that offers it.
        :param handler: answers requests.
        :param group: counts the goals that are not answered yet.
        """
        self._node = node
        self._handler = handler
        self._group = group
        self._server = ActionServer(
            node, SynthesizeGrasps, '~/synthesize_grasps', self._execute,
            callback_group=group, goal_callback=self._judge,
            cancel_callback=lambda _: CancelResponse.ACCEPT, result_timeout=RESULT_TIMEOUT)

    def close(self) -> None:
        """Remove the action; its goals have been answered."""
        self._server.destroy()

    def _judge(self, goal: SynthesizeGrasps.Goal) -> GoalResponse:
        """Reject what would fail at once, with the reason in the log."""
        try:
            self._handler.check(copy_fields(goal, GraspSynthesis.Request))
        except DexliteError as error:
            self._node.get_logger().warning(f'goal rejected: error {error.code}: {error}')
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _execute(self, goal: ServerGoalHandle) -> SynthesizeGrasps.Result:
        """Wait for the answer in a thread of the executor, and end the goal."""
        with self._group.call():
            follower = _Follower(goal)
            response = self._handler.answer(
                copy_fields(goal.request, GraspSynthesis.Request), follower.look)
            follower.finish()
            code = response.report.error_code
            if code == SynthesisReport.NONE:
                goal.succeed()
            elif code == SynthesisReport.CANCELLED and goal.is_cancel_requested:
                goal.canceled()
            else:
                goal.abort()
            return copy_fields(response, SynthesizeGrasps.Result)


class _Follower:
    """Passes progress to the client, and its wish to cancel to the job."""

    def __init__(self, goal: ServerGoalHandle) -> None:
        self._goal = goal
        self._job: Job[Answer] | None = None
        self._last: PlanProgress | None = None
        self._sent = 0.0

    def look(self, job: Job[Answer]) -> None:
        """Look at both sides once."""
        self._job = job
        if self._goal.is_cancel_requested:
            job.cancel()
            return
        progress = job.progress or WAITING
        if progress != self._last or time.monotonic() - self._sent > FEEDBACK_PERIOD:
            self._send(progress)

    def finish(self) -> None:
        """Send the last progress if it was not sent yet."""
        progress = None if self._job is None else self._job.progress
        if progress is not None and progress != self._last:
            self._send(progress)

    def _send(self, progress: PlanProgress) -> None:
        self._last, self._sent = progress, time.monotonic()
        self._goal.publish_feedback(SynthesizeGrasps.Feedback(
            stage=progress.stage, share=float(progress.share),
            best_score=float(progress.best_score)))

# SPDX-License-Identifier: Apache-2.0
"""A goal of the action SynthesizeGrasps, as its client sees it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future as Outcome
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.task import Future

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.errors import GoalRejected
from dexlite_ros.ros.message_fields import copy_fields
from dexlite_ros.srv import GraspSynthesis

STATUS = {
    GoalStatus.STATUS_SUCCEEDED: 'succeeded', GoalStatus.STATUS_CANCELED: 'cancelled',
    GoalStatus.STATUS_ABORTED: 'aborted'}


class SynthesisGoal:
    """An accepted goal; may be used in any thread but that of the client's executor."""

    def __init__(self, handle: ClientGoalHandle) -> None:
        self._handle = handle
        self._result: Future = handle.get_result_async()

    @classmethod
    def send(
        cls,
        client: ActionClient,
        request: GraspSynthesis.Request,
        on_progress: Callable[[SynthesizeGrasps.Feedback], None] | None,
        timeout: float,
    ) -> SynthesisGoal:
        """
        Send a goal and wait until it is accepted; see ``PlannerClient.start``.

        :raises TimeoutError: no answer.
        :raises GoalRejected: the planner does not accept it.
        """
        def pass_on(message: Any) -> None:
            if on_progress is not None:
                on_progress(message.feedback)

        handle = wait_for_future(
            client.send_goal_async(copy_fields(request, SynthesizeGrasps.Goal), pass_on), timeout)
        if not handle.accepted:
            raise GoalRejected(client._action_name)
        return cls(handle)

    @property
    def status(self) -> str:
        """'running', or how it ended: 'succeeded', 'cancelled' or 'aborted'."""
        if not self._result.done():
            return 'running'
        return STATUS[self._result.result().status]

    def result(self, timeout: float = 30.0) -> GraspSynthesis.Response:
        """
        Wait for the end of the goal and return its result, whatever its status.

        :param timeout: longer than the request's own timeout [s]
        :raises TimeoutError: no answer.
        """
        outcome = wait_for_future(self._result, timeout)
        return copy_fields(outcome.result, GraspSynthesis.Response)

    def cancel(self, timeout: float = 10.0) -> bool:
        """
        Ask the planner to cancel the goal, whose result then has the code CANCELLED.

        :param timeout: how long to wait for the answer [s]
        :return: False if it had ended before.
        :raises TimeoutError: no answer.
        """
        answer: CancelGoal.Response = wait_for_future(self._handle.cancel_goal_async(), timeout)
        return len(answer.goals_canceling) > 0


def wait_for_future(future: Future, timeout: float) -> Any:
    """
    Wait in this thread for a future that an executor in another thread completes.

    :param timeout: [s]
    :raises TimeoutError: it is not done in time.
    """
    outcome: Outcome[Any] = Outcome()
    future.add_done_callback(lambda done: outcome.set_result(done.result()))
    return outcome.result(max(0.0, timeout))

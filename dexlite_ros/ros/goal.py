# SPDX-License-Identifier: Apache-2.0
"""
A goal of the action SynthesizeGrasps, as its client sees it.

An ActionClient of rclpy notes a request only after it has sent it, and ignores an answer that
another thread has handled by then. So everything is sent in the thread of the client's executor.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future as Outcome
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.executors import Executor
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

    def __init__(self, handle: ClientGoalHandle, executor: Executor, timeout: float) -> None:
        self._handle = handle
        self._executor = executor
        self._result: Future = _run_in(executor, handle.get_result_async, timeout)

    @classmethod
    def send(
        cls,
        client: ActionClient,
        executor: Executor,
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

        goal = copy_fields(request, SynthesizeGrasps.Goal)
        sent = _run_in(executor, lambda: client.send_goal_async(goal, pass_on), timeout)
        handle = wait_for_future(sent, timeout)
        if not handle.accepted:
            raise GoalRejected(client._action_name)
        return cls(handle, executor, timeout)

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
        sent = _run_in(self._executor, self._handle.cancel_goal_async, timeout)
        answer: CancelGoal.Response = wait_for_future(sent, timeout)
        return len(answer.goals_canceling) > 0


def wait_for_future(future: Future, timeout: float) -> Any:
    """
    Wait in this thread for a future that an executor in another thread completes.

    :param timeout: [s]
    :raises TimeoutError: it is not done in time.
    """
    outcome: Outcome[Any] = Outcome()

    def hand_over(done: Future) -> None:
        try:
            outcome.set_result(done.result())
        except Exception as error:  # for the thread that waits
            outcome.set_exception(error)

    future.add_done_callback(hand_over)
    return outcome.result(max(0.0, timeout))


def _run_in(executor: Executor, function: Callable[[], Any], timeout: float) -> Any:
    """Return what a function returns in the thread of a single-threaded executor."""
    return wait_for_future(executor.create_task(function), timeout)

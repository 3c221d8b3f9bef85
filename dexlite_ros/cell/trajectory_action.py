# SPDX-License-Identifier: Apache-2.0
"""FollowJointTrajectory of a finger controller, as ros2_control's, where control_msgs is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.node import Node
from rclpy.task import Future
from trajectory_msgs.msg import JointTrajectory

from dexlite_ros.errors import DexliteError

PERIOD = 0.02
"""Time between two looks at whether a trajectory is done [s]."""
REPLACED = 'another trajectory has taken its place'


class TrajectoryFollower(Protocol):
    """What moves the fingers."""

    def check(self, trajectory: JointTrajectory) -> None:
        """Raise InvalidRequest if it cannot be followed."""

    def follow(self, trajectory: JointTrajectory) -> float:
        """Follow it from now on, and return how long that takes [s]."""

    def hold(self) -> None:
        """Stay."""

    def time(self) -> float:
        """Return the present time [s]."""


@dataclass
class _Motion:
    """A goal that is being followed."""

    goal: Any
    end: float
    """[s]"""
    outcome: Future = field(default_factory=Future)
    """An empty text when it is done, else why it is not."""


class TrajectoryAction:
    """Answers goals, one at a time: a new trajectory ends the one before."""

    def __init__(self, node: Node, name: str, follower: TrajectoryFollower) -> None:
        """Offer the action under a name; needs control_msgs."""
        from control_msgs.action import FollowJointTrajectory

        self._kind, self._name, self._follower = FollowJointTrajectory, name, follower
        self._log = node.get_logger()
        self._motion: _Motion | None = None
        self._server = ActionServer(
            node, FollowJointTrajectory, name, self._execute, goal_callback=self._judge,
            cancel_callback=lambda _: CancelResponse.ACCEPT)
        node.create_timer(PERIOD, self._look)

    def end(self, why: str = REPLACED) -> None:
        """End what is being followed, if anything is."""
        if self._motion is not None:
            self._motion.outcome.set_result(why)
            self._motion = None

    def _judge(self, goal: Any) -> GoalResponse:
        """Reject what cannot be followed, with the reason in the log, as ros2_control does."""
        try:
            self._follower.check(goal.trajectory)
        except DexliteError as error:
            self._log.error(f'{self._name}: rejected: {error}')
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _execute(self, goal: Any) -> Any:
        self.end()
        result = self._kind.Result()
        motion = self._motion = _Motion(
            goal, self._follower.time() + self._follower.follow(goal.request.trajectory))
        result.error_string = await motion.outcome
        if not result.error_string:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            result.error_code = result.INVALID_GOAL
            goal.abort()
        return result

    def _look(self) -> None:
        """End the motion when its time has come, or when its client wants so."""
        if self._motion is None:
            return
        if self._motion.goal.is_cancel_requested:
            self._follower.hold()
            self.end('cancelled')
        elif self._follower.time() >= self._motion.end:
            self.end('')

# SPDX-License-Identifier: Apache-2.0
"""
Executes grasps of the planner: look, plan, approach, close, lift, and see whether it is held.

Written to be read: what a manipulation stack does with a ``DexGrasp``, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import time

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2

from dexlite_ros.msg import DexGrasp, SynthesisReport
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.conversions import duration, seconds
from dexlite_ros.ros.pick.robot import NotArrived, Robot
from dexlite_ros.ros.poses import Matrix, pose_matrix
from dexlite_ros.srv import GraspSynthesis

LOADED = 0.02
"""How near a wrist comes to where it should be while the fingers press [m]."""


@dataclass(frozen=True)
class PickSettings:
    """How a grasp is executed."""

    attempts: int = 3
    """Grasps to try before giving up, each planned on a new cloud."""
    min_score: float = 0.2
    """Grasps with a lower score are not tried."""
    patience: float = 10.0
    """How long to wait for a new cloud, and for the planner to be active [s]."""
    timeout: float = 10.0
    """Of the planner [s]."""
    grace: float = 5.0
    """How long after that its answer is waited for [s]."""
    approach: float = 0.1
    """Length of the straight way to the pregrasp [m]."""
    height: float = 0.35
    """Height at which the hand travels above the table [m]."""
    close_time: float = 0.6
    """Time from stage to stage of the fingers [s]."""
    lift: float = 0.15
    """[m]"""
    holding: float = 0.7
    """Something is held if the fingers went less than this share of the squeeze's way; of 20 picks
    of household things at most 0.4 with the object, at least 0.89 without."""


@dataclass(frozen=True)
class Attempt:
    """What became of one grasp."""

    result: str
    """'lifted', or why not."""
    score: float = float('nan')
    """Of the grasp that was tried; NaN: none was."""
    plan_time: float = float('nan')
    """From the request to the answer [s]."""
    error_code: int = SynthesisReport.NONE
    """Of the planner's report."""
    seconds: float = float('nan')
    """From the look to the end, by the robot's clock [s]; NaN: no grasp was tried."""
    grasp: DexGrasp | None = field(default=None, repr=False)
    """The grasp that was tried."""

    @property
    def lifted(self) -> bool:
        """Whether the object was lifted, as far as the hand can feel."""
        return self.result == 'lifted'


class GraspExecutor:
    """Picks what the planner's topics show."""

    def __init__(
        self, planner: PlannerClient, robot: Robot, home: Matrix, opened: Mapping[str, float],
        settings: PickSettings = PickSettings(),
    ) -> None:
        """
        Connect.

        :param planner: of an active node
        :param home: pose of the palm (4, 4) where it hides nothing, in the world [m]
        :param opened: position of each finger joint of the open hand [rad]
        """
        self._planner, self._robot, self._home = planner, robot, home
        self._settings = settings
        self._opened = dict(opened)

    def pick(self, object_id: str = '', seed: int = 0) -> list[Attempt]:
        """
        Try to lift the object, and return what was tried, the last of it the outcome.

        :param object_id: name for the results
        :param seed: of the first plan; 0: a new one each time
        """
        tried: list[Attempt] = []
        while len(tried) < self._settings.attempts:
            tried.append(self._attempt(object_id, seed + len(tried) if seed else 0))
            if tried[-1].lifted:
                break
            try:
                self.go_home()
            except NotArrived as error:
                tried[-1] = replace(tried[-1], result=f'{tried[-1].result}; stuck: {error}')
                break
        return tried

    def _attempt(self, object_id: str, seed: int) -> Attempt:
        try:
            self._planner.wait_until_active(self._settings.patience)
            # What was seen goes with the call: nothing is planned on an older look, or without
            # the table because its cloud has not arrived at the planner yet.
            seen = self._robot.look(self._settings.patience)
            began = time.monotonic()
            response = self._plan(*seen, object_id, seed)
        except (NotArrived, TimeoutError) as error:
            return Attempt(f'no plan: {error}')
        took = time.monotonic() - began
        report = response.report
        if report.error_code != SynthesisReport.NONE:
            return Attempt(f'no grasp: {report.error_msg}', plan_time=took,
                           error_code=int(report.error_code))
        best = response.result.grasps[0]
        try:
            result = 'lifted' if self.execute(best) else 'not held'
        except NotArrived as error:
            result = f'stopped: {error}'
        return Attempt(
            result, float(best.score), took, grasp=best,
            seconds=self._robot.time() - seconds(seen[0].header.stamp))

    def _plan(
        self, cloud: PointCloud2, obstacles: PointCloud2, object_id: str, seed: int
    ) -> GraspSynthesis.Response:
        settings = self._settings
        return self._planner.synthesize(GraspSynthesis.Request(
            cloud=cloud, obstacles=obstacles, object_id=object_id, seed=seed, max_grasps=5,
            min_score=settings.min_score, timeout=duration(settings.timeout)),
            settings.timeout + settings.grace)

    def execute(self, grasp: DexGrasp) -> bool:
        """
        Approach, close and lift; return whether something is held.

        :raises NotArrived: when the robot does not move as it is told
        """
        robot, settings = self._robot, self._settings
        to_world = robot.camera()
        pregrasp, touching, pressing = (to_world @ pose_matrix(each) for each in (
            grasp.pregrasp_pose, grasp.grasp_pose, grasp.squeeze_pose))
        names = grasp.hand_trajectory.joint_names
        opened, closed, squeezed = (point.positions for point in grasp.hand_trajectory.points)
        direction = grasp.approach_direction
        along = to_world[:3, :3] @ np.array([direction.x, direction.y, direction.z])

        robot.start_fingers(names, opened, settings.close_time)
        before = moved(pregrasp, -settings.approach * along)
        robot.move_wrist(raised(before, settings.height))
        robot.move_wrist(before)
        robot.check_fingers(names, opened)
        robot.move_wrist(pregrasp)
        robot.start_fingers(names, closed, settings.close_time)
        robot.start_wrist(touching)
        robot.wait(settings.close_time)
        robot.start_fingers(names, squeezed, settings.close_time)
        robot.start_wrist(pressing)
        robot.wait(2 * settings.close_time)
        robot.move_wrist(moved(pressing, np.array([0.0, 0.0, settings.lift])), LOADED)
        robot.wait(settings.close_time)
        return robot.way(names, closed, squeezed) < settings.holding

    def go_home(self) -> None:
        """
        Open the hand, rise and go home.

        :raises NotArrived: when the robot does not move as it is told
        """
        robot, settings = self._robot, self._settings
        robot.move_fingers(
            list(self._opened), list(self._opened.values()), settings.close_time)
        robot.move_wrist(raised(robot.palm(), settings.height))
        robot.move_wrist(self._home)


def moved(pose: Matrix, shift: NDArray[np.float64]) -> Matrix:
    """Return a pose (4, 4) moved by a shift (3,) in the world [m]."""
    found = pose.copy()
    found[:3, 3] += shift
    return found


def raised(pose: Matrix, height: float) -> Matrix:
    """Return a pose (4, 4) at this height in the world, or where it is if that is higher [m]."""
    return moved(pose, np.array([0.0, 0.0, max(0.0, height - pose[2, 3])]))

# SPDX-License-Identifier: Apache-2.0
"""The finger controller of a cell over ROS: a topic, and an action where control_msgs is."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.cell.trajectory_action import TrajectoryAction
from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.ros.conversions import seconds

TOPIC = 'hand_controller/joint_trajectory'
ACTION = 'hand_controller/follow_joint_trajectory'


class FingerTopics:
    """Moves the fingers as told; what cannot be followed is refused whole, and said."""

    def __init__(self, node: Node, simulation: Callable[[], CellSimulation]) -> None:
        """
        Connect.

        :param simulation: returns the present one
        """
        self._simulation, self._log = simulation, node.get_logger()
        node.create_subscription(JointTrajectory, TOPIC, self._on_trajectory, 10)
        self._action = (
            TrajectoryAction(node, ACTION, self) if find_spec('control_msgs') else None)

    def check(self, trajectory: JointTrajectory) -> None:
        """Raise InvalidRequest if a trajectory cannot be followed."""
        self._obeying().check_fingers(trajectory.joint_names, *_points(trajectory))

    def follow(self, trajectory: JointTrajectory) -> float:
        """
        Follow a trajectory from now on, and return how long that takes [s].

        :raises InvalidRequest: as ``check``
        """
        return self._obeying().move_fingers(trajectory.joint_names, *_points(trajectory))

    def hold(self) -> None:
        """Keep the fingers where they are commanded to be."""
        self._simulation().hold_fingers()

    def time(self) -> float:
        """Return the present time [s]."""
        return self._simulation().state().time

    def _obeying(self) -> CellSimulation:
        """Return the simulation, unless its controller accepts nothing."""
        simulation = self._simulation()
        if simulation.faults.refuses_fingers:
            raise InvalidRequest('trajectory', 'any', 'none: the controller is at fault')
        return simulation

    def _on_trajectory(self, trajectory: JointTrajectory) -> None:
        try:
            self.follow(trajectory)
        except DexliteError as error:
            self._log.error(f'{TOPIC}: refused: {error}')
            return
        if self._action is not None:
            self._action.end()


def _points(trajectory: JointTrajectory) -> tuple[list[float], NDArray[np.float64]]:
    """Return times (T,) [s] and positions (T, J) [rad]."""
    width = len(trajectory.joint_names)
    widths = {len(point.positions) for point in trajectory.points}
    if widths != {width}:
        raise InvalidRequest('points', sorted(widths), f'{width} positions each')
    return ([seconds(point.time_from_start) for point in trajectory.points],
            np.array([point.positions for point in trajectory.points]))

# SPDX-License-Identifier: Apache-2.0
"""The wrist of a cell: moved along straight lines, no faster than an arm would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from dexlite_ros.errors import InvalidRequest

Pose = NDArray[np.float64]
"""(4, 4) of the palm in the world [m]."""


@dataclass(frozen=True)
class GantrySettings:
    """Limits of the wrist's motion."""

    speed: float = 0.4
    """[m/s]"""
    turn_speed: float = 2.0
    """[rad/s]"""
    acceleration_time: float = 0.1
    """Time from standstill to full speed, and back [s]."""
    lowest: float = -0.05
    """Smallest height of the palm above the table [m]."""
    reach: float = 1.0
    """Largest distance of the palm from the middle of the table [m]."""


class Gantry:
    """Where the wrist is commanded to be, over time."""

    def __init__(self, pose: Pose, settings: GantrySettings = GantrySettings()) -> None:
        """Start at rest at a pose of the palm."""
        self._settings = settings
        self._start = self._goal = pose.copy()
        self._turn = Slerp([0.0, 1.0], Rotation.from_matrix([pose[:3, :3]] * 2))
        self._began = self._duration = 0.0

    def move(self, goal: Pose, now: float) -> float:
        """
        Go from where the wrist is to a pose, and return how long that takes [s].

        :param now: [s]
        :raises InvalidRequest: for a pose that is not one, or out of reach
        """
        self._check(goal)
        start = self.at(now)
        turn = Rotation.from_matrix([start[:3, :3], goal[:3, :3]])
        angle = (turn[0].inv() * turn[1]).magnitude()
        settings = self._settings
        way = max(
            np.linalg.norm(goal[:3, 3] - start[:3, 3]) / settings.speed,
            angle / settings.turn_speed)
        self._start, self._goal, self._turn = start, goal.copy(), Slerp([0.0, 1.0], turn)
        self._began = now
        self._duration = float(way) + settings.acceleration_time if way > 0 else 0.0
        return self._duration

    def at(self, now: float) -> Pose:
        """Return the commanded pose at a time [s]."""
        share = self._share(now - self._began)
        pose = np.eye(4)
        pose[:3, 3] = (1.0 - share) * self._start[:3, 3] + share * self._goal[:3, 3]
        pose[:3, :3] = self._turn(share).as_matrix()
        return pose

    def _share(self, elapsed: float) -> float:
        """Return the share of the way that is done, by a trapezoid of the speed."""
        ramp, whole = self._settings.acceleration_time, self._duration
        if elapsed >= whole:
            return 1.0
        if whole <= 2 * ramp:  # too short for full speed: half of the time each way
            half = elapsed / whole
            return 2 * half * half if half < 0.5 else 1.0 - 2 * (1.0 - half) ** 2
        top = 1.0 / (whole - ramp)
        if elapsed < ramp:
            return 0.5 * top * elapsed * elapsed / ramp
        left = whole - elapsed
        return 1.0 - 0.5 * top * left * left / ramp if left < ramp else top * (elapsed - ramp / 2)

    def _check(self, goal: Pose) -> None:
        if not np.isfinite(goal).all() or abs(np.linalg.det(goal[:3, :3]) - 1.0) > 1e-3:
            raise InvalidRequest('wrist pose', goal.tolist(), 'a finite rigid pose')
        settings = self._settings
        if goal[2, 3] < settings.lowest or np.linalg.norm(goal[:3, 3]) > settings.reach:
            raise InvalidRequest(
                'wrist pose', goal[:3, 3].round(3).tolist(),
                f'a palm at least {settings.lowest} m above the table and at most '
                f'{settings.reach} m from its middle')

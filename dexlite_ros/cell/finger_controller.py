# SPDX-License-Identifier: Apache-2.0
"""A controller of the finger joints that follows trajectories, as ros2_control's does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.description import HandDescription

Joints = NDArray[np.float64]
LIMIT_SLACK = 1e-3
"""Joints may be commanded this far beyond their limits, where they are held then [rad]."""
COUPLING_SLACK = 0.02
"""Largest difference of the two joints of one motor in a command [rad]."""


class FingerController:
    """Follows joint trajectories of one hand by straight lines between their points."""

    def __init__(self, hand: HandDescription, joints: Joints) -> None:
        """Start at rest at joints (J,) in the hand's order [rad]."""
        self._hand = hand
        self._lower = np.array([each.lower for each in hand.joints])
        self._upper = np.array([each.upper for each in hand.joints])
        self._times = np.zeros(1)
        self._points = np.asarray(joints, float)[None]

    def follow(
        self, names: Sequence[str], times: Sequence[float], points: NDArray[np.floating],
        now: float,
    ) -> float:
        """
        Follow a trajectory from now on, and return how long that takes [s].

        :param names: of all J joints, in any order
        :param times: (T,) from the start, growing [s]
        :param points: (T, J) joint positions in the order of the names [rad]
        :param now: [s]
        :raises InvalidRequest: for joints that are missing, unknown, beyond their limits or not
            coupled as their motor couples them, and for times that do not grow
        """
        ordered = self.checked(names, times, points)
        before = self.at(now)
        self._times = now + np.concatenate([[0.0], times])
        self._points = np.concatenate([before[None], ordered])
        # A first point at time 0 is where to be at once; as fast as joints can go is fast enough.
        fastest = np.abs(np.diff(self._points, axis=0)).max(1) / self._hand.joint_dynamics.velocity
        self._times[1:] = now + np.cumsum(np.maximum(np.diff(self._times), fastest))
        return float(self._times[-1] - now)

    def hold(self, now: float) -> None:
        """Stay where the joints are commanded to be now [s]."""
        self._points, self._times = self.at(now)[None], np.array([now])

    def at(self, now: float) -> Joints:
        """Return the commanded joints (J,) at a time [s, rad]."""
        return np.array([
            np.interp(now, self._times, column) for column in self._points.T])

    def checked(
        self, names: Sequence[str], times: Sequence[float], points: NDArray[np.floating]
    ) -> Joints:
        """
        Return the points (T, J) in the hand's order, within the limits.

        :param names, times, points: as for ``follow``
        :raises InvalidRequest: as ``follow``
        """
        known, points = self._hand.joint_names, np.asarray(points, float)
        if sorted(names) != sorted(known):
            odd = sorted(set(names) ^ set(known)) or sorted(names)
            raise InvalidRequest(
                'joint_names', odd, f'each of the {len(known)} finger joints once')
        if points.shape != (len(times), len(known)) or not len(times):
            raise InvalidRequest(
                'points', points.shape, f'one position for each of {len(known)} joints')
        if not np.isfinite(points).all():
            raise InvalidRequest('points', 'NaN or infinity', 'finite positions')
        if times[0] < 0 or (np.diff(times) <= 0).any():
            raise InvalidRequest('time_from_start', list(times), 'times that grow')
        ordered = points[:, [list(names).index(name) for name in known]]
        beyond = ((ordered < self._lower - LIMIT_SLACK)
                  | (ordered > self._upper + LIMIT_SLACK)).any(0)
        if beyond.any():
            index = int(beyond.argmax())
            raise InvalidRequest(
                known[index], ordered[:, index].round(4).tolist(),
                f'{self._lower[index]:.3f} to {self._upper[index]:.3f} rad')
        for first, second in self._hand.coupled_indices:
            if np.abs(ordered[:, first] - ordered[:, second]).max() > COUPLING_SLACK:
                raise InvalidRequest(
                    f'{known[first]}, {known[second]}',
                    ordered[:, [first, second]].round(3).tolist(),
                    'equal positions: one motor drives both')
        return np.clip(ordered, self._lower, self._upper)

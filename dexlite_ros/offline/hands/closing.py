# SPDX-License-Identifier: Apache-2.0
"""
How a hand closes, found from where its fingertips can go.

The tips can meet where the ranges of all of them overlap. A finger closes on its way there from
where it is stretched. Letters: N postures, T tips, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics

POSTURES = 3000
"""Random postures that are tried."""
BEND = 0.01
"""Length that a stretched finger gives up to be nearer to the zero of its joints [m/rad]."""
NEAR = 0.008
"""Tips meet where each is this near at least, in one of the postures tried [m]."""
ALIKE = 0.5
"""Fingers close in a common direction if the mean of their unit directions is longer than this."""
OPENING = 0.35
"""Share of the way from stretched to closed in the open posture."""
SNAP = 0.25
"""Directions this near to an axis of the palm are that axis [rad]."""


@dataclass(frozen=True)
class Closing:
    """Where fingertips meet, and the ways there."""

    meeting: NDArray[np.float64]
    """(3,) in the frame of the palm [m]."""
    apart: float
    """How near the farthest tip comes to it [m]."""
    directions: NDArray[np.float64]
    """(T, 3) unit, in which each tip moves when its stretched finger closes."""
    straight: NDArray[np.float64]
    """(T, 3) unit, where each stretched finger points."""
    bases: NDArray[np.float64]
    """(T, 3) where each finger begins [m]."""
    stretched: NDArray[np.float64]
    """(J,) joints of the stretched hand [rad]."""
    closed: NDArray[np.float64]
    """(J,) joints at the meeting point [rad]."""

    @property
    def common(self) -> bool:
        """Return whether most fingers close in the same direction, as those of a human hand."""
        return bool(np.linalg.norm(self.directions.mean(0)) > ALIKE)

    @property
    def fingers(self) -> NDArray[np.float64]:
        """Return the direction (3,) in which the stretched fingers point, a thumb aside."""
        counted = np.arange(len(self.straight)) != (self.thumb if self.common else -1)
        return _snapped(_unit(self.straight[counted].mean(0)))

    @property
    def palmar(self) -> NDArray[np.float64]:
        """Return the direction (3,) out of the palm: as fingers close, or else as they point."""
        if not self.common:
            return self.fingers
        found = _unit(_across(self.directions.mean(0), self.fingers))
        snapped = _snapped(found)
        # It stays across the fingers, also where these point along no axis.
        return snapped if abs(snapped @ self.fingers) < 1e-9 else found

    @property
    def thumb(self) -> int:
        """Return the tip that points, and closes, least like the others."""
        alike = self.straight @ self.straight.T + self.directions @ self.directions.T
        return int(alike.sum(1).argmin())

    @property
    def opposite(self) -> int:
        """Return the tip of the finger that begins nearest to the thumb."""
        apart = np.linalg.norm(self.bases - self.bases[self.thumb], axis=1)
        apart[self.thumb] = np.inf
        return int(apart.argmin())

    def open_posture(self) -> NDArray[np.float64]:
        """Return the joints (J,) of a hand about to grasp [rad]."""
        return self.stretched + OPENING * (self.closed - self.stretched)


def find_closing(
    kinematics: HandKinematics, tips: list[str], ends: NDArray[np.float64], seed: int = 0
) -> Closing:
    """
    Return how a hand closes.

    :param tips: T links
    :param ends: (T, 3) point of each in its frame that touches first [m]
    """
    hand = kinematics.description
    links = [hand.link_names.index(tip) for tip in tips]
    moves = kinematics.joints_moving(torch.tensor(links)).numpy() > 0
    joints = _postures(kinematics, seed)
    still = torch.eye(3).expand(len(joints), 3, 3)
    poses = kinematics(GraspBatch(torch.zeros(len(joints), 3), still, joints))
    rotation, position = (each[:, links].double().numpy()
                          for each in (poses.rotation, poses.position))
    places = (rotation @ ends[:, :, None])[..., 0] + position  # (N, T, 3)
    bases = np.array([poses.position[0, hand.link_names.index(hand.finger(tip))].numpy()
                      for tip in tips])
    angles = joints.double().numpy()
    meeting, apart = _meeting(places)
    bent = np.abs(angles - angles[0])
    stretched, closed = angles[0].copy(), angles[0].copy()
    straight, directions = np.zeros((len(tips), 3)), np.zeros((len(tips), 3))
    # The middle of each range, where a closed finger is least constrained.
    middle = (kinematics.lower + kinematics.upper).double().numpy() / 2
    for tip, own in enumerate(moves):
        reach = np.linalg.norm(places[:, tip] - bases[tip], axis=1)
        far = int((reach - BEND * bent[:, own].sum(1)).argmax())
        gap = np.linalg.norm(places[:, tip] - meeting, axis=1)
        away = np.abs(angles - middle)[:, own].sum(1)
        near = int((gap + 0.2 * BEND * away).argmin())
        stretched[own], closed[own] = angles[far, own], angles[near, own]
        straight[tip] = _unit(places[far, tip] - bases[tip])
        directions[tip] = _unit(_across(places[near, tip] - places[far, tip], straight[tip]))
    return Closing(meeting, apart, directions, straight, bases, stretched, closed)


def _postures(kinematics: HandKinematics, seed: int) -> torch.Tensor:
    """Return joints (N, J): first those nearest to zero, then random ones, coupled [rad]."""
    draw = torch.rand(
        POSTURES, len(kinematics.lower), generator=torch.Generator().manual_seed(seed))
    joints = kinematics.lower + (kinematics.upper - kinematics.lower) * draw
    joints[0] = kinematics.clamp(torch.zeros_like(kinematics.lower[None]))[0]
    return kinematics.couple(joints)


def _meeting(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the middle (3,) of where all tips can be, and how near the farthest comes [m]."""
    anywhere = places.reshape(-1, 3)
    gaps = np.stack([cKDTree(places[:, tip]).query(anywhere)[0]
                     for tip in range(places.shape[1])])
    worst = gaps.max(0)
    best = worst <= max(NEAR, float(worst.min()) + 1e-3)
    middle = anywhere[best].mean(0)
    nearest = anywhere[best][np.linalg.norm(anywhere[best] - middle, axis=1).argmin()]
    return nearest, float(worst.min())


def _across(vector: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector - (vector @ axis) * axis


def _snapped(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the axis of the palm that a direction is near to, or the direction itself."""
    axis = np.zeros(3)
    largest = int(np.abs(direction).argmax())
    axis[largest] = np.sign(direction[largest])
    return axis if float(direction @ axis) > np.cos(SNAP) else direction


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])

# SPDX-License-Identifier: Apache-2.0
"""What a grasp must withstand where it is used, as far as the user knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

from dexlite_ros.errors import InvalidRequest


@dataclass(frozen=True)
class Uncertainty:
    """How far the wrist ends from where it was planned, by camera, calibration and arm."""

    position: float = 0.0
    """Standard deviation of each coordinate [m]."""
    rotation: float = 0.0
    """Standard deviation of the angle, about a random axis [rad]."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < math.inf:
                raise InvalidRequest(f'uncertainty.{name}', value, '0 or more')


@dataclass(frozen=True)
class Conditions:
    """The conditions that a probability of success is for."""

    uncertainty: Uncertainty = field(default_factory=Uncertainty)
    friction: float = 0.6
    """Sliding friction coefficient between hand and object."""
    mass: float = 0.1
    """Mass of the object [kg]."""

    def __post_init__(self) -> None:
        for name in ('friction', 'mass'):
            if not 0 < getattr(self, name) < math.inf:
                raise InvalidRequest(name, getattr(self, name), 'a positive number')

    def inputs(self) -> tuple[float, float, float, float]:
        """Return them as the success model takes them: [mm], [degrees], 1, log of [0.1 kg]."""
        return (
            1e3 * self.uncertainty.position, math.degrees(self.uncertainty.rotation),
            self.friction, math.log(self.mass / 0.1))


USUAL = Conditions()

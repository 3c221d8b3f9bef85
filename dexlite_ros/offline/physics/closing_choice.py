# SPDX-License-Identifier: Apache-2.0
"""
Ways in which a hand may close, and how its wrist is held meanwhile.

A hand whose wrist is a few millimetres beside its plan touches with one finger first, which pushes
the object away while the others are still on their way. Both ways that wait for late fingers, and
the soft wrist, need only what real hands and arms have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ClosingWay = Literal['straight', 'touch', 'stop']
Wrist = Literal['stiff', 'soft']


@dataclass(frozen=True)
class Feeling:
    """When a finger has met something, and how far it looks for it."""

    touched: float = 0.1
    """Sum of the normal forces on a fingertip that its sensor reports [N]."""
    resisted: float = 0.02
    """Difference between commanded and measured joint angle that no free finger has at the speeds
    of closing, where damping and dry friction make up to a half of it [rad]."""
    late: float = 0.5
    """Most that a finger that meets nothing goes beyond the grasp, as a share of the squeeze's
    motion."""
    late_time: float = 0.2
    """Time for all of that [s]."""
    tick: float = 0.02
    """Interval between looks at the sensors [s]."""


@dataclass(frozen=True)
class SoftWristSettings:
    """Springs between the commanded and the actual pose of the palm, critically damped."""

    stiffness: float = 400.0
    """Against translation [N/m]; arms in Cartesian impedance control are set to hundreds."""
    turn_stiffness: float = 20.0
    """Against rotation [N m/rad]; they are set to tens."""
    lever: float = 0.07
    """Radius of gyration of a hand about its palm, for the damping of rotations [m]."""


FEELING, SOFT_WRIST = Feeling(), SoftWristSettings()


@dataclass(frozen=True)
class Closing:
    """How the hand closes in a test."""

    way: ClosingWay = 'straight'
    """'straight': from stage to stage. 'touch': between grasp and squeeze, fingers go on slowly
    until their joints are held back; it needs joint angles alone. 'stop': also on the way from
    pregrasp to grasp, each finger stops when its tip or its joints feel something."""
    wrist: Wrist = 'stiff'
    """'stiff': follows the commands; 'soft': held by springs until the hand has squeezed."""

    def key(self) -> tuple[object, ...]:
        """Return everything that determines the motion; nothing for the usual closing."""
        return (
            *((self.way, FEELING) if self.way != 'straight' else ()),
            *((self.wrist, SOFT_WRIST) if self.wrist != 'stiff' else ()))


USUAL_CLOSING = Closing()

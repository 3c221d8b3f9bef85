# SPDX-License-Identifier: Apache-2.0
"""Options of the commands that plan: the conditions that grasps are scored for."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Annotated

import tyro

from dexlite_ros.conditions import Conditions, Uncertainty
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, POSITIVE


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """What a grasp must withstand, as far as it is known."""

    uncertainty: Annotated[
        tuple[float, float], AT_LEAST_0, tyro.conf.arg(metavar='M DEG')] = (0.0, 0.0)
    """Standard deviation of the wrist's position, per coordinate [m], and of its angle [degrees]
    from where they were planned; grasps that forgive it come first."""
    friction: Annotated[float, POSITIVE] = Conditions.friction
    """Sliding friction coefficient that grasps are scored for."""
    mass: Annotated[float, POSITIVE] = Conditions.mass
    """Mass of the object that grasps are scored for [kg]."""

    def conditions(self) -> Conditions:
        """Return the conditions."""
        position, angle = self.uncertainty
        return Conditions(Uncertainty(position, math.radians(angle)), self.friction, self.mass)

# SPDX-License-Identifier: Apache-2.0
"""What is asked of two hands, and how pairs of grasps are searched for."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.contact_forces import ForceLimits
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.mechanics.grasp_energy import EnergySettings
from dexlite_ros.object.cloud import CloudLimits
from dexlite_ros.object.surface import SurfaceSettings
from dexlite_ros.pregrasp import StageSettings
from dexlite_ros.ranking.selection import RankingSettings
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import RefinementSettings, Round

GRAVITY = 9.81
"""[m/s^2]"""
MASS_MAX = 20.0
"""Largest mass that can be asked for [kg]; two hands carry less."""
_TOUCH = EnergyWeights(equilibrium=0.0, self_penetration=100.0)
"""A single hand needs only to touch: its forces are balanced by those of the other."""
_NEAR = EnergySettings(_TOUCH, margin=0.0)
_CLEAR = EnergySettings(_TOUCH, margin=0.0015)


@dataclass(frozen=True, eq=False)
class Burden:
    """What is carried: its mass, where its weight points, and how it slips."""

    mass: float = 1.0
    """[kg]"""
    down: NDArray[np.float64] | None = None
    """(3,) unit vector of gravity in the frame of the input; None: against the normal of the
    support, or -z where no support is known."""
    friction: float = 0.6
    """Sliding friction coefficient between hands and object."""

    def __post_init__(self) -> None:
        if not 0.0 < self.friction < math.inf:
            raise InvalidRequest('friction', self.friction, 'a positive number')
        if not 0.0 < self.mass <= MASS_MAX:
            raise InvalidRequest('mass', self.mass, f'more than 0 and at most {MASS_MAX:g} kg')
        if self.down is not None:
            down = np.asarray(self.down, dtype=np.float64)
            length = float(np.linalg.norm(down))
            if down.shape != (3,) or not abs(length - 1.0) < 0.01:
                raise InvalidRequest('down', self.down, 'a unit vector')
            object.__setattr__(self, 'down', down / length)


@dataclass(frozen=True)
class ArmSettings:
    """The springs by which each arm holds its wrist, as in Cartesian impedance control."""

    stiffness: float = 400.0
    """Against translation [N/m]."""
    turn_stiffness: float = 20.0
    """Against rotation [N m/rad]."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise InvalidRequest(f'arm.{name}', value, 'a positive number')


@dataclass(frozen=True)
class PressSettings:
    """Where two hands are put, and how they are turned."""

    rays: int = 4000
    """Rays into the object's hull that look for opposite places."""
    nearest: float = 0.02
    """Smallest distance between a place and the point that a hand closes around [m]."""
    farthest: float = 0.05
    """Largest such distance [m]."""
    thinnest: float = 0.1
    """Smallest distance between opposite places [m]; hands need room."""
    slope: float = 0.5
    """Largest sine of the angle between the line through both places and the horizontal."""
    lowest: float = 0.015
    """Smallest height of a place above the support [m]."""
    off_centre: float = 0.04
    """Distance between that line and the centre of mass at which a pair is e times less likely
    [m]."""
    fingers_up: float = 0.3
    """Largest component of the fingers' direction upwards: arms come from above or from the
    side."""


@dataclass(frozen=True)
class PairSettings:
    """How pairs are balanced, filtered and chosen."""

    friction_share: float = 2 / 3
    """Share of the friction that is relied upon."""
    min_force: float = 0.1
    """Smallest normal force of a contact [N]."""
    max_force: float = 20.0
    """Largest normal force of a contact [N]: at 10 cm from a joint of 2 N m."""
    press: float = 1.5
    """Normal force of each hand, as a multiple of what friction needs to carry half of the
    weight."""
    disturbance: float = 0.5
    """Force that a pair withstands besides the weight, from each side, as a share of it."""
    residual_max: float = 0.1
    """Largest unbalanced wrench that is allowed, as a share of the weight."""
    screened: int = 512
    """Pairs whose balance under the weight is computed, of all that the hands' grasps make."""
    loaded: int = 128
    """Of these, the pairs whose balance under all loads is computed."""
    wanted: int = 5
    """Pairs that are returned unless a request says otherwise."""
    shortlist: int = 64
    """Pairs that are staged and measured."""
    force_steps: int = 150
    touching: float = 0.005
    """Links nearer to the object than this carry forces [m]."""
    fewest: int = 3
    """Fewest links of a hand that touch."""
    clearance_min: float = 0.01
    """Smallest distance between the hands at every stage [m]."""
    same_place: float = 0.02
    """Two pairs are alike if both of their palms are nearer to each other than this [m]."""

    def limits(self, burden: Burden) -> ForceLimits:
        """Return the limits of the contacts' forces."""
        return ForceLimits(
            self.friction_share * burden.friction, self.min_force, self.max_force)


def _rounds() -> RefinementSettings:
    return RefinementSettings(
        (Round(OptimizerSettings(iterations=40, energy=_NEAR), 3.0, 'coarse'),
         Round(OptimizerSettings(iterations=80, step_size=0.004, energy=_CLEAR), 2.0)),
        {'tips': 0.5, 'tips_palm': 0.5})


@dataclass(frozen=True)
class TwoHandSettings:
    """All settings of the planner of two hands."""

    num_candidates: int = 256
    """Starts of each hand."""
    sought: int = 40
    """Grasps of each hand that the refinement is to deliver, times what its last round keeps."""
    refinement: RefinementSettings = field(default_factory=_rounds)
    cloud: CloudLimits = field(default_factory=lambda: CloudLimits(num_points=8192))
    """Four times as many points as for one hand: walls of trays and pots are as thin, but larger.
    """
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    stages: StageSettings = field(default_factory=StageSettings)
    ranking: RankingSettings = field(
        default_factory=lambda: RankingSettings(residual_max=math.inf))
    press: PressSettings = field(default_factory=PressSettings)
    pairs: PairSettings = field(default_factory=PairSettings)
    arm: ArmSettings = field(default_factory=ArmSettings)
    threads: int = 0
    """Threads of the compiled refinement; 0: as many as torch uses."""

# SPDX-License-Identifier: Apache-2.0
"""All settings of the planner in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
import math
from typing import Any

from dexlite_ros.conditions import Conditions, Uncertainty
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.mechanics.grasp_energy import EnergySettings
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.object.cloud import CloudLimits
from dexlite_ros.object.surface import SurfaceSettings
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.pregrasp import StageSettings
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import DEFAULT_METHOD, find_method, Method, OPPOSITE_SHARE
from dexlite_ros.ranking.selection import RankingSettings
from dexlite_ros.refinement.backend import Backend, BACKENDS
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import RefinementSettings, Round

_WEIGHTS = EnergyWeights(equilibrium=30.0, self_penetration=100.0)
"""With a tenth of the latter, half of the refined grasps of small things penetrate themselves.
With a third of the former, more grasps turn the object or slip
(docs/results/grasps_on_a_table.md)."""
SLIDING = EnergySettings(_WEIGHTS, margin=0.0)
CLEAR = EnergySettings(_WEIGHTS, margin=0.0015)
"""The last round keeps a small gap, so that the surface between the hand's points is clear."""


SOUGHT_MIN = 20
"""The search is as wide as for this many grasps even if fewer are wanted."""


@dataclass(frozen=True)
class Effort:
    """Number of candidates and the rounds that refine them."""

    candidates: int
    rounds: tuple[Round, ...]


_SEARCH = Effort(1024, (
    Round(OptimizerSettings(iterations=30, energy=SLIDING), 20.0, 'coarse'),
    Round(OptimizerSettings(iterations=40, energy=SLIDING), 10.0, 'coarse'),
    Round(OptimizerSettings(iterations=120, step_size=0.004, energy=CLEAR), 10.0)))
_FINISH = Effort(160, (
    Round(OptimizerSettings(iterations=20, energy=SLIDING), 4.0, 'coarse'),
    Round(OptimizerSettings(iterations=50, step_size=0.004, energy=CLEAR), 4.0)))
EFFORTS: dict[Method, Effort] = {'network': _FINISH, 'hull': _SEARCH, 'both': _SEARCH}
"""Effort for each source of candidates; network proposals need less refinement."""


@dataclass(frozen=True)
class PlannerSettings:
    """All settings of the planner; create them with ``for_method``."""

    method: Method
    """Source of candidates: the network, starts around the convex hull, or both. Change it with
    ``for_method``, which brings the candidates and rounds that suit it."""
    num_candidates: int
    """Grasps proposed per request."""
    refinement: RefinementSettings
    weights: str = ''
    """Path of the network's weights; empty: those that come with the package."""
    temperature: float = TEMPERATURE
    """Standard deviation of the network's latent codes; training uses 1."""
    opposite_share: float = OPPOSITE_SHARE
    """Largest share of the starts around the hull that pairs of opposite points replace."""
    starts_per_candidate: int = 4
    """Starts looked at for each candidate where obstacles or a wished approach limit them."""
    max_grasps: int = 20
    """Largest number of grasps to return."""
    min_score: float = 0.0
    """Grasps with a lower score are dropped."""
    uncertainty: Uncertainty = field(default_factory=Uncertainty)
    """How far the wrist may end from where it was planned; grasps that forgive it score higher."""
    friction: float = Conditions.friction
    """Sliding friction coefficient between hand and object, for the score."""
    mass: float = Conditions.mass
    """Mass of the object, for the score [kg]."""
    backend: Backend = 'auto'
    """What computes the refinement: 'fused', compiled functions on the CPU; 'torch', on any
    device; 'auto': the former on the CPU, else the latter."""
    threads: int = 0
    """Threads of the compiled refinement; 0: as many as torch uses."""
    couple_joints: bool = True
    """True: keep J1 = J2 on the four fingers, as their common motor does. False: independent."""
    cloud: CloudLimits = field(default_factory=CloudLimits)
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    squeeze: SqueezeSettings = field(default_factory=SqueezeSettings)
    stages: StageSettings = field(default_factory=StageSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'method', find_method(self.method))
        Conditions(self.uncertainty, self.friction, self.mass)
        if self.backend not in BACKENDS:
            raise InvalidRequest('backend', self.backend, f'one of {", ".join(BACKENDS)}')
        for name, lower in (
                ('num_candidates', 1), ('max_grasps', 1), ('temperature', 0), ('threads', 0),
                ('starts_per_candidate', 1)):
            if getattr(self, name) < lower:
                raise InvalidRequest(name, getattr(self, name), f'{lower} or more')
        if not 0 <= self.opposite_share <= 1:
            raise InvalidRequest('opposite_share', self.opposite_share, 'from 0 to 1')

    @property
    def conditions(self) -> Conditions:
        """What the grasps are scored for."""
        return Conditions(self.uncertainty, self.friction, self.mass)

    @property
    def sought(self) -> int:
        """Number of grasps to search for, so that a single wanted one is the best of many."""
        return max(self.max_grasps, SOUGHT_MIN)

    @classmethod
    def for_method(cls, method: str = DEFAULT_METHOD, **others: Any) -> PlannerSettings:
        """
        Return the settings that suit a source of candidates.

        :param method: one of ``METHODS``
        :param others: other settings, by name of the field
        :raises InvalidRequest: for an unknown method or an invalid value
        """
        known = find_method(method)
        effort = EFFORTS[known]
        usual = {'num_candidates': effort.candidates,
                 'refinement': RefinementSettings(effort.rounds)}
        return cls(method=known, **{**usual, **others})

    def for_request(self, request: PlanRequest) -> PlannerSettings:
        """Return these settings with the values that a request overrides."""
        wishes = {name: getattr(request, name)
                  for name in ('num_candidates', 'max_grasps', 'min_score')}
        said = replace(self, **{name: each for name, each in wishes.items() if each is not None})
        if request.optimize:
            return said
        return replace(said, ranking=said.ranking.unfiltered())

    @classmethod
    def dexlite(cls, **others: Any) -> PlannerSettings:
        """
        Return the settings of DexLite: its energy, 200 annealed steps and no pruning.

        :param others: other settings, by name of the field
        """
        rounds = (Round(OptimizerSettings.dexlite(), math.inf),)
        usual = {'method': 'hull', 'num_candidates': 128,
                 'refinement': RefinementSettings(rounds, {'tips': 1.0})}
        return cls.for_method(**{**usual, **others})

    @classmethod
    def unranked(cls, steps: int, count: int, **others: Any) -> PlannerSettings:
        """
        Return settings with which every proposal is returned: none pruned, none filtered.

        :param steps: number of optimiser steps; 0 leaves the proposals unchanged
        :param count: number of proposals
        :param others: other settings, such as the method
        """
        optimizer = OptimizerSettings(iterations=steps, energy=CLEAR)
        return cls.for_method(
            num_candidates=count, max_grasps=count,
            refinement=RefinementSettings((Round(optimizer, math.inf),)),
            ranking=RankingSettings.everything(), **others)

    @classmethod
    def every_candidate(cls, **others: Any) -> PlannerSettings:
        """
        Return settings with which a search as wide as the usual one returns all that it found.

        These are the refined candidates that pass the hard filters; none is left out because
        others are better, or because it is like a better one.

        :param others: other settings, by name of the field
        """
        usual = cls.for_method(**others)
        most = usual.num_candidates
        rounds = tuple(
            replace(each, keep=each.keep * usual.sought / most)
            for each in usual.refinement.rounds)
        return replace(
            usual, max_grasps=most, refinement=replace(usual.refinement, rounds=rounds),
            ranking=replace(usual.ranking, shortlist=math.inf, same_position=0.0))

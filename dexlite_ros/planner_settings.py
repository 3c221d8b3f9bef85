"""Everything that can be set about planning, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
import math

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.grasp_energy import EnergySettings
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.object.cloud import CloudLimits
from dexlite_ros.object.surface import SurfaceSettings
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import Method
from dexlite_ros.ranking.selection import RankingSettings
from dexlite_ros.refinement.post_optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import RefinementSettings, Round
from dexlite_ros.stages import StageSettings

SLIDING = EnergySettings(margin=0.0)
CLEAR = EnergySettings(margin=0.0015)
"""The last round keeps a little away, so that the points between the hand's do not overlap."""


@dataclass(frozen=True)
class Effort:
    """How many candidates to draw, and what to do with them."""

    candidates: int
    rounds: tuple[Round, ...]


_SEARCH = Effort(512, (
    Round(OptimizerSettings(iterations=30, energy=SLIDING), 10.0, 'coarse'),
    Round(OptimizerSettings(iterations=40, energy=SLIDING), 6.0, 'coarse'),
    Round(OptimizerSettings(iterations=90, step_size=0.004, energy=CLEAR), 6.0)))
_FINISH = Effort(160, (
    Round(OptimizerSettings(iterations=20, energy=SLIDING), 4.0, 'coarse'),
    Round(OptimizerSettings(iterations=50, step_size=0.004, energy=CLEAR), 4.0)))
EFFORTS: dict[Method, Effort] = {'network': _FINISH, 'optimise': _SEARCH, 'both': _SEARCH}
"""What suits each source of candidates: guesses of a network are nearly there already."""


@dataclass(frozen=True)
class PlannerSettings:
    """Everything that can be set about planning."""

    method: Method = 'network'
    """Where candidates come from: the network, starts around the hull ('optimise'), or both."""
    weights: str = ''
    """Path of the network's weights; empty: those that come with the package."""
    temperature: float = TEMPERATURE
    """Standard deviation of the network's latent codes; 1 is what it was trained with."""
    num_candidates: int = 0
    """Grasps proposed per request; 0: as many as the method needs."""
    max_grasps: int = 20
    """Grasps returned at most."""
    min_score: float = 0.0
    """Grasps with a lower score are dropped."""
    couple_joints: bool = True
    """Keep J1 = J2 on the four fingers, as their common motor does; false frees them."""
    cloud: CloudLimits = field(default_factory=CloudLimits)
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    refinement: RefinementSettings = field(default_factory=RefinementSettings)
    squeeze: SqueezeSettings = field(default_factory=SqueezeSettings)
    stages: StageSettings = field(default_factory=StageSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)

    def __post_init__(self) -> None:
        if self.method not in EFFORTS:
            raise InvalidRequest('method', self.method, f'one of {", ".join(EFFORTS)}')
        for name, lower in (('num_candidates', 0), ('max_grasps', 1), ('temperature', 0)):
            if getattr(self, name) < lower:
                raise InvalidRequest(name, getattr(self, name), f'{lower} or more')

    def settled(self) -> PlannerSettings:
        """Return settings in which candidates and rounds are given, not left to the method."""
        effort = EFFORTS[self.method]
        rounds = self.refinement.rounds or effort.rounds
        return replace(
            self, num_candidates=self.num_candidates or effort.candidates,
            refinement=replace(self.refinement, rounds=rounds))

    @classmethod
    def dexlite(cls) -> PlannerSettings:
        """Return the settings of DexLite: its energy and its 200 annealed steps, no pruning."""
        rounds = (Round(OptimizerSettings.dexlite(), math.inf),)
        return cls(
            method='optimise', num_candidates=128,
            refinement=RefinementSettings(rounds, {'tips': 1.0}))

    @classmethod
    def unranked(cls, steps: int, count: int, **others: object) -> PlannerSettings:
        """
        Return settings under which every proposal comes back: none pruned, none filtered.

        :param steps: of the optimiser; 0 leaves proposals as they are
        :param count: proposals
        :param others: settings, such as the method
        """
        optimizer = OptimizerSettings(iterations=steps, energy=CLEAR)
        return cls(
            num_candidates=count, max_grasps=count,
            refinement=RefinementSettings((Round(optimizer, math.inf),)),
            ranking=RankingSettings.everything(), **others)

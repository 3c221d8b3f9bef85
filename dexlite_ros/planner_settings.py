"""Everything that can be set about planning, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import CloudLimits
from dexlite_ros.object.surface import SurfaceSettings
from dexlite_ros.post_optimizer import OptimizerSettings
from dexlite_ros.ranking import RankingSettings
from dexlite_ros.refinement import RefinementSettings, Round
from dexlite_ros.squeeze import SqueezeSettings
from dexlite_ros.stages import StageSettings


@dataclass(frozen=True)
class PlannerSettings:
    """Everything that can be set about planning."""

    num_candidates: int = 512
    """Grasps proposed per request."""
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
        for name, lower in (('num_candidates', 1), ('max_grasps', 1)):
            if getattr(self, name) < lower:
                raise InvalidRequest(name, getattr(self, name), f'{lower} or more')

    @classmethod
    def dexlite(cls) -> PlannerSettings:
        """Return the settings of DexLite: its energy and its 200 annealed steps, no pruning."""
        rounds = (Round(OptimizerSettings.dexlite(), math.inf),)
        return cls(
            num_candidates=128, refinement=RefinementSettings(rounds, {'tips': 1.0}))

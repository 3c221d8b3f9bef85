"""Which planner is evaluated, as the command line names it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposers import Method

Preset = Literal['default', 'dexlite']
PRESETS: dict[Preset, type[PlannerSettings] | object] = {
    'default': PlannerSettings, 'dexlite': PlannerSettings.dexlite}
"""Settings by name: ours, and the energy and schedule of DexLite."""


@dataclass(frozen=True)
class PlannerChoice:
    """A planner by its options; the same choice plans the same grasps."""

    preset: Preset = 'default'
    method: Method | None = None
    """None: as the preset has it."""
    weights: str = ''
    """Of the network; empty: those that come with the package."""
    unranked: int | None = None
    """Steps after which every proposal is returned; None: refined, filtered and ranked."""

    def settings(self, max_grasps: int) -> PlannerSettings:
        """Return what the planner is made with."""
        usual = PRESETS[self.preset]()
        method = self.method or usual.method
        if self.unranked is not None:
            return PlannerSettings.unranked(method, self.unranked, max_grasps, self.weights)
        return replace(usual, method=method, weights=self.weights)

# SPDX-License-Identifier: Apache-2.0
"""Choice of a planner by command-line options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from dexlite_ros.conditions import Conditions, USUAL
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import Method
from dexlite_ros.refinement.backend import Backend
from dexlite_ros.settings_paths import changed

Preset = Literal['default', 'dexlite']
PRESETS: dict[Preset, Callable[..., PlannerSettings]] = {
    'default': PlannerSettings.for_method, 'dexlite': PlannerSettings.dexlite}
"""Settings by name: ours, and the energy and schedule of DexLite."""


@dataclass(frozen=True)
class PlannerChoice:
    """Options of a planner; the same choice plans the same grasps."""

    preset: Preset = 'default'
    method: Method | None = None
    """Source of candidates; None: that of the preset."""
    hand: str = DEFAULT_HAND
    """Name of the hand, or path of its profile."""
    weights: str = ''
    """Path of the network's weights; empty: those shipped with the package."""
    temperature: float = TEMPERATURE
    unranked: int | None = None
    """Steps after which every proposal is returned; None: refined, filtered and ranked."""
    backend: Backend = 'auto'
    """What computes the refinement."""
    threads: int = 0
    """Threads of the compiled refinement; 0: as many as torch uses."""
    conditions: Conditions = USUAL
    """What the grasps are scored for."""
    changes: tuple[str, ...] = ()
    """Other settings, such as 'ranking.caution=1'."""

    def settings(self, max_grasps: int) -> PlannerSettings:
        """Return the settings of the planner."""
        chosen: dict[str, Any] = {
            name: getattr(self, name) for name in ('weights', 'temperature', 'backend', 'threads')}
        chosen |= vars(self.conditions)
        if self.method is not None:
            chosen['method'] = self.method
        if self.unranked is not None:
            return changed(
                PlannerSettings.unranked(self.unranked, max_grasps, **chosen), self.changes)
        return changed(PRESETS[self.preset](**chosen), self.changes)

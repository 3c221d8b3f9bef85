# SPDX-License-Identifier: Apache-2.0
"""What a post-optimiser is: its settings, what it takes and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import math
from typing import Protocol

from torch import Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.mechanics.grasp_energy import EnergySettings


@dataclass(frozen=True)
class OptimizerSettings:
    """Settings of one run of the post-optimiser."""

    iterations: int = 130
    step_size: float = 0.005
    """Step for a gradient of constant size [rad]; times ``translation_scale`` for positions."""
    translation_scale: float = 0.3
    """Step of the wrist's position relative to that of rotation and joints [m/rad]."""
    decay: float = 0.98
    """Decay rate of the running mean of the squared gradient."""
    final_step: float = 0.02
    """Share of the step at the end of the cosine schedule; 1: constant step."""
    step_decay: float = 1.0
    """Factor applied to the step every ``step_period`` iterations."""
    step_period: int = 50
    temperature: float = 0.0
    """Initial temperature of the annealing; 0: accept every step."""
    temperature_decay: float = 0.95
    temperature_period: int = 30
    contact_switch: float = 0.0
    """Probability of redrawing a contact point in a step; 0: contacts slide instead."""
    sampled_contacts: int = 4
    """Number of contact points per grasp when they are drawn."""
    energy: EnergySettings = field(default_factory=EnergySettings)

    def __post_init__(self) -> None:
        if self.iterations < 0:
            raise InvalidRequest('optimizer.iterations', self.iterations, '0 or more')
        if not 0 < self.decay < 1:
            raise InvalidRequest('optimizer.decay', self.decay, 'a number between 0 and 1')

    def rate(self, iteration: int) -> float:
        """Return the step size at an iteration."""
        progress = iteration / max(self.iterations, 1)
        cosine = (1 + math.cos(math.pi * progress)) / 2
        left = self.final_step + (1 - self.final_step) * cosine
        return self.step_size * left * self.step_decay ** (iteration // self.step_period)

    def heat(self, iteration: int) -> float:
        """Return the temperature at an iteration."""
        return self.temperature * self.temperature_decay ** (
            iteration // self.temperature_period)

    @classmethod
    def dexlite(cls) -> OptimizerSettings:
        """
        Return DexGraspNet's schedule as shortened by DexLite: 200 annealed iterations.

        DexGraspNet's mu = 0.98 is the weight of the newest squared gradient, so the decay is 0.02.
        """
        return cls(
            iterations=200, decay=0.02, final_step=1.0, step_decay=0.95, step_period=50,
            translation_scale=1.0, temperature=18.0, contact_switch=0.5,
            energy=EnergySettings(weights=EnergyWeights.dexlite(), margin=0.0))


ShouldStop = Callable[[float], bool]
"""Takes the share of the work that is done, in [0, 1], and returns whether to end it."""


@dataclass(frozen=True)
class Refined:
    """Result of the post-optimiser for B proposals."""

    grasps: GraspBatch
    """Best pose of each grasp."""
    energy: Tensor
    """(B,) weighted energy of that pose; infinite for a grasp whose energy was never finite."""
    iterations: int
    """Iterations done; fewer than set if stopped early."""


class Optimizer(Protocol):
    """Refines grasps on one object."""

    settings: OptimizerSettings

    def refine(
        self,
        grasps: GraspBatch,
        active: Tensor,
        *,
        seeds: Tensor | None = None,
        deadline: float = math.inf,
        should_stop: ShouldStop | None = None,
    ) -> Refined:
        """
        Return the best pose found from each of B starts.

        :param active: (B, G) 1 for groups that should touch; ignored if contacts are drawn
        :param seeds: (B,) one per grasp; required if contacts are drawn or steps are annealed
        :param deadline: ``time.monotonic`` value at which to return the best so far
        :param should_stop: polled with the share of the work that is done; if true, the best so
            far is returned
        """

    def evaluate(self, grasps: GraspBatch, active: Tensor) -> tuple[Tensor, Tensor]:
        """
        Return the energy (B,) of the starts and its gradient (B, 6 + J), without a search.

        The gradient is along translation, left rotation vector and joints, and the same for both
        joints of a coupled pair. Both are taken after the joints are clamped and coupled.

        :param active: (B, G) 1 for groups that should touch
        """

# SPDX-License-Identifier: Apache-2.0
"""
From many rough starts to a few firm grasps: refine briefly, prune, refine the rest.

Most starts end in poor local minima, however many steps are taken, and a short refinement shows
which. Each round therefore keeps the better part of each contact pattern; energies of different
patterns are not comparable. Letters: B grasps, G contact groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
import math
from typing import Literal

import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest, OutOfMemory
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shape_points import PointSettings
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.refinement.backend import Backend, chosen_backend, make_optimizers
from dexlite_ros.refinement.idle_fingers import clear_idle_fingers
from dexlite_ros.refinement.optimizer import Optimizer, OptimizerSettings, Refined

Detail = Literal['coarse', 'fine']


def hand_details(kinematics: HandKinematics) -> dict[Detail, HandGeometry]:
    """Return the hand's geometry at every level of detail that a round can use."""
    return {
        'coarse': HandGeometry(kinematics, PointSettings.coarse()),
        'fine': HandGeometry(kinematics),
    }


@dataclass(frozen=True)
class Round:
    """One round: refine, then keep the best."""

    optimizer: OptimizerSettings
    keep: float
    """Number of grasps to keep for each one to be delivered."""
    detail: Detail = 'fine'
    """How densely the hand is covered with points."""


@dataclass(frozen=True)
class RefinementSettings:
    """The rounds, and how grasps are divided into patterns and batches."""

    rounds: tuple[Round, ...]
    """At least one."""
    contact_patterns: dict[str, float] = field(
        default_factory=lambda: {'tips': 0.5, 'tips_palm': 0.25, 'wrap': 0.25})
    """Share of the starts assigned to each contact pattern."""
    cpu_batch: int = 256
    """Grasps per batch of torch on the CPU: enough to amortise its overhead, few enough to
    cache."""
    cuda_batch: int = 4096

    def __post_init__(self) -> None:
        if not self.rounds:
            raise InvalidRequest('refinement.rounds', self.rounds, 'at least one round')


@dataclass(frozen=True)
class Population:
    """Grasps under refinement, each with its contact pattern."""

    grasps: GraspBatch
    contact_pattern: Tensor
    """(B,) index into the settings' contact patterns."""
    seeds: Tensor
    """(B,) seed of each grasp's own random numbers, on the CPU."""
    energy: Tensor
    """(B,) energy after the last round; NaN before the first."""
    start: Tensor
    """(B,) index of the start that each grasp was refined from, on the CPU."""
    iterations: int
    """Iterations of the last round, in the batch with the fewest; fewer than set if stopped."""
    non_finite: int = 0
    """Number of grasps dropped because their energy was never finite."""

    def __getitem__(self, index: Tensor) -> Population:
        """Select grasps."""
        return replace(
            self, grasps=self.grasps[index], contact_pattern=self.contact_pattern[index],
            seeds=self.seeds[index.cpu()], energy=self.energy[index],
            start=self.start[index.cpu()])


class Refinement:
    """Refines starts on one object, round by round."""

    def __init__(
        self,
        details: dict[Detail, HandGeometry],
        object_field: DistanceField,
        settings: RefinementSettings,
        obstacles: DistanceField | None = None,
        *,
        backend: Backend = 'auto',
        threads: int = 0,
    ) -> None:
        """
        Prepare the rounds.

        :param backend: what computes them
        :param threads: that the compiled backend may use; 0: as many as torch uses
        """
        self.settings = settings
        self._device = object_field.values.device
        self.energies = [
            GraspEnergy(details[each.detail], object_field, each.optimizer.energy, obstacles)
            for each in settings.rounds]
        self._fused = chosen_backend(backend, self._device) == 'fused'
        self._optimizers = make_optimizers(
            self.energies, [each.optimizer for each in settings.rounds], backend, threads)

    def run(
        self,
        starts: GraspBatch,
        wanted: int,
        *,
        generator: torch.Generator,
        optimize: bool = True,
        deadline: float = math.inf,
        should_stop: Callable[[], bool] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Population:
        """
        Return the refined survivors of the starts, unordered; empty if no energy was finite.

        :param wanted: number of grasps to be delivered in the end
        :param optimize: False: return all starts unchanged
        :param deadline: ``time.monotonic`` value after which no step is begun
        :param progress: called at every step with the share of the work that is done, in [0, 1]
        """
        steps = _Steps(len(self.settings.rounds), should_stop, progress)
        names = list(self.settings.contact_patterns)
        contact_pattern = _deal(list(self.settings.contact_patterns.values()), len(starts))
        population = Population(
            starts.to(self._device), contact_pattern.to(self._device),
            torch.randint(2**31, (len(starts),), generator=generator),
            torch.full((len(starts),), torch.nan, device=self._device),
            torch.arange(len(starts)), 0)
        numbers = starts.isfinite()
        population = replace(
            population[numbers.nonzero().squeeze(1)], non_finite=int((~numbers).sum()))
        rounds = self.settings.rounds if optimize else ()
        for index, (each, optimizer) in enumerate(zip(rounds, self._optimizers)):
            if not len(population.grasps):
                break
            active = self.energies[index].active_groups(names)[population.contact_pattern]
            steps.begin_round(index)
            refined = self._in_batches(optimizer, population, active, deadline, steps)
            # When time runs out, some batches were never begun; continue with those that were.
            population = replace(
                population[torch.arange(len(refined.energy))], grasps=refined.grasps,
                energy=refined.energy, iterations=refined.iterations)
            finite = population.energy.isfinite()
            lost = population.non_finite + int((~finite).sum())
            population = replace(population[finite.nonzero().squeeze(1)], non_finite=lost)
            population = population[
                _best_of_each_pattern(population, len(names), each.keep * wanted)]
        return self._with_idle_fingers_clear(population, names) if rounds else population

    def _with_idle_fingers_clear(self, population: Population, names: list[str]) -> Population:
        grasps = population.grasps
        for index, name in enumerate(names):
            own = (population.contact_pattern == index).nonzero().squeeze(1)
            grasps = grasps.with_rows(
                own, clear_idle_fingers(grasps[own], name, self.energies[-1]))
        return replace(population, grasps=grasps)

    def _batch_size(self, count: int) -> int:
        if self._fused:
            return max(count, 1)
        on_cpu = self._device.type == 'cpu'
        return self.settings.cpu_batch if on_cpu else self.settings.cuda_batch

    def _in_batches(
        self,
        optimizer: Optimizer,
        population: Population,
        active: Tensor,
        deadline: float,
        steps: _Steps,
    ) -> Refined:
        """Refine in batches of equal size, halved when the device runs out of memory."""
        grasps = population.grasps
        size = self._batch_size(len(grasps))
        while True:
            parts = torch.arange(len(grasps)).chunk(math.ceil(len(grasps) / size))
            try:
                refined = []
                for index, part in enumerate(parts):
                    refined.append(optimizer.refine(
                        grasps[part], active[part], seeds=population.seeds[part],
                        deadline=deadline,
                        should_stop=partial(steps.polled, index, len(parts))))
                    steps.tell((index + 1) / len(parts))
                    if refined[-1].iterations < optimizer.settings.iterations:
                        break
                break
            except torch.cuda.OutOfMemoryError as error:
                if size == 1:
                    raise OutOfMemory(str(self._device)) from error
                size = math.ceil(size / 2)
                torch.cuda.empty_cache()
        return Refined(
            GraspBatch.cat([part.grasps for part in refined]),
            torch.cat([part.energy for part in refined]),
            min(part.iterations for part in refined))


class _Steps:
    """Tells how far the rounds are, each time that an optimiser polls whether to stop."""

    def __init__(
        self,
        rounds: int,
        should_stop: Callable[[], bool] | None,
        progress: Callable[[float], None] | None,
    ) -> None:
        self._rounds = rounds
        self._round = 0
        self._should_stop = should_stop
        self._progress = progress

    def begin_round(self, index: int) -> None:
        """Begin a round; all rounds count the same."""
        self._round = index

    def polled(self, batch: int, batches: int, share: float) -> bool:
        """Tell the progress, given the share of a batch that is done; return whether to stop."""
        self.tell((batch + share) / batches)
        return self._should_stop is not None and self._should_stop()

    def tell(self, share: float) -> None:
        """Tell the progress, given the share of the round that is done."""
        if self._progress is not None:
            self._progress((self._round + share) / self._rounds)


def _deal(shares: list[float], count: int) -> Tensor:
    """Return the pattern (B,) of each start, in runs, as a batch of one pattern is faster."""
    edges = torch.tensor(shares).cumsum(0) / sum(shares)
    return torch.searchsorted(edges, (torch.arange(count) + 0.5) / count).clamp(
        max=len(shares) - 1)


def _best_of_each_pattern(population: Population, patterns: int, keep: float) -> Tensor:
    """Return indices of the grasps of lowest energy, the same share of each pattern."""
    share = keep / max(len(population.energy), 1)
    chosen = []
    for index in range(patterns):
        members = (population.contact_pattern == index).nonzero().squeeze(1)
        count = math.ceil(min(1.0, share) * len(members))
        order = population.energy[members].argsort(stable=True)[:count]
        chosen.append(members[order])
    return torch.cat(chosen)

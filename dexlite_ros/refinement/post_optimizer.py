# SPDX-License-Identifier: Apache-2.0
"""
Refine proposals into firm contact: RMSProp per grasp, with optional simulated annealing.

With g the slope of the energy along translation, left rotation vector and joints, one step is

    v <- d v + (1 - d) g^2 ,   x <- x - r_t s g / (sqrt(v / (1 - d^t)) + 0.001) ,

where d is the decay, r_t the scheduled step size and s the scale of each coordinate. At a
temperature T > 0 a step is taken with probability min(1, exp((E_old - E_new) / T)) (Metropolis).

A grasp's result does not depend on the others in its batch: each has its own step sizes, random
numbers (from its own seed) and best pose. Letters: B grasps, G contact groups, C contacts, J
joints, I iterations. An iteration is the number (1,) of a step, on the device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
import time

import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics.grasp_energy import Evaluation, GraspEnergy
from dexlite_ros.refinement.optimizer import OptimizerSettings, Refined, ShouldStop
from dexlite_ros.refinement.repeated_step import repeated
from dexlite_ros.rotations import rotvec_to_rotmat


@dataclass(frozen=True)
class _State:
    """State of the search for B grasps."""

    grasps: GraspBatch
    energy: Tensor
    slope: Tensor
    forces: Tensor | None
    chosen: Tensor | None


@dataclass(frozen=True)
class _Search:
    """What a step changes."""

    state: _State
    square: Tensor
    """(B, 6 + J) running mean of the squared slope."""
    best: GraspBatch
    best_energy: Tensor
    done: Tensor
    """(1,) steps done."""


@dataclass(frozen=True)
class _Wanted:
    """The contacts that should be made."""

    active: Tensor
    groups: Tensor | None

    @classmethod
    def of(cls, active: Tensor, drawn: bool) -> _Wanted:
        """Leave out groups that no grasp of the batch should touch with, to save time."""
        if drawn:
            return cls(active, None)
        groups = active.any(0).nonzero().squeeze(1)
        return cls(active[:, groups], groups)


class PostOptimizer:
    """Refines grasps on one object, in torch: the reference, and for any device."""

    def __init__(self, energy: GraspEnergy, settings: OptimizerSettings) -> None:
        self.energy = energy
        self.settings = settings
        self._kinematics = energy.geometry.kinematics
        scale = torch.ones(6 + len(self._kinematics.lower))
        scale[:3] = settings.translation_scale
        self._scale = scale.to(energy.field.values)
        count = range(settings.iterations + 1)
        self._rates, self._unbiased = (
            torch.tensor(numbers, dtype=torch.float64).to(self._scale) for numbers in (
                [settings.rate(each) for each in count],
                [1 - settings.decay**each for each in count]))

    def refine(
        self,
        grasps: GraspBatch,
        active: Tensor,
        *,
        seeds: Tensor | None = None,
        deadline: float = math.inf,
        should_stop: ShouldStop | None = None,
    ) -> Refined:
        """Return the best pose found from each of B starts; see ``Optimizer``."""
        settings = self.settings
        draws = _RandomDraws(self, seeds)
        if draws.switches:
            active = active.new_ones(len(grasps), settings.sampled_contacts)
        wanted = _Wanted.of(active, draws.switches)
        start = torch.zeros(1, dtype=torch.long, device=active.device)
        state = self._evaluate(self._couple(grasps), wanted, None, draws.contacts(None, start))
        step = repeated(
            lambda search: self._advance(search, wanted, draws),
            _Search(state, torch.zeros_like(state.slope), state.grasps, state.energy, start))
        done = 0
        while done < settings.iterations and not (time.monotonic() > deadline or (
                should_stop is not None and should_stop(done / settings.iterations))):
            step()
            done += 1
        return Refined(step.state.best, step.state.best_energy, done)

    def evaluate(self, grasps: GraspBatch, active: Tensor) -> tuple[Tensor, Tensor]:
        """Return the energy of B grasps and its gradient; see ``Optimizer``."""
        wanted = _Wanted.of(active, False)
        state = self._evaluate(self._couple(grasps), wanted, None, None)
        return state.energy, state.slope

    def _advance(self, search: _Search, wanted: _Wanted, draws: _RandomDraws) -> _Search:
        """Return the search one step later."""
        state, decay = search.state, self.settings.decay
        done = search.done + 1
        square = decay * search.square + (1 - decay) * state.slope.square()
        proposal = self._evaluate(
            self._step(state, square, done), wanted, state.forces,
            draws.contacts(state.chosen, done))
        state = _choose(draws.accepts(state.energy, proposal.energy, done), proposal, state)
        better = state.energy < search.best_energy
        return _Search(
            state, square, state.grasps.where(better, search.best),
            torch.where(better, state.energy, search.best_energy), done)

    def _step(self, state: _State, square: Tensor, iteration: Tensor) -> GraspBatch:
        """Take one RMSProp step; joints stay within their limits and couplings."""
        # v starts at zero, which the first steps would take for small slopes.
        unbiased = square / self._unbiased[iteration]
        rate = self._rates[iteration]
        step = -rate * self._scale * state.slope / (unbiased.sqrt() + 1e-3)
        turn = rotvec_to_rotmat(step[:, 3:6])
        moved = state.grasps.perturbed(step[:, :3], turn)
        return self._couple(replace(moved, joints=moved.joints + step[:, 6:]))

    def _couple(self, grasps: GraspBatch) -> GraspBatch:
        """Return grasps clamped to the joint limits, with each coupled pair at its mean."""
        joints = self._kinematics.clamp(grasps.joints)
        return replace(grasps, joints=self._kinematics.couple(joints))

    def _evaluate(
        self, grasps: GraspBatch, wanted: _Wanted, forces: Tensor | None, chosen: Tensor | None
    ) -> _State:
        """Return energy and gradient (B, 6 + J) along translation, rotation vector, joints."""
        leaves = [part.detach().requires_grad_() for part in vars(grasps).values()]
        with torch.enable_grad():
            result: Evaluation = self.energy(
                GraspBatch(*leaves), wanted.active, groups=wanted.groups, forces=forces,
                chosen=chosen)
            energy = result.terms.total(self.energy.settings.weights)
            translation, rotation, joints = torch.autograd.grad(energy.sum(), leaves)
        # dE/dw of R -> exp([w]x) R at w = 0: the sum over the columns r of R of r x dE/dr.
        moment = torch.linalg.cross(grasps.rotation, rotation, dim=1).sum(-1)
        slope = torch.cat([translation, moment, self._kinematics.couple(joints)], 1)
        finite = energy.isfinite() & slope.isfinite().all(1)
        energy = torch.where(finite, energy.detach(), torch.inf)
        slope = torch.where(finite[:, None], slope, 0.0)
        return _State(grasps, energy, slope, result.forces, chosen)


class _RandomDraws:
    """The random numbers of the search, drawn in advance from each grasp's own seed."""

    def __init__(self, optimizer: PostOptimizer, seeds: Tensor | None) -> None:
        self._settings = optimizer.settings
        self.switches = self._settings.contact_switch > 0
        self._pool = optimizer.energy.geometry.candidates.unique()
        self._heat = torch.tensor([
            self._settings.heat(each) for each in range(self._settings.iterations + 1)],
            device=self._pool.device)
        numbers = random_numbers(self._settings, seeds)
        if numbers is not None:
            self._numbers = numbers.to(self._pool.device)

    def contacts(self, chosen: Tensor | None, iteration: Tensor) -> Tensor | None:
        """Return indices (B, C) of the hand's points that should touch; None if contacts slide."""
        if not self.switches:
            return None
        switch, which = self._numbers[iteration][0, :, :-1].chunk(2, dim=1)
        fresh: Tensor = self._pool[(which * len(self._pool)).long()]
        if chosen is None:
            return fresh
        return torch.where(switch < self._settings.contact_switch, fresh, chosen)

    def accepts(self, old: Tensor, new: Tensor, iteration: Tensor) -> Tensor:
        """Return a mask (B,) of accepted steps: Metropolis' rule; at temperature 0 all finite."""
        if self._settings.temperature <= 0:
            return new.isfinite()
        chance = ((old - new) / self._heat[iteration]).exp()
        return self._numbers[iteration][0, :, -1] < chance


def random_numbers(settings: OptimizerSettings, seeds: Tensor | None) -> Tensor | None:
    """
    Return the numbers (I + 1, B, 2 C + 1) in [0, 1) that a search needs; None if it needs none.

    For each iteration and grasp: whether to redraw each contact, the new contact, and whether to
    accept the step.

    :param seeds: (B,) one per grasp
    :raises InvalidRequest: when seeds are needed and there are none
    """
    if settings.contact_switch <= 0 and settings.temperature <= 0:
        return None
    if seeds is None:
        raise InvalidRequest('seeds', None, 'one seed per grasp for an annealed search')
    shape = (settings.iterations + 1, 2 * settings.sampled_contacts + 1)
    return torch.stack([
        torch.rand(shape, generator=torch.Generator().manual_seed(seed))
        for seed in seeds.tolist()], 1)


def _choose(accepted: Tensor, new: _State, old: _State) -> _State:
    """Return the new state where it was accepted, else the old one."""
    wide = accepted[:, None]
    chosen = forces = None
    if new.chosen is not None and old.chosen is not None:
        chosen = torch.where(wide, new.chosen, old.chosen)
    if new.forces is not None and old.forces is not None:
        forces = torch.where(wide[..., None], new.forces, old.forces)
    return _State(
        new.grasps.where(accepted, old.grasps), torch.where(accepted, new.energy, old.energy),
        torch.where(wide, new.slope, old.slope), forces, chosen)

# SPDX-License-Identifier: Apache-2.0
"""
The post-optimiser on the CPU, compiled: the same search as ``PostOptimizer``, many times faster.

Each grasp is searched from start to end on one thread, without Python between its steps. Letters:
B grasps, G contact groups, C contacts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
import math
import time

import numpy as np
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.kernels.arrays import Draws, Ints, SearchNumbers, SearchState
from dexlite_ros.kernels.search import NEVER, run_search
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.kernel_arrays import energy_numbers, field_arrays, hand_arrays, ints
from dexlite_ros.refinement.optimizer import OptimizerSettings, Refined, ShouldStop
from dexlite_ros.refinement.post_optimizer import random_numbers

POLL = 0.02
"""Time between two looks at the deadline and at whether to stop [s]."""
BLOCKS = 8
"""Blocks of grasps per thread: enough that all threads end at about the same time."""


class FusedOptimizer:
    """Refines grasps on one object, on the CPU."""

    def __init__(
        self, energy: GraspEnergy, settings: OptimizerSettings, threads: int = 1
    ) -> None:
        """
        Bring hand, fields and settings into the form that compiled functions take.

        :param energy: on the CPU
        :param threads: number of threads; the result does not depend on it
        """
        self.settings = settings
        self._threads = threads
        self._kinematics = energy.geometry.kinematics
        real = self._real = energy.field.values.numpy().dtype.type
        self._problem = (
            hand_arrays(energy.geometry, real),
            field_arrays(energy.field, real), field_arrays(energy.obstacles, real),
            energy_numbers(energy.settings, real), self._numbers())
        self._pool = ints(energy.geometry.candidates.unique())

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
        state = self._searched(grasps, active, seeds, deadline, should_stop)
        energy = torch.from_numpy(state.best_energy)
        return Refined(
            GraspBatch(*map(torch.from_numpy, (
                state.best_translation, state.best_rotation, state.best_joints))),
            torch.where(energy < float(NEVER), energy, torch.inf),
            int(state.done.min()) if len(grasps) else self.settings.iterations)

    def evaluate(self, grasps: GraspBatch, active: Tensor) -> tuple[Tensor, Tensor]:
        """Return the energy of B grasps and its gradient; see ``Optimizer``."""
        state = self._searched(grasps, active, None, -math.inf, None)
        return torch.from_numpy(state.energy), torch.from_numpy(state.slope)

    def _searched(
        self, grasps: GraspBatch, active: Tensor, seeds: Tensor | None, deadline: float,
        should_stop: ShouldStop | None,
    ) -> SearchState:
        """Return the state of the search when it ends; after the deadline, that of the starts."""
        draws = self._draws(len(grasps), seeds)
        groups, counts = self._contacts(active)
        state = self._start(grasps, groups.shape[1])
        stop = ints([0])
        arguments = (*self._problem, draws, groups, counts, state)
        search = run_search.ready(*arguments, 0, 0, stop)

        def ended() -> bool:
            share = float(state.done.sum()) / max(1, len(grasps) * self.settings.iterations)
            return time.monotonic() > deadline or (
                should_stop is not None and should_stop(share))

        stop[0] = ended()
        _in_threads(
            lambda first, last: search(*arguments, first, last, stop), len(grasps),
            self._threads, stop, ended)
        return state

    def _draws(self, count: int, seeds: Tensor | None) -> Draws:
        numbers = random_numbers(self.settings, seeds)
        return Draws(
            np.zeros((0, count, 1), self._real) if numbers is None
            else numbers.numpy().astype(self._real),
            self._pool if self.settings.contact_switch > 0 else self._pool[:0])

    def _contacts(self, active: Tensor) -> tuple[Ints, Ints]:
        """Return the contact groups (B, C) that should touch, first, and their numbers (B,)."""
        if self.settings.contact_switch > 0:
            drawn = self.settings.sampled_contacts
            return ints(np.zeros((len(active), drawn))), ints(np.full(len(active), drawn))
        counts = active.sum(1).int().numpy()
        order = active.argsort(dim=1, descending=True, stable=True)
        return ints(order[:, :max(1, int(counts.max(initial=0)))]), ints(counts)

    def _numbers(self) -> SearchNumbers:
        settings, number = self.settings, self._real
        iterations = range(settings.iterations + 1)
        return SearchNumbers(
            decay=number(settings.decay), translation_scale=number(settings.translation_scale),
            contact_switch=number(settings.contact_switch),
            rate=np.array([settings.rate(each) for each in iterations], self._real),
            unbias=np.array(
                [1 / (1 - settings.decay**max(each, 1)) for each in iterations], self._real),
            heat=np.array([settings.heat(each) for each in iterations], self._real))

    def _start(self, grasps: GraspBatch, contacts: int) -> SearchState:
        """Return the state before the first evaluation: joints in their limits and couplings."""
        real, count = self._real, len(grasps)
        held = self._kinematics.couple(self._kinematics.clamp(grasps.joints))
        translation, rotation, joints = (
            np.array(part.numpy(), real, order='C') for part in (
                grasps.translation, grasps.rotation, held))
        shape = count, 6 + joints.shape[1]
        return SearchState(
            translation, rotation, joints, energy=np.full(count, NEVER, real),
            slope=np.zeros(shape, real), square=np.zeros(shape, real),
            force=np.zeros((count, contacts, 3), real), chosen=ints(np.zeros((count, contacts))),
            best_translation=translation.copy(), best_rotation=rotation.copy(),
            best_joints=joints.copy(), best_energy=np.full(count, NEVER, real),
            done=ints(np.zeros(count)))


def _in_threads(
    run: Callable[[int, int], object], count: int, threads: int, stop: Ints,
    ended: Callable[[], bool],
) -> None:
    """
    Run a function on ranges of ``count`` grasps, and set ``stop`` when the work is to end.

    This thread waits and looks, while others work without Python's lock.
    """
    size = max(1, math.ceil(count / (threads * BLOCKS)))
    with ThreadPoolExecutor(threads) as pool:
        try:
            waiting: set[Future[object]] = {
                pool.submit(run, first, min(first + size, count))
                for first in range(0, count, size)}
            while waiting:
                done, waiting = wait(waiting, timeout=POLL, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                if waiting and not stop[0] and ended():
                    stop[0] = 1
        finally:
            stop[0] = 1

# SPDX-License-Identifier: Apache-2.0
"""The steps of the post-optimiser; the arithmetic of ``refinement.post_optimizer``."""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled, compiled_exactly, Entry
from dexlite_ros.kernels.energy import evaluate
from dexlite_ros.kernels.hand import couple
from dexlite_ros.kernels.memory import forget, make_memory
from dexlite_ros.kernels.numbers import HALF, ONE, ZERO
from dexlite_ros.kernels.rows import copy, copy_rows, fill

NEVER = np.float32(1e30)
"""Energy of a pose that has none."""
FLOOR = np.float32(1e-3)
"""Added to the root of the mean squared slope."""


@compiled_exactly
def _small(value):
    """Return whether a number is finite and not absurd."""
    return abs(value) < NEVER


@compiled_exactly
def _all_small(values):
    """Return whether all of a row of numbers are finite, and none of them is absurd."""
    for index in range(len(values)):
        if not abs(values[index]) < NEVER:
            return False
    return True


@compiled
def _rotate(vector, rotation, out):
    """Write exp([vector]x) rotation."""
    x, y, z = vector[0], vector[1], vector[2]
    square = x * x + y * y + z * z
    angle = np.sqrt(square)
    if angle > np.float32(1e-3):
        a, b = np.sin(angle) / angle, (ONE - np.cos(angle)) / square
    else:
        a, b = ONE - square / np.float32(6), HALF - square / np.float32(24)
    for column in range(3):
        p, q, r = rotation[0, column], rotation[1, column], rotation[2, column]
        u, v, w = y * r - z * q, z * p - x * r, x * q - y * p
        out[0, column] = p + a * u + b * (y * w - z * v)
        out[1, column] = q + a * v + b * (z * u - x * w)
        out[2, column] = r + a * w + b * (x * v - y * u)


@compiled
def _step(hand, search, iteration, state, grasp, turn, translation, rotation, joints):
    """Write the pose after one RMSProp step, joints within their limits and couplings."""
    square, slope = state.square[grasp], state.slope[grasp]
    decay, rate, unbias = search.decay, search.rate[iteration], search.unbias[iteration]
    for k in range(len(slope)):
        square[k] = decay * square[k] + (ONE - decay) * slope[k] * slope[k]
        step = -rate * slope[k] / (np.sqrt(square[k] * unbias) + FLOOR)
        if k < 3:
            translation[k] = state.translation[grasp, k] + search.translation_scale * step
        elif k < 6:
            turn[k - 3] = step
        else:
            value = state.joints[grasp, k - 6] + step
            joints[k - 6] = min(max(value, hand.lower[k - 6]), hand.upper[k - 6])
    _rotate(turn, state.rotation[grasp], rotation)
    couple(hand, joints, 0)


@compiled
def _draw(draws, switch, iteration, grasp, count, before, chosen):
    """Write the contact points (C,) of a proposal: some are drawn anew."""
    for c in range(count):
        number = draws.number[iteration, grasp]
        if iteration == 0 or number[c] < switch:
            chosen[c] = draws.pool[np.int32(number[count + c] * np.float32(len(draws.pool)))]
        else:
            chosen[c] = before[c]


@compiled
def _accepts(search, draws, iteration, grasp, old, new):
    """Return whether a step is taken: Metropolis' rule; at temperature 0 if it has an energy."""
    heat = search.heat[iteration]
    if heat <= ZERO:
        return new < NEVER
    chance = np.exp(min((old - new) / heat, ZERO))
    return draws.number[iteration, grasp, draws.number.shape[2] - 1] < chance


@compiled
def _take(state, grasp, translation, rotation, joints, energy, slope, force, chosen):
    """Make a proposal the state of the search, and the best if it is better."""
    state.energy[grasp] = energy
    copy(translation, state.translation[grasp])
    copy_rows(rotation, state.rotation[grasp])
    copy(joints, state.joints[grasp])
    copy(slope, state.slope[grasp])
    copy_rows(force, state.force[grasp])
    copy(chosen, state.chosen[grasp])
    if energy < state.best_energy[grasp]:
        state.best_energy[grasp] = energy
        copy(translation, state.best_translation[grasp])
        copy_rows(rotation, state.best_rotation[grasp])
        copy(joints, state.best_joints[grasp])


@Entry
def run_search(
    hand, field, obstacles, numbers, search, draws, groups, counts, state, first, last, stop,
):
    """
    Search from the grasps ``first`` to ``last`` - 1, one after the other.

    Every grasp is evaluated at least once.

    :param groups: (B, C) contact groups that should touch
    :param counts: (B,) number of them, or of the drawn contacts
    :param state: its best energy is NEVER at the beginning
    :param stop: (1,) 1, possibly from another thread: no further iteration is begun
    """
    width, real = groups.shape[1], state.energy.dtype
    memory = make_memory(hand, width)
    turn, translation, rotation = np.empty(3, real), np.empty(3, real), np.empty((3, 3), real)
    joints, slope = np.empty_like(state.joints[0]), np.empty_like(state.slope[0])
    force = np.empty((width, 3), real)
    drawn = len(draws.pool) > 0
    for grasp in range(first, last):
        forget(memory)
        count = counts[grasp]
        for c in range(0 if drawn else count):
            memory.chosen[c] = hand.first_candidate[groups[grasp, c]]
        for iteration in range(len(search.rate)):
            if stop[0] and iteration > 0:
                break
            if iteration == 0:
                copy(state.translation[grasp], translation)
                copy_rows(state.rotation[grasp], rotation)
                copy(state.joints[grasp], joints)
            else:
                _step(hand, search, iteration, state, grasp, turn, translation, rotation, joints)
            copy_rows(state.force[grasp], force)
            if drawn:
                _draw(
                    draws, search.contact_switch, iteration, grasp, count, state.chosen[grasp],
                    memory.chosen)
            energy = NEVER
            if _all_small(translation) and _all_small(rotation[0]) and _all_small(joints):
                energy = evaluate(
                    hand, field, obstacles, numbers, memory, groups[grasp], count, drawn,
                    iteration == 0, translation, rotation, joints, force, slope)
            if not (_small(energy) and _all_small(slope)):
                energy = NEVER
                fill(slope, ZERO)
            if iteration == 0 or _accepts(
                    search, draws, iteration, grasp, state.energy[grasp], energy):
                _take(
                    state, grasp, translation, rotation, joints, energy, slope, force,
                    memory.chosen)
            state.done[grasp] = iteration

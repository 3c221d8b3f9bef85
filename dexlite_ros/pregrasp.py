# SPDX-License-Identifier: Apache-2.0
"""
The opening of the hand for the pregrasp.

Letters: K grasps, P points of the hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.kernels.arrays import OpeningNumbers
from dexlite_ros.kernels.opening import open_hands
from dexlite_ros.mechanics import energy_terms
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.kernel_arrays import field_arrays, hand_arrays, suits

CLOSE_ENOUGH = 0.0005
"""A hand stops opening this much before the gap that is aimed at [m]."""
SELF_MARGIN = 0.002
"""Distance that the parts of the hand keep from each other while it opens [m]."""
SELF_WEIGHT = 0.01
"""Weight of that distance [m], against squared overlaps with the object."""


@dataclass(frozen=True)
class StageSettings:
    """How far the hand opens for the pregrasp."""

    clearance: float = 0.012
    """Gap that the pregrasp aims at [m], slightly more than the 1 cm that the filter requires."""
    opening_steps: int = 60
    opening_step: float = 0.02
    """Step of the joints while opening [rad]; times ``wrist_share``: step of the wrist [m]."""
    wrist_share: float = 0.03


def open_hand(
    grasps: GraspBatch, energy: GraspEnergy, settings: StageSettings
) -> tuple[GraspBatch, Tensor]:
    """
    Return open hands near K grasps, and their distance (K,) to the object [m].

    Descends the penetration with a margin of ``clearance``, so that the motion back to the grasp
    is short and collision-free. The step with the largest distance is kept.
    """
    if suits(energy.field.values):
        best = _opened(grasps, energy, settings)
    else:
        best = _opened_by_torch(grasps, energy, settings)
    with torch.no_grad():
        return best, energy.gap(energy.geometry(best)).min(1).values


def _opened_by_torch(
    grasps: GraspBatch, energy: GraspEnergy, settings: StageSettings
) -> GraspBatch:
    """Return the open hands: the reference, on any device."""
    kinematics = energy.geometry.kinematics
    now = best = grasps
    moving = torch.arange(len(grasps), device=grasps.translation.device)
    enough = settings.clearance - CLOSE_ENOUGH
    best_clearance = torch.full_like(grasps.translation[:, 0], -torch.inf)
    for _ in range(settings.opening_steps):
        leaves = [part.detach().requires_grad_() for part in vars(now).values()]
        hand = energy.geometry(GraspBatch(*leaves))
        gap = energy.gap(hand)
        clearance = gap.detach().min(1).values
        self_gap = energy.geometry.capsule_gaps(hand)
        cost = (settings.clearance - gap).clamp(min=0).square().sum(-1)
        obstacle_gap = energy.obstacle_gap(hand)
        if obstacle_gap is not None:
            near = energy.settings.obstacle_margin - obstacle_gap
            cost = cost + near.clamp(min=0).square().sum(-1)
        cost = cost + SELF_WEIGHT * energy_terms.self_penetration(self_gap, SELF_MARGIN)
        better = clearance > best_clearance[moving]
        best = best.with_rows(moving[better], now[better])
        best_clearance[moving[better]] = clearance[better]
        # A hand that is clear stops moving, even if others still have to move.
        left = best_clearance[moving] < enough
        if not bool(left.any()):
            break
        slopes = torch.autograd.grad(cost.sum(), leaves)
        now, moving = _open_step(now, slopes, kinematics, settings)[left], moving[left]
    return best


def _open_step(
    now: GraspBatch, slopes: tuple[Tensor, ...], kinematics: HandKinematics,
    settings: StageSettings,
) -> GraspBatch:
    """Move joints and wrist by one step of fixed length down their gradients."""
    translation, _, joints = slopes
    joints = kinematics.couple(joints)
    turn = joints / joints.abs().amax(1, keepdim=True).clamp(min=1e-12)
    shift = torch.nn.functional.normalize(translation, dim=1)
    step = settings.opening_step
    return GraspBatch(
        now.translation - step * settings.wrist_share * shift,
        now.rotation,
        kinematics.clamp(now.joints - step * turn))


def _opened(grasps: GraspBatch, energy: GraspEnergy, settings: StageSettings) -> GraspBatch:
    """Return the open hands by compiled functions."""
    numbers = OpeningNumbers(settings.opening_steps, *map(np.float32, (
        settings.opening_step, settings.opening_step * settings.wrist_share, settings.clearance,
        settings.clearance - CLOSE_ENOUGH, energy.settings.obstacle_margin, SELF_MARGIN,
        SELF_WEIGHT)))
    translation, joints = grasps.translation.numpy().copy(), grasps.joints.numpy().copy()
    best = grasps.translation.clone(), grasps.joints.clone()
    open_hands(
        hand_arrays(energy.geometry), field_arrays(energy.field), field_arrays(energy.obstacles),
        numbers, translation, np.ascontiguousarray(grasps.rotation), joints,
        *(part.numpy() for part in best))
    return replace(grasps, translation=best[0], joints=best[1])

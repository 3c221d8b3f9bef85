# SPDX-License-Identifier: Apache-2.0
"""
Contact forces that hold an object in equilibrium, if such forces exist.

Contact c at point p_c pushes with a force f_c inside its friction cone, with a normal part of at
least ``min_force``. If such forces can cancel, the hand can squeeze without moving the object. The
residual is

    E(f) = |sum_c f_c|^2 + |sum_c (p_c - o) x f_c / L|^2 ,

which is zero in equilibrium. o is the object's centre of mass and L a length that makes moments
comparable to forces. Letters: B grasps, C contacts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.linalg import cross

TORQUE_LENGTH = 0.05
"""L: the lever arm at which a moment counts as much as a force [m]."""


@dataclass(frozen=True)
class ForceLimits:
    """Limits of the force at one contact."""

    friction: float = 0.4
    """Coulomb friction coefficient assumed in planning; below the real one, as a margin."""
    min_force: float = 0.2
    """Smallest normal force of an active contact, unit forces."""
    max_force: float = 3.0
    """Largest normal force, unit forces."""


@dataclass(frozen=True)
class ContactBatch:
    """C contacts of each of B grasps; an inactive one carries no force."""

    point: Tensor
    """(B, C, 3) [m]"""
    normal: Tensor
    """(B, C, 3) unit, out of the object."""
    active: Tensor
    """(B, C) 1 or 0."""

    def __getitem__(self, index: slice | Tensor) -> ContactBatch:
        """Select grasps."""
        return ContactBatch(self.point[index], self.normal[index], self.active[index])


def equilibrium_residual(contacts: ContactBatch, force: Tensor, centre: Tensor) -> Tensor:
    """
    Return E (B,) for forces held fixed in their contacts' frames; differentiable in the contacts.

    When a normal changes, its force rotates with it by the smallest rotation. Because ``force`` is
    (nearly) the minimiser of E, this is also the gradient of the minimum (envelope theorem).

    :param force: (B, C, 3) force on the object, without gradient
    :param centre: (3,) centre of mass of the object [m]
    """
    held = contacts.normal.detach()
    turned = force + cross(cross(held, contacts.normal), force)
    net, moment = net_wrench(contacts.point, turned, centre)
    return net.square().sum(-1) + moment.square().sum(-1)


def net_wrench(point: Tensor, force: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Return net force (..., 3) and net moment over L (..., 3) of forces (..., C, 3)."""
    moment = cross(point - centre, force).sum(-2) / TORQUE_LENGTH
    return force.sum(-2), moment


def balance(
    contacts: ContactBatch,
    centre: Tensor,
    limits: ForceLimits,
    *,
    steps: int,
    start: Tensor | None = None,
    load: Tensor | None = None,
) -> Tensor:
    """
    Return forces (B, C, 3) on the object that minimise E, by accelerated projected gradient.

        y = f + k / (k + 3) (f - f_before) ,   f <- P(y - dE/df(y) / (2 lambda)) ,

    with P the projection onto cones and limits and lambda a bound on the largest eigenvalue of E's
    quadratic form (Beck and Teboulle 2009).

    :param steps: gradient steps; 3 suffice to follow a slowly moving grasp, 150 to 300 to converge
        from zero
    :param start: (B, C, 3) initial forces, such as those of the previous step
    :param load: (B, 3) force that acts at the centre of mass besides, such as the weight; None:
        there is none
    """
    with torch.no_grad():
        active = contacts.active[..., None]
        if start is None:
            start = -contacts.normal * limits.min_force * active
        step = active / _lipschitz(contacts, centre)[:, None, None]
        force = previous = project(start, contacts, limits)
        for iteration in range(steps):
            ahead = force + iteration / (iteration + 3) * (force - previous)
            net, moment = net_wrench(contacts.point, ahead, centre)
            net = net if load is None else net + load
            lever = (contacts.point - centre) / TORQUE_LENGTH
            # Half of dE/df: the net force, and the net moment turned into a force at the lever.
            gradient = net[:, None] + cross(moment[:, None].expand_as(lever), lever)
            previous = force
            force = project(ahead - step * gradient, contacts, limits)
        return force


def project(force: Tensor, contacts: ContactBatch, limits: ForceLimits) -> Tensor:
    """Return forces (B, C, 3) projected onto friction cones and limits; zero if inactive."""
    mu = limits.friction
    outward = (force * contacts.normal).sum(-1, keepdim=True)
    tangential = force - outward * contacts.normal
    slip = tangential.square().sum(-1, keepdim=True).sqrt()
    push = -outward
    # Project forces outside the cone onto its nearest point, then apply the limits.
    inside = slip <= mu * push
    onto_cone = (push + mu * slip) / (1 + mu * mu)
    push = torch.where(inside, push, onto_cone).clamp(limits.min_force, limits.max_force)
    scale = (mu * push / slip.clamp(min=1e-9)).clamp(max=1.0)
    return (scale * tangential - push * contacts.normal) * contacts.active[..., None]


def _lipschitz(contacts: ContactBatch, centre: Tensor) -> Tensor:
    """Return a bound (B,) on the largest eigenvalue of A A^T, A the grasp map scaled by L."""
    lever = (contacts.point - centre) / TORQUE_LENGTH * contacts.active[..., None]
    count = contacts.active.sum(-1)
    first = lever.sum(-2)
    second = lever.mT @ lever
    trace = second.diagonal(dim1=-2, dim2=-1).sum(-1)
    rotational = trace.square() + second.square().sum((-2, -1))
    bound = 3 * count.square() + 4 * first.square().sum(-1) + rotational
    return bound.sqrt().clamp(min=1e-6)

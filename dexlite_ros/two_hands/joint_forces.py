# SPDX-License-Identifier: Apache-2.0
"""
Contact forces of two hands that together carry an object.

All contacts of both hands are one set of contacts. Each hand begins with a firm press, and the
forces move from there to balance the load; what is left is the pair's residual. Letters: B pairs,
C contacts, L loads.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dexlite_ros.mechanics.contact_forces import balance, ContactBatch, net_wrench
from dexlite_ros.two_hands.settings import Burden, GRAVITY, PairSettings


def joined(first: ContactBatch, second: ContactBatch) -> ContactBatch:
    """Return the contacts (B, C) of both hands, those of the first before those of the second."""
    return ContactBatch(*(
        torch.cat([one, other], 1)
        for one, other in zip(vars(first).values(), vars(second).values(), strict=True)))


def loads(down: Tensor, mass: float, disturbance: float) -> Tensor:
    """
    Return forces (L, 3) at the centre of mass: the weight alone, then with each disturbance [N].

    :param down: (3,) unit vector of gravity
    :param disturbance: force along each axis, both ways, as a share of the weight
    """
    axes = torch.eye(3).to(down)
    sides = torch.cat([torch.zeros_like(axes[:1]), axes, -axes])
    return mass * GRAVITY * (down + disturbance * sides)


def carrying_forces(
    contacts: ContactBatch, hands: Tensor, centre: Tensor, load: Tensor, burden: Burden,
    settings: PairSettings,
) -> tuple[Tensor, Tensor]:
    """
    Return forces (B, C, 3) on the object [N], and the residual (B,) that they leave.

    The residual is the length of the unbalanced wrench, moments divided by the length of
    ``contact_forces``, as a share of the weight.

    :param hands: (C,) which hand, 0 or 1, a contact belongs to
    :param centre: (3,) centre of mass [m]
    :param load: (B, 3) force there [N]
    """
    weight, limits = burden.mass * GRAVITY, settings.limits(burden)
    push = settings.press * weight / (2 * limits.friction)
    share = torch.stack([contacts.active * (hands == each) for each in (0, 1)])
    share = (share / share.sum(-1, keepdim=True).clamp(min=1.0)).sum(0)
    forces = balance(
        contacts, centre, limits, steps=settings.force_steps,
        start=-push * share[..., None] * contacts.normal, load=load)
    net, moment = net_wrench(contacts.point, forces, centre)
    left = (net + load).square().sum(-1) + moment.square().sum(-1)
    return forces, left.sqrt() / weight


def carried(
    contacts: ContactBatch, hands: Tensor, centre: Tensor, down: Tensor, burden: Burden,
    settings: PairSettings,
) -> tuple[Tensor, Tensor]:
    """
    Return the forces (B, C, 3) that carry the weight [N], and the residual (B,) of all loads.

    That is the largest of those under the weight alone and with each disturbance.
    """
    forces, worst = torch.zeros_like(contacts.point), torch.zeros_like(contacts.point[:, 0, 0])
    for number, load in enumerate(loads(down, burden.mass, settings.disturbance)):
        found, left = carrying_forces(
            contacts, hands, centre, load.expand(len(worst), 3), burden, settings)
        worst = torch.maximum(worst, left)
        forces = forces if number else found
    return forces, worst

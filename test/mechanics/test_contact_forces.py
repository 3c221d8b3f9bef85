# SPDX-License-Identifier: Apache-2.0
"""The force balance finds an equilibrium if one exists."""

import torch

from dexlite_ros.mechanics.contact_forces import (
    balance,
    ContactBatch,
    equilibrium_residual,
    ForceLimits,
    net_wrench,
    project,
)

ORIGIN = torch.zeros(3, dtype=torch.float64)
LIMITS = ForceLimits(friction=0.4, min_force=0.2, max_force=3.0)


def ring(count: int, tilt: float = 0.0) -> ContactBatch:
    """Return contacts evenly around a ball's equator, moved up by ``tilt`` [m]."""
    angle = 2 * torch.pi * torch.arange(count, dtype=torch.float64) / count
    normal = torch.stack([angle.cos(), angle.sin(), torch.zeros_like(angle)], -1)
    point = 0.04 * normal + torch.tensor([0.0, 0.0, tilt], dtype=torch.float64)
    return ContactBatch(point[None], normal[None], torch.ones(1, count, dtype=torch.float64))


def residual(contacts: ContactBatch, limits: ForceLimits = LIMITS) -> torch.Tensor:
    """Return how little of the wrench remains at best (B,)."""
    force = balance(contacts, ORIGIN, limits, steps=300)
    return equilibrium_residual(contacts, force, ORIGIN)


def test_opposing_contacts_balance():
    """Two, three and five contacts around a ball hold it."""
    for count in (2, 3, 5):
        assert residual(ring(count)) < 1e-10


def test_one_sided_contacts_do_not():
    """A single contact leaves exactly its smallest force unbalanced."""
    one = ContactBatch(*(part[:, :1] for part in vars(ring(3)).values()))
    torch.testing.assert_close(
        residual(one), torch.tensor([LIMITS.min_force**2], dtype=torch.float64))


def test_wedge_holds_up_to_the_friction_angle():
    """Contacts on both sides of a wedge hold while the half angle is below atan(mu)."""
    def wedge(half_angle):
        angle = torch.tensor(half_angle, dtype=torch.float64)
        normal = torch.stack([
            torch.stack([angle.cos(), torch.zeros_like(angle), angle.sin()]),
            torch.stack([-angle.cos(), torch.zeros_like(angle), angle.sin()])])
        point = torch.tensor([[0.02, 0.0, 0.0], [-0.02, 0.0, 0.0]], dtype=torch.float64)
        return ContactBatch(point[None], normal[None], torch.ones(1, 2, dtype=torch.float64))

    limit = torch.atan(torch.tensor(LIMITS.friction)).item()
    assert residual(wedge(0.9 * limit)) < 1e-9
    assert residual(wedge(1.2 * limit)) > 1e-4


def test_forces_obey_their_limits():
    """For any input, projected forces are inside their cones and zero at inactive contacts."""
    generator = torch.Generator().manual_seed(0)
    normal = torch.nn.functional.normalize(
        torch.randn(20, 6, 3, generator=generator, dtype=torch.float64), dim=-1)
    active = (torch.rand(20, 6, generator=generator) < 0.7).double()
    contacts = ContactBatch(torch.zeros_like(normal), normal, active)
    wild = 5 * torch.randn(20, 6, 3, generator=generator, dtype=torch.float64)
    force = project(wild, contacts, LIMITS)
    push = -(force * normal).sum(-1)
    slip = (force + push[..., None] * normal).norm(dim=-1)
    on = active.bool()
    assert (push[on] >= LIMITS.min_force - 1e-9).all() and (push <= LIMITS.max_force + 1e-9).all()
    assert (slip <= LIMITS.friction * push + 1e-9).all()
    assert (force[~on] == 0).all()
    again = project(force, contacts, LIMITS)
    torch.testing.assert_close(again, force)


def test_balance_does_not_depend_on_batch_mates():
    """A grasp has the same forces alone as in a batch."""
    contacts = ContactBatch(*(
        torch.cat([a, b]) for a, b in zip(
            vars(ring(5, 0.01)).values(), vars(ring(5, 0.03)).values())))
    together = balance(contacts, ORIGIN, LIMITS, steps=20)
    alone = balance(contacts[1:], ORIGIN, LIMITS, steps=20)
    torch.testing.assert_close(together[1:], alone)


def test_residual_has_its_gradient():
    """With forces fixed in the contacts' frames, the gradient agrees with finite differences."""
    generator = torch.Generator().manual_seed(1)
    contacts = ring(4, 0.02)
    force = balance(contacts, ORIGIN, LIMITS, steps=5)
    point = contacts.point.clone().requires_grad_()
    normal = contacts.normal.clone().requires_grad_()

    def energy(point, normal):
        # The frame in which the forces are given stays fixed.
        turned = ContactBatch(point, normal, contacts.active)
        turn = torch.linalg.cross(contacts.normal, normal)
        held = force + torch.linalg.cross(turn, force)
        net, moment = net_wrench(turned.point, held, ORIGIN)
        return net.square().sum() + moment.square().sum()

    ours = torch.autograd.grad(
        equilibrium_residual(ContactBatch(point, normal, contacts.active), force, ORIGIN).sum(),
        (point, normal))
    for which, gradient in enumerate(ours):
        step = 1e-6 * torch.randn(1, 4, 3, generator=generator, dtype=torch.float64)
        if which == 1:  # a normal can only rotate
            step = step - (step * contacts.normal).sum(-1, keepdim=True) * contacts.normal
        parts = [contacts.point, contacts.normal]
        ahead, behind = parts.copy(), parts.copy()
        ahead[which], behind[which] = parts[which] + step, parts[which] - step
        change = energy(*ahead) - energy(*behind)
        torch.testing.assert_close((gradient * 2 * step).sum(), change, rtol=1e-5, atol=1e-12)

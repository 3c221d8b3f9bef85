# SPDX-License-Identifier: Apache-2.0
"""The compiled balance of forces is torch's."""

import pytest
import torch

from dexlite_ros.mechanics.contact_forces import balance, ContactBatch, ForceLimits
from dexlite_ros.mechanics.force_balance import balanced_forces


@pytest.mark.parametrize('steps', [3, 100])
def test_compiled_forces_are_the_reference(steps):
    """For random contacts, some of them inactive, and for grasps without any."""
    generator = torch.Generator().manual_seed(0)
    shape = (40, 9, 3)
    point = 0.05 * torch.randn(shape, generator=generator)
    normal = torch.nn.functional.normalize(torch.randn(shape, generator=generator), dim=-1)
    active = (torch.rand(shape[:2], generator=generator) < 0.6).float()
    active[0] = 0.0
    centre, limits = torch.tensor([0.01, -0.02, 0.0]), ForceLimits()
    contacts = ContactBatch(point, normal, active)
    ours = balanced_forces(contacts, centre, limits, steps)
    exact = ContactBatch(point.double(), normal.double(), active.double())
    wanted = balance(exact, centre.double(), limits, steps=steps)
    torch.testing.assert_close(ours.double(), wanted, rtol=0, atol=1e-4)
    assert not ours[active == 0].any()
    torch.testing.assert_close(
        balanced_forces(exact, centre.double(), limits, steps), wanted, rtol=0, atol=0)

# SPDX-License-Identifier: Apache-2.0
"""Contact forces nearest to equilibrium, by compiled functions where that is possible."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dexlite_ros.kernels.balancing import balance_all
from dexlite_ros.mechanics.contact_forces import balance, ContactBatch, ForceLimits
from dexlite_ros.mechanics.kernel_arrays import force_numbers, suits


def balanced_forces(
    contacts: ContactBatch, centre: Tensor, limits: ForceLimits, steps: int
) -> Tensor:
    """
    Return forces (B, C, 3) on the object nearest to equilibrium, without gradient.

    The result of ``contact_forces.balance``, from zero tangential forces.

    :param centre: (3,) centre of mass of the object [m]
    :param steps: of the projected gradient; 100 to 300 to converge
    """
    if not suits(contacts.point):
        return balance(contacts, centre, limits, steps=steps)
    parts = (contacts.point, contacts.normal, contacts.active, centre)
    force = np.zeros(contacts.point.shape, np.float32)
    balance_all(
        *(np.ascontiguousarray(part) for part in parts), force_numbers(limits), steps, force)
    return torch.from_numpy(force)

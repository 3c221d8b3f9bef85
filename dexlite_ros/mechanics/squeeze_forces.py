# SPDX-License-Identifier: Apache-2.0
"""
The contact forces of the squeeze: balanced, with a given total.

Letters: K grasps, G contact groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.contact_forces import ContactBatch, ForceLimits
from dexlite_ros.mechanics.force_balance import balanced_forces
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps


@dataclass(frozen=True)
class SqueezeSettings:
    """Strength of the squeeze, and stiffness of the controllers."""

    stiffness: float = 5.0
    """Proportional gain of the position controllers [N m/rad]; DexGraspBench's is 5."""
    total_force: float = 40.0
    """Sum of the normal forces of all contacts at the squeeze stage [N]."""
    contact_threshold: float = 0.006
    """Links closer to the object than this carry squeeze forces [m]."""
    guess_threshold: float = 0.015
    """The same for unrefined grasps, whose links are still farther from the object [m]."""
    forces: ForceLimits = field(
        default_factory=lambda: ForceLimits(friction=0.5, min_force=0.1, max_force=3.0))
    force_steps: int = 300

    def __post_init__(self) -> None:
        if self.stiffness <= 0:
            raise InvalidRequest('squeeze.stiffness', self.stiffness, 'a positive number')

    def of_guesses(self) -> SqueezeSettings:
        """Return the settings for grasps that were not refined."""
        return replace(self, contact_threshold=self.guess_threshold)


@dataclass(frozen=True)
class SqueezeForces:
    """The forces of K squeezing hands on the object."""

    contacts: ContactBatch
    """(K, G) contacts; those that carry force are active."""
    forces: Tensor
    """(K, G, 3) force of the hand on the object [N]."""
    stiffness: float
    """Proportional gain of the position controllers [N m/rad]."""

    def __getitem__(self, index: slice | Tensor) -> SqueezeForces:
        """Select grasps."""
        return SqueezeForces(self.contacts[index], self.forces[index], self.stiffness)


def squeeze_forces(
    placed: PlacedGrasps, centre: Tensor, settings: SqueezeSettings
) -> SqueezeForces:
    """
    Return balanced contact forces of K grasps whose normal components sum to ``total_force``.

    :param centre: (3,) centre of mass of the object [m]
    """
    with torch.no_grad():
        contacts = placed.touching(settings.contact_threshold)
        forces = balanced_forces(contacts, centre, settings.forces, settings.force_steps)
        normal_sum = -(forces * contacts.normal).sum((-1, -2))
        scale = settings.total_force / normal_sum.clamp(min=1e-6)
        return SqueezeForces(contacts, forces * scale[:, None, None], settings.stiffness)

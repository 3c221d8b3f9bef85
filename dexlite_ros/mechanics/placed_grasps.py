# SPDX-License-Identifier: Apache-2.0
"""
Link poses, gaps and contacts of refined grasps, computed once for all later measures.

Letters: B grasps, P points of the hand, G contact groups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import PlacedHand
from dexlite_ros.mechanics.contact_forces import ContactBatch


@dataclass(frozen=True)
class PlacedGrasps:
    """B grasps on an object."""

    grasps: GraspBatch
    hand: PlacedHand
    gap: Tensor
    """(B, P) signed distance of the hand's points to the object [m]."""
    contact_gap: Tensor
    """(B, G) signed distance of each contact group's nearest point to the object [m]."""
    contacts: ContactBatch
    """(B, G) contacts where each group is nearest to the object; all are active."""

    def __len__(self) -> int:
        return len(self.grasps)

    def __getitem__(self, index: slice | Tensor) -> PlacedGrasps:
        """Select grasps."""
        return PlacedGrasps(
            self.grasps[index], self.hand[index], self.gap[index], self.contact_gap[index],
            self.contacts[index])

    def touching(self, threshold: float) -> ContactBatch:
        """Return the contacts of all groups; those closer than ``threshold`` [m] are active."""
        near = (self.contact_gap < threshold).to(self.contact_gap)
        return replace(self.contacts, active=near)

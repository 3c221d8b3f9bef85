# SPDX-License-Identifier: Apache-2.0
"""The features of grasps, from which the success model predicts whether they hold."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class GraspFeatures:
    """Inputs of the success model for B grasps, each (B,)."""

    residual: Tensor
    """log10 of the wrench residual, at least -6; 0 means an imbalance of a whole unit force."""
    slippery_residual: Tensor
    """The same with friction 0.1."""
    perturbed_residual: Tensor
    """Mean of this value over copies whose wrist is perturbed by a few millimetres."""
    normal_variation: Tensor
    """Mean change of the object's unit normal within 3 mm of the contacts; 0 is flat."""
    normal_balance: Tensor
    """Length of the mean contact normal; 0 when the contacts surround the object."""
    stiffness: Tensor
    """log10 of the second lowest stiffness [N/m]; in most grasps one direction is nearly free."""
    gap_turn: Tensor
    """log10 of the object's rotation while the squeezing links close their gaps [rad]."""
    gap_max: Tensor
    """Largest of these gaps [mm]."""
    limit_margin: Tensor
    """Smallest distance of a joint to its limit [rad]."""
    thickness: Tensor
    """Shortest side of the object's box [cm]."""
    length: Tensor
    """Longest side of the object's box [cm]."""
    seen_fraction: Tensor
    """Share of the object's surface that was measured."""
    unmeasured: Tensor
    """Mean distance of the contacts from measured points [cm]. Means over contacts are weighted
    by the forces of the squeeze."""
    unmeasured_max: Tensor
    """The largest of these distances [cm]."""
    spread: Tensor
    """Mean standard deviation of the surface's place at the contacts, over all hypotheses [mm]."""
    spread_max: Tensor
    """The largest of these deviations [mm]."""
    centre_offset: Tensor
    """Distance of the mean contact from the centre of mass [cm]."""
    contact_thickness: Tensor
    """Smallest principal standard deviation of the contacts' places [cm]."""
    contact_width: Tensor
    """The second one [cm]."""
    contact_length: Tensor
    """The largest one [cm]."""
    normal_spread: Tensor
    """Smallest eigenvalue of the mean n n^T of the contact normals; 0: they lie in a plane."""
    normal_spread_second: Tensor
    """The second one; 0: all normals are parallel."""
    penetration: Tensor
    """Deepest overlap of hand and object [mm]."""
    contact_count: Tensor
    """Number of links that press."""
    palm_share: Tensor
    """Share of the palm in the forces."""
    largest_share: Tensor
    """Largest share of a link in them."""
    slip: Tensor
    """Sum of the tangential forces relative to that of the normal ones."""
    palm_distance: Tensor
    """Distance of the palm link's origin from the centre of mass [cm]."""
    palm_side: Tensor
    """Its horizontal part [cm]. This and all that follow to ``on_support`` are 0 without a
    support."""
    palm_down: Tensor
    """Cosine between where the palm looks and gravity."""
    fingers_down: Tensor
    """Cosine between where the fingers point and gravity."""
    pressed_from_below: Tensor
    """Mean downward part of the contact normals."""
    normals_up: Tensor
    """Mean upward component of the contact normals, which point out of the object."""
    contact_height: Tensor
    """Mean height of the contacts above the centre of mass [cm]."""
    lowest_contact: Tensor
    """Height of the lowest contact above the support [cm], at most 10."""
    height_spread: Tensor
    """Standard deviation of the contacts' heights [cm]."""
    hand_height: Tensor
    """Height of the lowest part of the hand above the support [cm]."""
    object_height: Tensor
    """Height of the object above the support [cm]."""
    on_support: Tensor
    """1 if the support is known, else 0."""
    surface_weight: Tensor
    """Weight of the surface that was planned on, among all hypotheses."""
    simple_solid: Tensor
    """1 if this surface is a simple solid, else 0."""
    viewpoint_known: Tensor
    """1 if the viewpoint was given, else 0."""
    cloud_noise: Tensor
    """Typical distance of measured points from the planes through their neighbours [mm]."""

    def __getitem__(self, index: Tensor) -> GraspFeatures:
        """Select grasps."""
        return GraspFeatures(**{name: value[index] for name, value in vars(self).items()})

    def cpu(self) -> GraspFeatures:
        """Return a copy on the CPU."""
        return GraspFeatures(**{name: value.cpu() for name, value in vars(self).items()})

    def matrix(self) -> Tensor:
        """Return all features side by side (B, F), in the order of the fields."""
        return torch.stack([getattr(self, each.name) for each in fields(self)], 1)

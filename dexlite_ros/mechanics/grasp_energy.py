# SPDX-License-Identifier: Apache-2.0
"""
The energy of a grasp on an object, from hand, distance field and energy terms.

A contact pattern says which contact groups (links) should touch; the contact point of a group is
its point that is currently nearest to the object. Letters: B grasps, G contact groups, C contacts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn, Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry, PlacedHand
from dexlite_ros.mechanics import energy_terms
from dexlite_ros.mechanics.contact_forces import (
    balance,
    ContactBatch,
    equilibrium_residual,
    ForceLimits,
)
from dexlite_ros.mechanics.energy_terms import EnergyTerms, EnergyWeights
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.object.distance_field import DistanceField


@dataclass(frozen=True)
class EnergySettings:
    """Margins and effort of the energy."""

    weights: EnergyWeights = field(default_factory=EnergyWeights)
    margin: float = 0.0005
    """Gap that counts as touching [m]; allows for the surface between the hand's points."""
    forces: ForceLimits = field(default_factory=ForceLimits)
    obstacle_margin: float = 0.005
    """Distance to keep from obstacles [m]; slightly more than the filter requires."""
    force_steps: int = 3
    """Steps of the force balance for each step of the grasp."""


@dataclass(frozen=True)
class Evaluation:
    """The energy terms of B grasps and intermediate results."""

    terms: EnergyTerms
    hand: PlacedHand
    gap: Tensor
    """(B, P) signed distance of the hand's points to the object [m]."""
    contacts: ContactBatch
    contact_gap: Tensor
    """(B, C) [m]"""
    forces: Tensor | None
    """(B, C, 3) forces nearest to equilibrium, unit forces; None: not requested."""


class GraspEnergy(nn.Module):
    """Energy terms of grasps of one hand on one object."""

    def __init__(
        self,
        geometry: HandGeometry,
        object_field: DistanceField,
        settings: EnergySettings,
        obstacles: DistanceField | None = None,
    ) -> None:
        super().__init__()
        self.geometry = geometry
        self.field = object_field
        self.obstacles = obstacles
        self.settings = settings

    def forward(
        self,
        grasps: GraspBatch,
        active: Tensor,
        *,
        groups: Tensor | None = None,
        forces: Tensor | None = None,
        chosen: Tensor | None = None,
    ) -> Evaluation:
        """
        Return the terms of B grasps, differentiable in the grasps.

        :param active: (B, C) 1 where the group (or the chosen point) should touch, else 0
        :param groups: (C,) indices of the groups; None: all
        :param forces: (B, C, 3) forces of the previous evaluation, from which the balance resumes
        :param chosen: (B, C) indices of the hand's points that should touch; None: in each group
            the point nearest to the object
        """
        hand = self.geometry(grasps)
        gap = self.gap(hand)
        contact_gap, contacts = self.contacts(hand.points, gap, active, groups, chosen)
        if self.settings.weights.equilibrium:
            steps = self.settings.force_steps if forces is not None else 30
            forces = balance(
                contacts, self.field.centre_of_mass, self.settings.forces, steps=steps,
                start=forces)
        terms = self._terms(grasps, hand, gap, contact_gap, contacts, forces)
        return Evaluation(terms, hand, gap, contacts, contact_gap, forces)

    def gap(self, hand: PlacedHand) -> Tensor:
        """Return the signed distance (B, P) of the hand's points to the object [m]."""
        distance: Tensor = self.field(hand.points)
        return distance - self.geometry.point_radius

    def contacts(
        self,
        points: Tensor,
        gap: Tensor,
        active: Tensor,
        groups: Tensor | None = None,
        chosen: Tensor | None = None,
    ) -> tuple[Tensor, ContactBatch]:
        """Return the gap (B, C) of each contact [m], and the contacts on the object."""
        if chosen is None:
            groups = torch.arange(active.shape[1], device=gap.device) if groups is None else groups
            chosen = self.geometry.nearest_candidates(gap.detach(), groups)
        # Points are stored by coordinate; gather along that layout.
        centre = points.mT.gather(2, chosen[:, None].expand(-1, 3, -1)).mT
        normal = self.field.normal(centre)
        touching = centre - self.geometry.point_radius[chosen][..., None] * normal
        return gap.gather(1, chosen), ContactBatch(touching, normal, active)

    def place(self, grasps: GraspBatch) -> PlacedGrasps:
        """Return B grasps with their link poses, gaps and contacts."""
        with torch.no_grad():
            hand = self.geometry(grasps)
            gap = self.gap(hand)
            everywhere = gap.new_ones(len(grasps), len(self.geometry.groups))
            return PlacedGrasps(
                grasps, hand, gap, *self.contacts(hand.points, gap, everywhere))

    def _terms(
        self,
        grasps: GraspBatch,
        hand: PlacedHand,
        gap: Tensor,
        contact_gap: Tensor,
        contacts: ContactBatch,
        forces: Tensor | None,
    ) -> EnergyTerms:
        """Compute the terms; expensive terms of weight 0 are skipped and set to 0."""
        weights, margin = self.settings.weights, self.settings.margin
        centre = self.field.centre_of_mass
        kinematics = self.geometry.kinematics
        zero = torch.zeros_like(gap[:, 0])
        obstacle_gap = self.obstacle_gap(hand)
        closure = energy_terms.force_closure(
            contacts.point, contacts.normal, contacts.active, centre)
        return EnergyTerms(
            force_closure=closure if weights.force_closure else zero,
            equilibrium=(
                zero if forces is None else equilibrium_residual(contacts, forces, centre)),
            contact_distance=energy_terms.contact_distance(contact_gap, contacts.active, margin),
            penetration=energy_terms.penetration(gap, margin),
            self_penetration=energy_terms.self_penetration(
                self.geometry.capsule_gaps(hand), margin),
            joint_limits=energy_terms.joint_limits(
                grasps.joints, kinematics.lower, kinematics.upper),
            obstacles=zero if obstacle_gap is None else energy_terms.penetration(
                obstacle_gap, self.settings.obstacle_margin),
        )

    def obstacle_gap(self, hand: PlacedHand) -> Tensor | None:
        """Return the distance (B, P) of the hand's points to obstacles [m]; None without any."""
        if self.obstacles is None:
            return None
        distance: Tensor = self.obstacles(hand.points)
        return distance - self.geometry.point_radius

    def active_groups(self, names: list[str]) -> Tensor:
        """
        Return a mask (B, G): 1 for the contact groups of each grasp's contact pattern.

        :param names: names of the B contact patterns
        :raises InvalidRequest: for a pattern that the hand does not have
        """
        patterns = self.geometry.kinematics.description.contact_patterns
        unknown = sorted(set(names) - set(patterns))
        if unknown:
            raise InvalidRequest(
                'contact_patterns', unknown, f'those of the hand: {", ".join(patterns)}')
        rows = {
            name: torch.tensor([float(link in links) for link in self.geometry.group_links])
            for name, links in patterns.items()}
        return torch.stack([rows[name] for name in names]).to(self.field.values)

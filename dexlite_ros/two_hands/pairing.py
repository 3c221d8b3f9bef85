# SPDX-License-Identifier: Apache-2.0
"""
Which grasps of one hand go together with which of the other.

Any grasp of the first hand may be paired with any of the second. A cheap look at where the
contacts are and how they face leaves the pairs that press against each other; of these the forces
are balanced. Letters: A, B grasps of the two hands, N pairs, G contact groups, P points of a hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.mechanics.contact_forces import ContactBatch, TORQUE_LENGTH
from dexlite_ros.two_hands.joint_forces import carried, carrying_forces, joined, loads
from dexlite_ros.two_hands.settings import Burden, PairSettings


@dataclass(frozen=True)
class Pairs:
    """N pairs of grasps and the forces by which they carry the object."""

    first: Tensor
    """(N,) index of the first hand's grasp."""
    second: Tensor
    """(N,) index of the second hand's grasp."""
    forces: tuple[Tensor, Tensor]
    """Of each hand, (N, G, 3) on the object under the weight alone [N]."""
    residual: Tensor
    """(N,) largest unbalanced wrench under all loads, as a share of the weight."""

    def __len__(self) -> int:
        return len(self.residual)

    def __getitem__(self, index: Tensor) -> Pairs:
        """Select pairs."""
        return Pairs(
            self.first[index], self.second[index],
            (self.forces[0][index], self.forces[1][index]), self.residual[index])


def best_pairs(
    first: ContactBatch, second: ContactBatch, centre: Tensor, down: Tensor, burden: Burden,
    settings: PairSettings,
) -> Pairs:
    """
    Return the pairs that may carry the object, the best balanced first.

    Of the pairs that oppose each other best, those that carry the weight alone best are balanced
    under all loads.

    :param first, second: contacts (A, G) and (B, G) of the hands' grasps
    :param centre: (3,) centre of mass [m]
    :param down: (3,) unit vector of gravity
    """
    one, other = _opposed(first, second, centre, settings.screened)
    contacts = joined(first[one], second[other])
    groups = first.point.shape[1]
    hands = (torch.arange(contacts.point.shape[1], device=one.device) >= groups).long()
    weight = loads(down, burden.mass, 0.0)[0].expand(len(one), 3)
    _, unbalanced = carrying_forces(contacts, hands, centre, weight, burden, settings)
    promising = unbalanced.argsort(stable=True)[:settings.loaded]
    forces, residual = carried(contacts[promising], hands, centre, down, burden, settings)
    pairs = Pairs(
        one[promising], other[promising], (forces[:, :groups], forces[:, groups:]), residual)
    return pairs[residual.argsort(stable=True)]


def _opposed(
    first: ContactBatch, second: ContactBatch, centre: Tensor, most: int
) -> tuple[Tensor, Tensor]:
    """
    Return the indices of at most ``most`` pairs whose presses oppose each other best.

    Equal presses along the mean normals, each at the mean of its contacts, leave a net force and a
    net moment; their sum of squares is the measure.
    """
    place, push = zip(*(_mean_press(each) for each in (first, second)))
    net = push[0][:, None] + push[1][None]
    moment = torch.linalg.cross(place[0] - centre, push[0])[:, None] + torch.linalg.cross(
        place[1] - centre, push[1])[None]
    left = net.square().sum(-1) + (moment / TORQUE_LENGTH).square().sum(-1)
    best = left.flatten().argsort(stable=True)[:most]
    return best // left.shape[1], best % left.shape[1]


def _mean_press(contacts: ContactBatch) -> tuple[Tensor, Tensor]:
    """Return the middle (B, 3) of the active contacts [m], and the mean of unit pushes there."""
    active = contacts.active[..., None]
    count = active.sum(1).clamp(min=1.0)
    return (contacts.point * active).sum(1) / count, -(contacts.normal * active).sum(1) / count


def hand_clearance(
    grasps: Sequence[StagedGrasp], geometries: Sequence[HandGeometry]
) -> Tensor:
    """Return the smallest distance (N,) between the hands of each pair at all stages [m]."""
    return torch.stack([
        _apart([getattr(each, stage) for each in grasps], geometries)
        for stage in STAGES]).amin(0)


def _apart(
    pair: Sequence[GraspBatch], geometries: Sequence[HandGeometry]
) -> Tensor:
    """Return the distance (N,) between the nearest points of two hands; negative: overlap [m]."""
    with torch.no_grad():
        points = [geometry(grasps).points for geometry, grasps in zip(geometries, pair)]
        between = torch.cdist(*points)
    radius = [geometry.point_radius for geometry in geometries]
    return (between - radius[0][:, None] - radius[1]).amin((1, 2))


def different(
    grasps: Sequence[StagedGrasp], passing: Tensor, wanted: int, same_place: float
) -> Tensor:
    """
    Return the indices of the first ``wanted`` passing pairs, none of them like one before.

    :param passing: (N,) mask
    :param same_place: two pairs are alike if both of their palms are nearer than this [m]
    """
    palms = torch.stack([each.grasp.translation for each in grasps], 1)
    kept: list[int] = []
    for index in passing.nonzero().flatten().tolist():
        if len(kept) == wanted:
            break
        apart = (palms[kept] - palms[index]).norm(dim=-1).amax(-1)
        if not bool((apart < same_place).any()):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.long)

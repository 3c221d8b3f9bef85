# SPDX-License-Identifier: Apache-2.0
"""
The hand's surface as the energy terms need it: points with radii, contact groups, capsules.

Letters: B grasps, P points, G contact groups, S capsules, Q pairs of capsules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.capsules import reachable_pairs, segment_distance, segments
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics, LinkPoses
from dexlite_ros.hand.link_points import LinkPoints
from dexlite_ros.hand.shape_points import hand_points, PointSettings


@dataclass(frozen=True)
class PlacedHand:
    """The surface of B hands in the object frame."""

    points: Tensor
    """(B, P, 3) centres of the spheres; surface points have radius 0 [m]."""
    capsule_ends: Tensor
    """(B, 2, S, 3) ends of the capsules' axes [m]."""
    poses: LinkPoses

    def __getitem__(self, index: slice | Tensor) -> PlacedHand:
        """Select hands."""
        return PlacedHand(self.points[index], self.capsule_ends[index], self.poses[index])


class HandGeometry(nn.Module):
    """Points and capsules fixed to the links of one hand."""

    point_radius: Tensor
    point_link: Tensor
    capsule_radius: Tensor
    candidates: Tensor
    group_link: Tensor
    _invalid: Tensor
    _picks: Tensor
    pairs: Tensor
    pair_radius: Tensor

    def __init__(
        self, kinematics: HandKinematics, settings: PointSettings | None = None
    ) -> None:
        super().__init__()
        hand = kinematics.description
        self.kinematics = kinematics
        settings = settings or PointSettings()
        link, local, point_radius, touching = hand_points(hand, settings)
        ends, radius, capsule_link = segments(hand)
        both = np.concatenate([local, ends[0], ends[1]])
        self.points = LinkPoints(
            kinematics, torch.from_numpy(np.concatenate([link, capsule_link, capsule_link])),
            torch.from_numpy(both))
        self.groups = tuple(region.group for region in hand.contact_regions)
        self.group_links = tuple(region.link for region in hand.contact_regions)
        self._register('point_radius', point_radius)
        self._register('point_link', link, torch.long)
        self._register('capsule_radius', radius)
        candidates, valid = _candidates(hand, link, touching)
        self._register('candidates', candidates, torch.long)
        self._register('_invalid', np.where(valid, 0.0, np.inf))
        self.candidate_counts = tuple(int(row.sum()) for row in valid)
        names = list(hand.link_names)
        self._register(
            'group_link', [names.index(name) for name in self.group_links], torch.long)
        first, second = reachable_pairs(kinematics)
        self._register('pairs', np.stack([first, second], 1), torch.long)
        # One-hot (2, S, Q): selects capsules by a matrix product, as does its gradient.
        self._register('_picks', np.eye(len(radius))[:, [first, second]].transpose(1, 0, 2))
        self._register('pair_radius', radius[first] + radius[second])

    def _register(
        self, name: str, values: object, dtype: torch.dtype = torch.float32
    ) -> None:
        self.register_buffer(name, torch.as_tensor(values, dtype=dtype), persistent=False)

    def forward(self, grasps: GraspBatch) -> PlacedHand:
        """Return the surface of B hands, differentiable in the grasps."""
        world, poses = self.points(self.kinematics, grasps)
        count = len(self.point_radius)
        ends = world[:, count:].unflatten(1, (2, -1))
        return PlacedHand(world[:, :count], ends, poses)

    def nearest_candidates(self, gap: Tensor, groups: Tensor) -> Tensor:
        """
        Return, for each of C contact groups, the index (B, C) of its point nearest to the object.

        :param gap: (B, P) signed distance of each point's sphere to the object [m]
        :param groups: (C,) indices of the groups
        """
        candidates = self.candidates[groups]
        which = (gap[:, candidates] + self._invalid[groups]).argmin(-1)
        return candidates[torch.arange(len(groups), device=gap.device), which]

    def capsule_gaps(self, hand: PlacedHand) -> Tensor:
        """Return the gap (B, Q) between the capsules of each pair [m]; negative: overlap."""
        planes = hand.capsule_ends.movedim(-1, 1)  # (B, 3, 2, S)
        first, second = ((planes @ picks).movedim(1, -1) for picks in self._picks)
        return segment_distance(first, second) - self.pair_radius


def _candidates(
    hand: HandDescription, link: NDArray[np.int64], touching: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return point indices (G, K) that each contact group may touch with, and a mask (G, K)."""
    names = list(hand.link_names)
    members = [
        np.flatnonzero((link == names.index(region.link)) & touching)
        for region in hand.contact_regions]
    width = max(len(m) for m in members)
    valid = np.array([[k < len(m) for k in range(width)] for m in members])
    padded = np.array([np.resize(m, width) for m in members])
    return padded, valid

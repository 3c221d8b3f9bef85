# SPDX-License-Identifier: Apache-2.0
"""
The hand's surface as the energy terms need it: points with radii, contact groups, capsules.

A finger bone is a row of spheres (exact for a capsule); a fingertip or palm box is a set of
surface points. Letters: B grasps, P points, G contact groups, S capsules, Q pairs of capsules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.capsules import reachable_pairs, segment_distance, segments
from dexlite_ros.hand.description import Geom, HalfSpace, HandDescription, Link
from dexlite_ros.hand.kinematics import HandKinematics, LinkPoses
from dexlite_ros.hand.link_points import LinkPoints
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.mirroring import mirrored_points, original
from dexlite_ros.rotations import unitquat_to_rotmat
from dexlite_ros.surface_points import farthest_points

INNER_SPHERES = (0.2, 0.4, 0.6, 0.8)
"""Places of the spheres in a fingertip, as shares of its length."""
BOX_SPACING = 0.005
"""Spacing of the grid on a box's faces from which its points are chosen [m]."""


@dataclass(frozen=True)
class GeometrySettings:
    """How densely the hand is covered with points."""

    sphere_spacing: float = 0.007
    """Largest distance between the spheres of a bone [m]."""
    box_separation: float = 0.014
    """Distance between the points kept on boxes [m]."""
    palmar_tip_points: int = 44
    """Points on the side of a fingertip that is meant to touch."""
    dorsal_tip_points: int = 12
    """Points on the rest of a fingertip."""

    @classmethod
    def coarse(cls) -> GeometrySettings:
        """Return settings for half as many points, enough to tell good starts from bad ones."""
        return cls(0.011, 0.024, 20, 5)


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
        self, kinematics: HandKinematics, settings: GeometrySettings | None = None
    ) -> None:
        super().__init__()
        hand = kinematics.description
        self.kinematics = kinematics
        settings = settings or GeometrySettings()
        link, local, point_radius, touching = _hand_points(hand, settings)
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


def _hand_points(
    hand: HandDescription, settings: GeometrySettings
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return link, place in its frame and radius [m] of P points, and which may touch."""
    if hand.mirror_of is not None:
        link, local, radius, touching = _hand_points(original(hand), settings)
        return link, mirrored_points(local), radius, touching
    parts = [_touching_first(*_link_points(hand, link, settings)) for link in hand.links]
    local, radius, touching = (np.concatenate(part) for part in zip(*parts))
    counts = [len(points) for points, _, _ in parts]
    return np.repeat(np.arange(len(parts)), counts), local, radius, touching


def _link_points(
    hand: HandDescription, link: Link, settings: GeometrySettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return points (N, 3) and radii (N,) of one link in its frame [m], and which may touch."""
    region = hand.region(link.name)
    side = region.side if region else ()
    parts = [sample_geom(geom, settings, side) for geom in link.geoms]
    points, radius, normals = (np.concatenate(part) for part in zip(*parts))
    boxed = np.repeat(
        [geom.shape == 'box' for geom in link.geoms], [len(each) for each, _, _ in parts])
    if boxed.any():
        keep = np.flatnonzero(boxed & ~_buried(points, link))
        if len(keep):
            keep = keep[farthest_points(points[keep], len(keep), settings.box_separation)]
        keep = np.concatenate([keep, np.flatnonzero(~boxed)])
        points, radius, normals = points[keep], radius[keep], normals[keep]
    if boxed.all() and not side:
        return points, radius, normals @ np.array(hand.palmar_direction) > 0.5
    return points, radius, _within(points, side)


def _touching_first(
    points: NDArray[np.float64], radius: NDArray[np.float64], touching: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return one link's points, radii and mask, so that the points that may touch are in a row."""
    order = np.argsort(~touching, kind='stable')
    return points[order], radius[order], touching[order]


def _within(points: NDArray[np.float64], side: tuple[HalfSpace, ...]) -> NDArray[np.bool_]:
    """Return a mask (N,) of the points (N, 3) that lie in all of the half-spaces."""
    inside = np.ones(len(points), dtype=bool)
    for space in side:
        inside &= points @ np.array(space.normal) > space.offset
    return inside


def sample_geom(
    geom: Geom, settings: GeometrySettings, side: tuple[HalfSpace, ...] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Return points (N, 3) and radii (N,) [m], and outward normals (N, 3; zero for spheres).

    :param side: for a hull: the part that is meant to touch and gets more points
    """
    if geom.shape == 'hull':
        points, normals = _hull_points(geom, settings, side)
        centres, radius = _inner_spheres(geom)
        return (
            np.concatenate([points, centres]), np.concatenate([np.zeros(len(points)), radius]),
            np.concatenate([normals, np.zeros_like(centres)]))
    if geom.shape == 'box':
        points, normals = _box_points(np.array(geom.size))
        return _to_link(geom, points), np.zeros(len(points)), _to_link(geom, normals, turn=True)
    half = geom.size[1] if geom.shape == 'capsule' else 0.0
    count = int(np.ceil(2 * half / settings.sphere_spacing)) + 1
    axis = np.zeros((count, 3))
    axis[:, 2] = np.linspace(-half, half, count) if count > 1 else 0.0
    return _to_link(geom, axis), np.full(count, geom.size[0]), np.zeros((count, 3))


def _to_link(
    geom: Geom, vectors: NDArray[np.float64], *, turn: bool = False
) -> NDArray[np.float64]:
    """Transform points (or rotate directions) from a shape's own frame to its link's."""
    quat = torch.tensor(geom.quat_wxyz, dtype=torch.float64).roll(-1)
    rotation = unitquat_to_rotmat(quat / quat.norm()).numpy()
    moved: NDArray[np.float64] = vectors @ rotation.T
    return moved if turn else moved + np.array(geom.position)


def _box_points(half: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a grid of points on a box's six faces, and their normals."""
    points, normals = [], []
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        lines = [
            np.linspace(-half[i], half[i], max(2, int(np.ceil(2 * half[i] / BOX_SPACING)) + 1))
            for i in others]
        face = np.zeros((len(lines[0]) * len(lines[1]), 3))
        face[:, others] = np.stack(np.meshgrid(*lines, indexing='ij'), -1).reshape(-1, 2)
        for side in (-1.0, 1.0):
            face[:, axis] = side * half[axis]
            points.append(face.copy())
            normals.append(np.tile(side * np.eye(3)[axis], (len(face), 1)))
    return np.concatenate(points), np.concatenate(normals)


def _buried(points: NDArray[np.float64], link: Link) -> NDArray[np.bool_]:
    """Return a mask of the surface points that lie inside a shape of the link and never touch."""
    buried = np.zeros(len(points), dtype=bool)
    for geom in link.geoms:
        mesh = geom_mesh(geom)
        ways = points[:, None] - mesh.triangles[:, 0]
        buried |= ((ways * mesh.face_normals).sum(2) < -1e-6).all(1)
    return buried


def _inner_spheres(geom: Geom) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return centres (N, 3) and radii (N,) of spheres inside a hull, along its longest side [m].

    A wall thinner than a finger lies deep in these, however near all of the finger's surface is
    to the outside of the wall.
    """
    hull = geom_mesh(geom).convex_hull
    axis = int(hull.extents.argmax())
    centres = np.array([
        hull.section(np.eye(3)[axis], (1 - way) * hull.bounds[0] + way * hull.bounds[1]).bounds
        .mean(0) for way in INNER_SPHERES])
    inward = (hull.triangles[:, 0] - centres[:, None]) * hull.face_normals
    return centres, inward.sum(2).min(1)


def _hull_points(
    geom: Geom, settings: GeometrySettings, side: tuple[HalfSpace, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return evenly spread surface points, denser where the hand touches, and their normals."""
    import trimesh

    mesh = geom_mesh(geom)
    dense, face = trimesh.sample.sample_surface(mesh, 4000, seed=0)
    dense = np.array(dense)
    palmar = _within(dense, side)
    chosen = []
    for mask, count in (
            (palmar, settings.palmar_tip_points), (~palmar, settings.dorsal_tip_points)):
        index = np.flatnonzero(mask)
        if len(index):
            chosen.append(index[farthest_points(dense[index], count)])
    kept = np.concatenate(chosen)
    return dense[kept], mesh.face_normals[face[kept]]

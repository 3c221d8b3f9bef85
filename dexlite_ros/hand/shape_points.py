# SPDX-License-Identifier: Apache-2.0
"""
Points on, and spheres in, the shapes of a hand's links.

A capsule is a row of spheres; boxes and fingertips have points on their surface, more of them
where they are meant to touch. Letters: P points of the hand, N of one link or shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.hand.description import Geom, HalfSpace, HandDescription, Link
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.mirroring import mirrored_points, original
from dexlite_ros.rotations import unitquat_to_rotmat
from dexlite_ros.surface_points import farthest_points

INNER_SPHERES = (0.2, 0.4, 0.6, 0.8)
"""Places of the spheres in a fingertip, as shares of its length."""
BOX_SPACING = 0.005
"""Spacing of the grid on a box's faces from which its points are chosen [m]."""


@dataclass(frozen=True)
class PointSettings:
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
    def coarse(cls) -> PointSettings:
        """Return settings for half as many points, enough to tell good starts from bad ones."""
        return cls(0.011, 0.024, 20, 5)


def hand_points(
    hand: HandDescription, settings: PointSettings
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return link, place in its frame and radius [m] of P points, and which may touch."""
    if hand.mirror_of is not None:
        link, local, radius, touching = hand_points(original(hand), settings)
        return link, mirrored_points(local), radius, touching
    parts = [_touching_first(*_link_points(hand, link, settings)) for link in hand.links]
    local, radius, touching = (np.concatenate(part) for part in zip(*parts))
    counts = [len(points) for points, _, _ in parts]
    return np.repeat(np.arange(len(parts)), counts), local, radius, touching


def _link_points(
    hand: HandDescription, link: Link, settings: PointSettings
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
    geom: Geom, settings: PointSettings, side: tuple[HalfSpace, ...] = ()
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
    geom: Geom, settings: PointSettings, side: tuple[HalfSpace, ...]
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

# SPDX-License-Identifier: Apache-2.0
"""
Solids as lists of convex parts, from which the families are built.

A part is given by its corners (V, 3) in metres. The simulation uses the parts directly, without
convex decomposition.
"""

from __future__ import annotations

from collections.abc import Sequence

import manifold3d
import numpy as np
from numpy.typing import ArrayLike, NDArray
import trimesh

Part = NDArray[np.float64]
Parts = list[Part]
SECTIONS = 24
"""Number of sides of round solids."""
GROWTH = 2e-5
"""Outward offset of the corners of a part before the union [m]."""
SPECK = 1e-5
"""Fraction of the volume below which a body is dropped."""
TOLERANCE = 1e-5
"""Tolerance of surface simplification [m]."""


def union(parts: Parts) -> trimesh.Trimesh:
    """Return the watertight surface of the union of the parts, which may be several bodies."""
    # Touching faces are made to overlap, since they never coincide exactly.
    solids = [manifold3d.Manifold.hull_points(_grown(part)) for part in parts]
    whole = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add)
    tidy = whole.simplify(TOLERANCE)
    # Rounding leaves tiny bodies and voids where parts meet.
    bodies = [body for body in tidy.decompose() if body.volume() > SPECK * tidy.volume()]
    mesh = manifold3d.Manifold.compose(bodies).to_mesh64()
    return trimesh.Trimesh(mesh.vert_properties[:, :3], mesh.tri_verts, process=False)


def moved(parts: Parts, shift: ArrayLike = (0, 0, 0), about: ArrayLike = (0, 0, 0)) -> Parts:
    """
    Return the parts rotated, then translated.

    :param shift: (3,) [m]
    :param about: (3,) angles of extrinsic rotations about x, y and z [rad]
    """
    turn = trimesh.transformations.euler_matrix(*np.asarray(about, float))[:3, :3]
    return [part @ turn.T + np.asarray(shift, float) for part in parts]


def scaled(parts: Parts, factor: float) -> Parts:
    """Return the parts, larger by a factor."""
    return [part * factor for part in parts]


def box(size: ArrayLike) -> Parts:
    """Return a box of that size (3,), centred [m]."""
    corners = np.array(np.meshgrid(*[(-0.5, 0.5)] * 3)).reshape(3, -1).T
    return [corners * np.asarray(size, float)]


def rounded_box(size: ArrayLike, radius: float) -> Parts:
    """Return a box with that radius at its edges and corners, centred [m]."""
    inner = box(np.asarray(size, float) - 2 * radius)[0]
    ball = trimesh.creation.icosphere(subdivisions=1, radius=radius).vertices
    return [(inner[:, None] + ball).reshape(-1, 3)]


def prism(outline: ArrayLike, height: float) -> Parts:
    """Return a prism over a convex outline (P, 2), its base on z = 0 [m]."""
    outline = np.asarray(outline, float)
    return [np.concatenate([
        np.column_stack([outline, np.full(len(outline), z)]) for z in (0.0, height)])]


def ring_points(radius: float, height: float, sections: int = SECTIONS) -> Part:
    """Return the corners (sections, 3) of a circle about z [m]."""
    angle = np.linspace(0, 2 * np.pi, sections, endpoint=False)
    return np.column_stack([
        radius * np.cos(angle), radius * np.sin(angle), np.full(sections, height)])


def revolved(profile: ArrayLike, sections: int = SECTIONS) -> Parts:
    """
    Return a solid of revolution about z.

    :param profile: (P, 2) radius and height, in order of increasing height [m]
    """
    profile = np.asarray(profile, float)
    slope = np.diff(profile[:, 0]) / np.diff(profile[:, 1])
    # A run of decreasing slope is convex; a new part starts where the slope increases.
    breaks = np.flatnonzero(np.diff(slope) > 1e-9) + 1
    edges = [0, *breaks.tolist(), len(profile) - 1]
    return [
        np.concatenate([ring_points(radius, height, sections)
                        for radius, height in profile[first:last + 1]])
        for first, last in zip(edges, edges[1:])]


def shell(outer: ArrayLike, inner: ArrayLike, sections: int = SECTIONS) -> Parts:
    """
    Return the wall between two profiles revolved about z, as wedges.

    :param outer: (P, 2) radius and height [m]
    :param inner: (P, 2), one point for each outer point [m]
    """
    rings = np.array([
        [ring_points(radius, height, sections) for radius, height in profile]
        for profile in (np.asarray(outer, float), np.asarray(inner, float))])  # (2, P, S, 3)
    following = np.roll(rings, -1, axis=2)
    return [
        np.concatenate([
            each[:, level:level + 2, side].reshape(-1, 3) for each in (rings, following)])
        for level in range(rings.shape[1] - 1) for side in range(sections)]


def bar(line: ArrayLike, radius: ArrayLike, closed: bool = False, sides: int = 12) -> Parts:
    """
    Return a round bar along a polyline in the plane y = 0, one part per segment.

    :param line: (P, 3) [m]
    :param radius: one value, or one per point [m]
    :param closed: join the last point to the first
    """
    line = np.asarray(line, float)
    along = np.roll(line, -1, 0) - np.roll(line, 1, 0) if closed else np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0])
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    rings = [
        point + width * (np.cos(angle) * across + np.sin(angle) * np.cross(across, direction))
        for point, width, direction in zip(
            line, np.broadcast_to(radius, len(line)), along)]
    pairs = zip(rings, [*rings[1:], rings[0]] if closed else rings[1:])
    return [np.concatenate(pair) for pair in pairs]


def superquadric(size: ArrayLike, roundness: Sequence[float] | NDArray[np.float64]) -> Parts:
    """
    Return a convex body between box, cylinder and ball, centred (superquadrics of Barr, 1981).

    :param size: (3,) half axes [m]
    :param roundness: (2,) exponents along meridians and parallels, in (0, 2]
    """
    meridian, parallel = roundness
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 17)[:, None]
    longitude = np.linspace(-np.pi, np.pi, 32, endpoint=False)[None]
    points = np.stack([
        _power(np.cos(latitude), meridian) * _power(np.cos(longitude), parallel),
        _power(np.cos(latitude), meridian) * _power(np.sin(longitude), parallel),
        _power(np.sin(latitude), meridian) * np.ones_like(longitude)], -1)
    return [points.reshape(-1, 3) * np.asarray(size, float)]


def _grown(part: Part) -> Part:
    outward = part - part.mean(0)
    return part + GROWTH * outward / np.linalg.norm(outward, axis=1, keepdims=True)


def _power(value: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    value = value.round(12)  # The cosine at a pole is not quite zero.
    return np.sign(value) * np.abs(value) ** exponent

# SPDX-License-Identifier: Apache-2.0
"""Parametric objects for demonstrations and tests: closed meshes standing on z = 0."""

from __future__ import annotations

import numpy as np
import trimesh


def mug(
    radius: float = 0.040,
    height: float = 0.095,
    wall: float = 0.0035,
    base: float = 0.006,
    handle_reach: float = 0.032,
    handle_height: float = 0.062,
    handle_radius: float = 0.0055,
    sections: int = 64,
) -> trimesh.Trimesh:
    """
    Return a mug whose axis is z and whose handle points to +x.

    :param radius: of the outer wall [m].
    :param height: [m].
    :param wall: thickness of the wall [m].
    :param base: thickness of the bottom [m].
    :param handle_reach: largest distance of the handle's centre line from the wall [m].
    :param handle_height: distance between the handle's two ends [m].
    :param handle_radius: half the thickness of the handle [m].
    :param sections: number of sides that approximate the round parts.
    :return: watertight, origin at the centre of the bottom, in metres.
    """
    body = trimesh.creation.cylinder(radius=radius, height=height, sections=sections)
    body.apply_translation((0.0, 0.0, 0.5 * height))
    hollow = trimesh.creation.cylinder(radius=radius - wall, height=height, sections=sections)
    hollow.apply_translation((0.0, 0.0, 0.5 * height + base))
    handle = _handle(
        radius - 0.5 * wall, 0.52 * height, handle_reach + 0.5 * wall, 0.5 * handle_height,
        handle_radius)
    whole = trimesh.boolean.union([body, handle], engine='manifold')
    # The hollow is cut last, so that the handle's ends do not protrude into it.
    hollowed: trimesh.Trimesh = trimesh.boolean.difference([whole, hollow], engine='manifold')
    return hollowed


def _handle(
    start: float, middle: float, reach: float, half_height: float, radius: float
) -> trimesh.Trimesh:
    """Return half an elliptic ring in the plane y = 0, its ends at x = ``start``."""
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 25)
    line = np.stack(
        [start + reach * np.cos(angle), 0.0 * angle, middle + half_height * np.sin(angle)],
        axis=1)
    return _tube(line, radius, 16)


def _tube(line: np.ndarray, radius: float, sections: int) -> trimesh.Trimesh:
    """Return a round bar of the given radius along ``line`` (P, 3) in the plane y = 0."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0])
    outward = np.cross(across, along)  # (P, 3)
    angle = np.linspace(0.0, 2.0 * np.pi, sections, endpoint=False)[None, :, None]
    rings = line[:, None] + radius * (
        np.cos(angle) * across + np.sin(angle) * outward[:, None])  # (P, sections, 3)
    count = rings.shape[0] * sections
    quads = np.arange(count - sections).reshape(-1, sections)
    right = np.roll(quads, -1, axis=1)
    side = np.concatenate([
        np.stack([quads, right, right + sections], axis=-1).reshape(-1, 3),
        np.stack([quads, right + sections, quads + sections], axis=-1).reshape(-1, 3),
    ])
    ring = np.arange(sections)
    first = np.stack([np.roll(ring, -1), ring, np.full(sections, count)], axis=1)
    last = np.stack([ring, np.roll(ring, -1), np.full(sections, sections + 1)], axis=1)
    vertices = np.concatenate([rings.reshape(-1, 3), line[[0, -1]]])
    faces = np.concatenate([side, first, last + count - sections])
    mesh = trimesh.Trimesh(vertices, faces)
    mesh.fix_normals()
    return mesh

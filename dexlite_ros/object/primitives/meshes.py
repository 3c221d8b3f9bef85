# SPDX-License-Identifier: Apache-2.0
"""Closed meshes of solids of revolution and of extruded outlines."""

from __future__ import annotations

import manifold3d
import numpy as np
from numpy.typing import NDArray
import trimesh

Array = NDArray[np.float64]

SECTIONS = 48
"""Number of sides that approximate a circle."""


def turned_profile(radius: Array, place: Array) -> trimesh.Trimesh:
    """
    Return the solid of revolution about z with flat ends.

    Its sides lie half inside and half outside of the circle that they approximate.

    :param radius: (P,) above zero [m].
    :param place: (P,) increasing z of these radii [m].
    """
    angle = np.linspace(0.0, 2.0 * np.pi, SECTIONS, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    even = 2.0 / (1.0 + np.cos(np.pi / SECTIONS))
    ring = even * radius[:, None, None] * circle  # (P, S, 2)
    height = np.broadcast_to(place[:, None, None], (*ring.shape[:2], 1))
    ends = np.array([[0.0, 0.0, place[0]], [0.0, 0.0, place[-1]]])
    vertices = np.concatenate([np.concatenate([ring, height], axis=2).reshape(-1, 3), ends])
    here = np.arange(SECTIONS)
    after = np.roll(here, -1)
    faces = [np.stack([np.full(SECTIONS, len(vertices) - 2), after, here], axis=1)]
    for row in range(len(radius) - 1):
        a, b = row * SECTIONS, (row + 1) * SECTIONS
        faces += [np.stack([a + here, a + after, b + after], axis=1),
                  np.stack([a + here, b + after, b + here], axis=1)]
    last = (len(radius) - 1) * SECTIONS
    faces.append(np.stack(
        [np.full(SECTIONS, len(vertices) - 1), last + here, last + after], axis=1))
    return trimesh.Trimesh(vertices, np.concatenate(faces), process=False)


def extruded(outline: manifold3d.CrossSection, height: float) -> trimesh.Trimesh:
    """Return the solid above an outline, from z = 0 up to ``height`` [m]."""
    mesh = outline.extrude(height).to_mesh64()
    return trimesh.Trimesh(
        np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts, np.int64),
        process=False)

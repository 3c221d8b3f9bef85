# SPDX-License-Identifier: Apache-2.0
"""Meshes as people store them: good ones, and each kind of fault made from them."""

from collections.abc import Sequence

import numpy as np
import trimesh

CAN = trimesh.creation.cylinder(radius=0.03, height=0.1, sections=32)
BOX = trimesh.creation.box((0.04, 0.06, 0.10))
BALL = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
CORE = trimesh.creation.icosphere(subdivisions=3, radius=0.02)


def moved(mesh: trimesh.Trimesh, shift: Sequence[float]) -> trimesh.Trimesh:
    """Return a moved copy."""
    return mesh.copy().apply_translation(shift)


def turned(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return a copy that is inside out."""
    copy = mesh.copy()
    copy.invert()
    return copy


def mixed(mesh: trimesh.Trimesh, share: float, seed: int = 0) -> trimesh.Trimesh:
    """Return a copy with a random share of its faces wound the other way."""
    faces = np.array(mesh.faces)
    wrong = np.random.default_rng(seed).random(len(faces)) < share
    faces[wrong] = faces[wrong][:, ::-1]
    return trimesh.Trimesh(mesh.vertices, faces, process=False)


def together(*meshes: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return all bodies in one mesh, their equal vertices merged as in a file."""
    whole = trimesh.util.concatenate([mesh.copy() for mesh in meshes])
    whole.merge_vertices()
    return whole


def part(mesh: trimesh.Trimesh, keep: np.ndarray) -> trimesh.Trimesh:
    """Return the faces to keep."""
    left = trimesh.Trimesh(mesh.vertices, mesh.faces[keep], process=False)
    left.remove_unreferenced_vertices()
    return left


def mug() -> tuple[trimesh.Trimesh, trimesh.Trimesh, trimesh.Trimesh]:
    """Return a mug without its handle, the handle sunk into the wall, and both united."""
    inside = moved(trimesh.creation.cylinder(radius=0.036, height=0.09), (0, 0, 0.005))
    cup = trimesh.boolean.difference(
        [trimesh.creation.cylinder(radius=0.04, height=0.09), inside], engine='manifold')
    ring = trimesh.creation.torus(0.025, 0.005)
    ring.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, (1, 0, 0)))
    ring.apply_translation((0.058, 0, 0))
    return cup, ring, trimesh.boolean.union([cup, ring], engine='manifold')


def bottle() -> trimesh.Trimesh:
    """Return a bottle with small faces."""
    profile = [(0, 0), (0.03, 0), (0.033, 0.004), (0.033, 0.12), (0.014, 0.155), (0.014, 0.18),
               (0, 0.18)]
    return trimesh.creation.revolve(profile, sections=32).subdivide_to_size(0.008)


def bowl() -> trimesh.Trimesh:
    """Return half a sphere of 5 cm radius without thickness."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.05)
    return part(ball, ball.triangles_center[:, 2] < 0)


def cup() -> trimesh.Trimesh:
    """Return the can without its top and without thickness."""
    return part(CAN, ~(CAN.face_normals[:, 2] > 0.5))

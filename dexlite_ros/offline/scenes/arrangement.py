# SPDX-License-Identifier: Apache-2.0
"""Objects beside an object on a table, none touching another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import ConvexHull
import trimesh

from dexlite_ros.offline.objects.measured_cloud import at_rest
from dexlite_ros.offline.scenes.body_rays import Array

GAP = 0.01
"""Smallest distance between objects, seen from above [m]."""
GAP_MAX = 0.1
"""Largest distance that is wanted between an object and the nearest other one [m]."""
GAP_IN_FRONT = 0.03
"""The same on the camera's side, where neighbours are to hide a part of the object [m]."""
REACH = 0.25
"""Largest distance from the first object to a neighbour, seen from above [m]."""
STEP = 0.005
"""Neighbours are pushed outwards in steps of this length [m]."""
IN_FRONT_ANGLE = np.deg2rad(20.0)
"""Largest angle at the object between a neighbour on the camera's side and the camera [rad]."""
EYE_CLEARANCE = 0.1
"""Smallest distance from a neighbour's bounding box to the camera [m]."""
TRIES = 8


def stand(mesh: trimesh.Trimesh, rng: np.random.Generator) -> Array:
    """Return a pose (4, 4) of a mesh at rest on z = 0, its middle above the origin, any way up."""
    pose = _turn(rng) @ at_rest(mesh, rng)
    bounds = mesh.copy().apply_transform(pose).bounds
    pose[:3, 3] -= [*bounds.mean(axis=0)[:2], bounds[0, 2]]
    return pose


def stand_beside(
    first: trimesh.Trimesh, others: Sequence[trimesh.Trimesh], eye: Array, in_front: bool,
    rng: np.random.Generator,
) -> tuple[trimesh.Trimesh, ...]:
    """
    Return meshes moved beside a first one; those without a free place are left out.

    They are turned about the vertical, and stand at least ``GAP`` from each other and, seen from
    above, at most ``REACH`` from the first.

    :param first: mesh in the world, z up, the table at z = 0 [m]
    :param others: meshes that stand on the table, each with its middle above the origin [m]
    :param eye: (3,) position of the camera in the world [m]
    :param in_front: put every other one, the first of them included, on the camera's side, where
        it may hide a part of the object
    """
    placed = [first]
    for index, other in enumerate(others):
        for _ in range(TRIES):
            turned = other.copy().apply_transform(_turn(rng))
            beside = _pushed_out(turned, placed, eye, in_front and index % 2 == 0, rng)
            if beside is not None:
                placed.append(beside)
                break
    return tuple(placed[1:])


def separation(one: trimesh.Trimesh, other: trimesh.Trimesh) -> float:
    """
    Return a lower bound of the distance of two meshes in the world [m].

    It is the widest gap, seen from above, between two parallel lines that part them, one of which
    lies along a side of either's hull; negative where there is none.
    """
    return _separation(_footprint(one), _footprint(other))


def _pushed_out(
    standing: trimesh.Trimesh, placed: Sequence[trimesh.Trimesh], eye: Array, in_front: bool,
    rng: np.random.Generator,
) -> trimesh.Trimesh | None:
    """
    Return a mesh moved from the first one's middle in a random direction until it is free.

    :param in_front: move it towards the camera
    :return: None when it ends too far from the first one, or too close to the camera
    """
    middle = placed[0].bounds.mean(axis=0)
    if in_front:
        towards = np.arctan2(*(eye - middle)[[1, 0]])
        azimuth = towards + rng.uniform(-IN_FRONT_ANGLE, IN_FRONT_ANGLE)
    else:
        azimuth = rng.uniform(0.0, 2.0 * np.pi)
    direction = np.array([np.cos(azimuth), np.sin(azimuth)])
    gap = rng.uniform(GAP, GAP_IN_FRONT if in_front else GAP_MAX)
    outlines = [_footprint(each) for each in placed]
    outline = _footprint(standing) + middle[:2]
    shift = 0.0
    while min(_separation(outline + shift * direction, each) for each in outlines) < gap:
        shift += STEP
    if _separation(outline + shift * direction, outlines[0]) > REACH:
        return None
    moved = standing.copy().apply_translation([*(middle[:2] + shift * direction), 0.0])
    low, high = moved.bounds
    clear = np.linalg.norm(np.maximum(np.maximum(low - eye, eye - high), 0.0))
    return moved if clear > EYE_CLEARANCE else None


def _turn(rng: np.random.Generator) -> Array:
    """Return a random rotation (4, 4) about the vertical."""
    return trimesh.transformations.rotation_matrix(rng.uniform(0.0, 2.0 * np.pi), (0, 0, 1))


def _footprint(mesh: trimesh.Trimesh) -> Array:
    """Return the corners (V, 2) of a mesh's outline from above, counterclockwise [m]."""
    flat = np.asarray(mesh.vertices)[:, :2]
    return flat[ConvexHull(flat).vertices]


def _separation(one: Array, other: Array) -> float:
    """Return the widest gap between the lines along one side of two outlines (V, 2) [m]."""
    gaps = []
    for outline, far in ((one, other), (other, one)):
        side = np.roll(outline, -1, axis=0) - outline
        normal = np.column_stack([side[:, 1], -side[:, 0]])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        beyond = far @ normal.T - np.einsum('vi,vi->v', outline, normal)
        gaps.append(beyond.min(axis=0).max())
    return float(max(gaps))

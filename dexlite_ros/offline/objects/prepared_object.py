# SPDX-License-Identifier: Apache-2.0
"""
An object prepared for grasping: cloud, convex pieces, mass, and resting poses on a table.

Everything is at scale 1, in metres, in the frame of its mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import UnusableObject
from dexlite_ros.object.geometry_file import MENDED
from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.table_stability import MASS, resting_poses, table_stability
from dexlite_ros.surface_points import spread_points

CLOUD_POINTS = 2048
REACH_MAX = 0.32
"""Largest coordinate that a dataset can store [m]."""
POSES = 3
"""Number of resting poses tried, most likely first."""
VALIDATION_SHARE = 10
"""One in this many objects is for validation."""


@dataclass(frozen=True)
class StablePose:
    """A resting pose on a table, and its outcome after 2 s of simulation."""

    pose: NDArray[np.float64]
    """(4, 4) pose of the object, standing on z = 0 [m]."""
    verdict: Verdict


@dataclass(frozen=True)
class PreparedObject:
    """An object and its computed properties."""

    name: str
    family: str
    licence: str
    digest: str
    """Hash of its mesh."""
    split: str
    """'train' or 'val'."""
    points: NDArray[np.float64]
    """(P, 3) points spread evenly over its surface [m]."""
    normals: NDArray[np.float64]
    """(P, 3) outward unit normals."""
    pieces: list[NDArray[np.float64]]
    """Corners (V, 3) of its convex pieces [m]."""
    volume: float
    """Volume of its mesh [m^3]."""
    centre_of_mass: NDArray[np.float64]
    """(3,) [m]"""
    inertia: NDArray[np.float64]
    """(3, 3) inertia about the centre of mass, for uniform density and 0.1 kg [kg m^2]."""
    poses: list[StablePose]
    mended: tuple[str, ...] = ()
    """What was changed in its mesh, in sentences; not stored in datasets."""

    @property
    def rests(self) -> bool:
        """Whether it is stable in any of its poses, without rolling or sliding off."""
        return any(each.verdict.passed for each in self.poses)


def split_of(target: Target) -> str:
    """Return 'train' or 'val', from the object's name, or that of its group if it has one."""
    name = target.group or target.name
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    return 'train' if number % VALIDATION_SHARE else 'val'


def prepare(target: Target) -> PreparedObject:
    """
    Return a prepared object; its poses are tested in the judge's simulation.

    :raises FileError: for a mesh that cannot be used
    :raises UnusableObject: for a mesh that cannot be simulated, or extends too far from its origin
    """
    mesh, pieces = load_target(target)
    reach = float(np.abs(mesh.bounds).max())
    if reach > REACH_MAX:
        raise UnusableObject(
            f'{target.name} reaches {reach:g} m from its origin, more than {REACH_MAX} m; move '
            'the origin of its file to its centre')
    digest = mesh_digest(mesh)
    points, normals = surface_cloud(mesh, digest)
    return PreparedObject(
        target.name, target.family, target.licence or 'unknown', digest, split_of(target),
        points, normals, pieces, float(mesh.volume), np.asarray(mesh.center_mass),
        np.asarray(mesh.moment_inertia) * MASS / mesh.volume,
        [StablePose(pose, table_stability(pieces, pose)) for pose in resting_poses(mesh, POSES)],
        mesh.metadata.get(MENDED, ()))


def mesh_digest(mesh: trimesh.Trimesh) -> str:
    """Return a short hash of a mesh's content, rounded to micrometres."""
    corners = np.round(mesh.vertices * 1e6).astype(np.int64)
    return hashlib.sha256(
        corners.tobytes() + np.asarray(mesh.faces, np.int64).tobytes()).hexdigest()[:16]


def surface_cloud(
    mesh: trimesh.Trimesh, digest: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (P, 3) and normals (P, 3) on a mesh, always the same for the same digest."""
    return spread_points(mesh, CLOUD_POINTS, int(digest[:8], 16))

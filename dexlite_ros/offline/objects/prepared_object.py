"""
An object made ready for grasps: its cloud, its convex pieces, its mass, how it rests on a table.

Everything is at scale 1, in metres, in the frame of its mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import UnusableObject
from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.offline.physics.protocols import Verdict
from dexlite_ros.offline.physics.table_stability import MASS, resting_poses, table_stability
from dexlite_ros.surface_points import spread_points

CLOUD_POINTS = 2048
REACH_MAX = 0.32
"""Largest coordinate that a dataset can hold [m]."""
POSES = 3
"""Resting poses that are tried, the likeliest first."""
VALIDATION_SHARE = 10
"""One object in so many is for validation."""


@dataclass(frozen=True)
class StablePose:
    """A pose on a table, and what became of it in 2 s."""

    pose: NDArray[np.float64]
    """(4, 4) of the object, standing on z = 0 [m]."""
    verdict: Verdict


@dataclass(frozen=True)
class PreparedObject:
    """An object and what is known of it."""

    name: str
    family: str
    licence: str
    digest: str
    """Of its mesh."""
    split: str
    """'train' or 'val'."""
    points: NDArray[np.float64]
    """(P, 3) spread evenly over its surface [m]."""
    normals: NDArray[np.float64]
    """(P, 3) unit, outwards."""
    pieces: list[NDArray[np.float64]]
    """Corners (V, 3) of its convex pieces [m]."""
    volume: float
    """[m^3]"""
    centre_of_mass: NDArray[np.float64]
    """(3,) [m]"""
    inertia: NDArray[np.float64]
    """(3, 3) about the centre of mass, of even density and 0.1 kg [kg m^2]."""
    poses: list[StablePose]

    @property
    def rests(self) -> bool:
        """Whether it stays in any of its poses; what rolls or slides off does not."""
        return any(each.verdict.passed for each in self.poses)


def split_of(target: Target) -> str:
    """Return 'train' or 'val', by the object's name, or that of the group it looks like."""
    name = target.group or target.name
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    return 'train' if number % VALIDATION_SHARE else 'val'


def prepare(target: Target) -> PreparedObject:
    """
    Return everything about an object; its poses are tried in the judge's physics.

    :raises FileError: for a mesh that cannot be used
    :raises UnusableObject: for one that cannot be simulated, or lies far from its origin
    """
    mesh, pieces = load_target(target)
    reach = float(np.abs(mesh.bounds).max())
    if reach > REACH_MAX:
        raise UnusableObject(
            f'{target.name} reaches {reach:g} m from its origin, more than {REACH_MAX} m; move '
            'the origin of its file to its middle')
    digest = mesh_digest(mesh)
    points, normals = surface_cloud(mesh, digest)
    return PreparedObject(
        target.name, target.family, target.licence or 'unknown', digest, split_of(target),
        points, normals, pieces, float(mesh.volume), np.asarray(mesh.center_mass),
        np.asarray(mesh.moment_inertia) * MASS / mesh.volume,
        [StablePose(pose, table_stability(pieces, pose)) for pose in resting_poses(mesh, POSES)])


def mesh_digest(mesh: trimesh.Trimesh) -> str:
    """Return a short name of a mesh's content; micrometres do not count."""
    corners = np.round(mesh.vertices * 1e6).astype(np.int64)
    return hashlib.sha256(
        corners.tobytes() + np.asarray(mesh.faces, np.int64).tobytes()).hexdigest()[:16]


def surface_cloud(
    mesh: trimesh.Trimesh, digest: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (P, 3) and normals (P, 3) on a mesh, the same ones for the same digest."""
    return spread_points(mesh, CLOUD_POINTS, int(digest[:8], 16))


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

from dexlite_ros.offline.object_source import family, load_target, ProceduralObject, Target
from dexlite_ros.offline.table_stability import MASS, resting_poses, table_stability
from dexlite_ros.offline.validation import Verdict

CLOUD_POINTS = 2048
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

    @property
    def split(self) -> str:
        """'train' or 'val', by the name alone."""
        return split_of(self.name)


def split_of(name: str) -> str:
    """Return the split an object of that name belongs to, 'train' or 'val'."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    return 'train' if number % VALIDATION_SHARE else 'val'


def prepare(target: Target) -> PreparedObject:
    """
    Return everything about an object; its poses are tried in the judge's physics.

    :raises FileError: for a mesh that cannot be used
    """
    mesh, pieces = load_target(target)
    digest = mesh_digest(mesh)
    points, normals = surface_cloud(mesh, digest)
    return PreparedObject(
        target.name, family(target),
        'Apache-2.0' if isinstance(target, ProceduralObject) else target.licence or 'unknown',
        digest, points, normals, pieces, float(mesh.volume), np.asarray(mesh.center_mass),
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
    # Four times as many are drawn and thinned evenly, so that no place is left out.
    seed = int(digest[:8], 16)
    points, faces = trimesh.sample.sample_surface(mesh, 4 * CLOUD_POINTS, seed=seed)
    kept = _farthest(np.asarray(points), CLOUD_POINTS)
    return np.asarray(points)[kept], np.asarray(mesh.face_normals)[faces[kept]]


def _farthest(points: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return indices of ``count`` points, each as far as possible from those before it."""
    kept = np.zeros(count, np.int64)
    distance = np.full(len(points), np.inf)
    for place in range(1, count):
        offset = points - points[kept[place - 1]]
        np.minimum(distance, np.einsum('ij,ij->i', offset, offset), out=distance)
        kept[place] = distance.argmax()
    return kept

# SPDX-License-Identifier: Apache-2.0
"""
Meshes as they come, made into what they enclose: one solid, or an error that says why not.

Files are wound inside out, body by body or face by face; they store bodies twice, let them
overlap, leave holes, or give a shell no thickness. A mesh without any of this stays as it is, to
the last bit; the others become the nearest solid, or are refused. Nothing here depends on where a
mesh stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.mesh_bodies import enclosed
from dexlite_ros.object.mesh_openings import closed
from dexlite_ros.object.solidity import check_solid
from dexlite_ros.object.touching_bodies import taken_apart

DEBRIS = 0.03
"""Bodies whose diagonal is at most this share of the largest one's are dropped."""


@dataclass(frozen=True)
class Mended:
    """A solid, and what had to be done for it."""

    mesh: trimesh.Trimesh
    """Closed, wound outwards [m]."""
    notes: tuple[str, ...]
    """What was changed, in sentences; empty: nothing."""


@np.errstate(divide='ignore', invalid='ignore')  # No volume, no centre of mass: refused below.
def mend(mesh: trimesh.Trimesh) -> Mended:
    """
    Return the solid that a mesh encloses.

    :param mesh: its vertices merged [m]; it is not changed
    :raises BadMesh: when it encloses none, or does not tell which
    """
    if mesh.body_count == 1 and mesh.is_volume:
        check_solid(mesh)
        return Mended(mesh, ())
    tidy, notes = _tidied(mesh)
    apart = taken_apart(tidy)
    bodies = _bodies(apart)
    kept = _without_debris(bodies)
    if len(kept) < len(bodies):
        notes.append(f'{len(bodies) - len(kept)} of {len(bodies)} bodies dropped as debris')
    whole = [body for body in kept if body.is_watertight]
    for body in kept:
        if not body.is_watertight:
            solid, how = closed(body, whole)
            whole.append(solid)
            notes.append(how)
    solid, more = enclosed(whole, touching=apart is not tidy)
    notes += more
    check_solid(solid)
    return Mended(solid, tuple(notes)) if notes else Mended(mesh, ())


def _tidied(mesh: trimesh.Trimesh) -> tuple[trimesh.Trimesh, list[str]]:
    """Return a mesh without useless faces and wound consistently, and what was changed."""
    faces, notes = np.asarray(mesh.faces), []
    corners = np.sort(faces, axis=1)
    useful = (np.diff(corners, axis=1) > 0).all(axis=1)
    useful &= np.isfinite(np.asarray(mesh.vertices)[faces]).all(axis=(1, 2))
    spread = _without_area(mesh, faces[useful])
    if not len(spread):
        raise BadMesh('none of its faces has an area')
    faces = _best([faces[useful], spread])
    if len(faces) < len(mesh.faces):
        notes.append(f'{len(mesh.faces) - len(faces)} faces without area dropped')
    once, single = _without_copies(faces)
    fewer = _best([once, single]) if len(once) < len(faces) else faces
    if len(fewer) < len(faces):
        notes.append(f'{len(faces) - len(fewer)} repeated faces dropped')
    tidy = trimesh.Trimesh(mesh.vertices, fewer, process=False)
    if not tidy.is_winding_consistent:
        before = tidy.faces.copy()
        trimesh.repair.fix_winding(tidy)
        turned = int((before != tidy.faces).any(axis=1).sum())
        if turned:
            turned = min(turned, len(before) - turned)
            notes.append(f'{turned} of {len(before)} faces turned to agree with the others')
    return tidy, notes


def _best(choices: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the faces with the fewest edges that do not join two of them; ties: the first."""
    return min(choices, key=_loose_edges)


def _loose_edges(faces: NDArray[np.int64]) -> float:
    """Return the number of edges that do not belong to exactly two faces."""
    if not len(faces):
        return np.inf
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    count = np.unique(edges, axis=0, return_counts=True)[1]
    return float((count % 2 == 1).sum() + (count > 2).sum())


def _without_area(mesh: trimesh.Trimesh, faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the faces whose corners are not in one line."""
    triangles = np.asarray(mesh.vertices)[faces]
    longest = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
    area = np.asarray(trimesh.triangles.area(triangles))
    return np.asarray(faces[area > 1e-9 * longest**2])


def _without_copies(
    faces: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the faces with one of each set of copies, and without any that have copies."""
    _, index, inverse, count = np.unique(
        np.sort(faces, axis=1), axis=0, return_index=True, return_inverse=True,
        return_counts=True)
    return faces[np.sort(index)], faces[count[inverse.ravel()] == 1]


def _bodies(mesh: trimesh.Trimesh) -> list[trimesh.Trimesh]:
    """Return the parts of a mesh whose faces are connected by edges."""
    groups = trimesh.graph.connected_components(
        mesh.face_adjacency, nodes=np.arange(len(mesh.faces)), min_len=1)
    bodies = []
    for group in groups:
        used, faces = np.unique(np.asarray(mesh.faces)[group], return_inverse=True)
        bodies.append(trimesh.Trimesh(
            np.asarray(mesh.vertices)[used], faces.reshape(-1, 3), process=False))
    for body in bodies:
        if not body.is_winding_consistent:
            raise BadMesh('its surface has only one side, like a Moebius strip')
    return bodies


def _without_debris(bodies: list[trimesh.Trimesh]) -> list[trimesh.Trimesh]:
    """Return the bodies that are not tiny compared with the largest one."""
    size = np.array([np.linalg.norm(np.ptp(body.vertices, axis=0)) for body in bodies])
    return [body for body, each in zip(bodies, size) if each > DEBRIS * size.max()]

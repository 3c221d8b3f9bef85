# SPDX-License-Identifier: Apache-2.0
"""
Openings of a surface: holes to be closed, or the edge of a shell that has no thickness.

Which of the two an opening is, its size and the surface around it tell; where they do not, the
surface is refused, because a can that was scanned without its bottom and a cup that was drawn
without wall look alike.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import manifold3d
import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.solidity import winding_numbers

HOLE_MAX = 0.05
"""Openings that make up at most this share of the closed surface are holes."""
SMOOTH_HOLE_MAX = 0.25
"""The same for openings across which the surface goes on smoothly."""
SHELL_MIN = 0.2
"""Openings that make up at least this share are those of a shell."""
SMOOTH = np.deg2rad(45.0)
"""Largest angle between a lid and the surface around it that counts as smooth [rad]."""
WALL = 0.002
"""Thickness given to a shell [m]."""
WALL_SHARE = 0.05
"""Largest thickness given to a shell, relative to its diagonal."""
BENT = 0.25
"""An opening is bent if its third extent is at least this share of its second one."""
STRETCH = 2.0
"""Largest distance of a moved corner, relative to that of its faces."""


@dataclass(frozen=True)
class Opening:
    """A closed line along which a surface ends, and the lid that closes it."""

    line: NDArray[np.int64]
    """(L,) vertices of the surface, in the order in which a lid is wound."""
    lid: NDArray[np.int64]
    """(L - 2, 3) vertices of the lid's faces."""
    area: float
    """Its area [m^2]."""
    angle: float
    """Mean angle between the lid and the faces next to it [rad]; 0: in one plane."""


def closed(
    body: trimesh.Trimesh, others: list[trimesh.Trimesh]
) -> tuple[trimesh.Trimesh, str]:
    """
    Return an open surface made solid, and a sentence on how.

    :param body: one connected surface, wound consistently [m]
    :param others: closed bodies in which openings may be hidden [m]
    :raises BadMesh: when it does not tell whether it is solid or hollow
    """
    openings = _openings(body)
    whole = body.area + sum(each.area for each in openings)
    visible = [each for each in openings if not _hidden(body, each, others)]
    rough = sum(each.area for each in visible if each.angle >= SMOOTH) / whole
    smooth = sum(each.area for each in visible if each.angle < SMOOTH) / whole
    if rough <= HOLE_MAX and smooth <= SMOOTH_HOLE_MAX:
        lids = [each.lid for each in openings]
        filled = trimesh.Trimesh(
            body.vertices, np.concatenate([body.faces, *lids]), process=False)
        count = len(openings)
        return filled, f'{count} hole{"s" * (count > 1)} closed'
    if rough + smooth >= SHELL_MIN:
        thickness = min(WALL, WALL_SHARE * float(np.linalg.norm(body.extents)))
        return walled(body, thickness), (
            f'an open shell without thickness became a wall of {1e3 * thickness:.2g} mm')
    raise BadMesh(
        f'it is open: {rough + smooth:.0%} of its closed surface is missing, which does not tell '
        'whether it is solid or a shell; close it, or give its wall a thickness')


def walled(shell: trimesh.Trimesh, thickness: float) -> trimesh.Trimesh:
    """
    Return the solid wall whose middle is an open surface.

    :param shell: wound consistently, either way [m]
    :param thickness: [m]
    :raises BadMesh: for a surface in one plane
    """
    corners = np.asarray(shell.vertices) - shell.vertices.mean(axis=0)
    if np.linalg.svd(corners, compute_uv=False)[2] < 1e-6 * np.linalg.norm(corners):
        raise BadMesh('it is flat, so it has no volume')
    shift = 0.5 * thickness * _offsets(shell)
    count = len(shell.vertices)
    edge = _boundary(np.asarray(shell.faces))
    first, second = edge[:, 0], edge[:, 1]
    rim = np.concatenate([
        np.stack([second, first, first + count], axis=1),
        np.stack([second, first + count, second + count], axis=1)])
    faces = np.concatenate([shell.faces, shell.faces[:, ::-1] + count, rim])
    vertices = np.concatenate([shell.vertices + shift, shell.vertices - shift])
    return trimesh.Trimesh(vertices, faces, process=False)


def _offsets(shell: trimesh.Trimesh) -> NDArray[np.float64]:
    """Return the shift (V, 3) of each vertex that moves all its faces outwards by one."""
    normals = np.asarray(shell.face_normals)
    total = np.zeros((len(shell.vertices), 3))
    square = np.zeros((len(shell.vertices), 3, 3))
    for corner in range(3):
        weight = np.asarray(shell.face_angles)[:, corner, None]
        np.add.at(total, shell.faces[:, corner], weight * normals)
        np.add.at(square, shell.faces[:, corner],
                  weight[..., None] * normals[:, :, None] * normals[:, None])
    # Directions in which the faces do not determine the shift are left alone.
    shift = np.einsum(
        'vij,vj->vi', np.linalg.pinv(square, rcond=0.05, hermitian=True), total)
    length = np.linalg.norm(shift, axis=1, keepdims=True)
    shift *= np.minimum(1.0, STRETCH / np.maximum(length, 1e-9))
    return np.asarray(shift)


def _hidden(body: trimesh.Trimesh, opening: Opening, others: list[trimesh.Trimesh]) -> bool:
    """Return whether an opening lies inside one of the other bodies."""
    line = body.vertices[opening.line]
    for other in others:
        if (line >= other.bounds[0]).all() and (line <= other.bounds[1]).all():
            if (np.abs(winding_numbers(np.asarray(other.triangles), line)) > 0.5).all():
                return True
    return False


def _openings(body: trimesh.Trimesh) -> list[Opening]:
    faces = np.asarray(body.faces)
    edges = np.sort(body.edges, axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    if (count > 2).any():
        raise BadMesh(f'more than two faces meet at {(count > 2).sum()} of its edges')
    owner = {tuple(edge): face for edge, face in zip(
        body.edges.tolist(), np.asarray(body.edges_face).tolist())}
    return [_opening(body, owner, line) for line in _lines(_boundary(faces))]


def _opening(
    body: trimesh.Trimesh, owner: dict[tuple[int, ...], int], line: NDArray[np.int64]
) -> Opening:
    """Return the opening along a line; ``owner`` has the face of each directed edge."""
    points = np.asarray(body.vertices)[line]
    centred = points - points.mean(axis=0)
    normal = 0.5 * np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    size = np.linalg.norm(normal)
    if size < 1e-12:  # A slit; any plane along it will do.
        normal = np.linalg.svd(centred)[2][2]
    normal = normal / np.linalg.norm(normal)
    across = np.linalg.svd(normal[None])[2][1:]  # (2, 3)
    if np.linalg.det([*across, normal]) < 0:
        across = across[::-1]
    # Coincident places, as in a slit, still give a lid with the right edges.
    lid = line[np.asarray(manifold3d.triangulate([centred @ across.T]), np.int64)]
    spread = np.linalg.svd(centred, compute_uv=False)
    # The lid of a jagged line is larger than the opening; across a bent one it is all there is.
    bent = 0.0 if spread[2] < BENT * spread[1] else float(
        np.sum(trimesh.triangles.area(np.asarray(body.vertices)[lid])))
    area = max(float(size), bent)
    step = np.roll(line, -1)
    beside = np.array([owner[int(b), int(a)] for a, b in zip(line, step)])
    length = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    cosine = np.clip(np.asarray(body.face_normals)[beside] @ normal, -1.0, 1.0)
    return Opening(line, lid, area, float(length @ np.arccos(cosine) / max(length.sum(), 1e-12)))


def _boundary(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the directed edges (E, 2) that belong to one face only, as that face has them."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, index, count = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True)
    return np.asarray(edges[index[count == 1]])


def _lines(edges: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return closed lines along reversed directed edges (E, 2); no vertex is twice in one."""
    following: dict[int, list[int]] = defaultdict(list)
    for first, second in edges.tolist():
        following[second].append(first)
    lines = []
    for start in list(following):
        while following[start]:
            path, place = [start], {start: 0}
            while following[path[-1]]:
                step = following[path[-1]].pop()
                if step in place:
                    lines.append(np.array(path[place[step]:]))
                    for each in path[place[step] + 1:]:
                        del place[each]
                    del path[place[step] + 1:]
                    if len(path) == 1 and not following[start]:
                        break
                else:
                    place[step] = len(path)
                    path.append(step)
            if len(path) > 1:
                raise BadMesh('its faces are wound inconsistently along its edge')
    return lines

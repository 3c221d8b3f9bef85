# SPDX-License-Identifier: Apache-2.0
"""
Bodies that touch along an edge, taken apart.

Merging equal vertices glues them together: more than two faces then meet at an edge, and nothing
tells any longer which of them belong together except how they lie around it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
import trimesh


def taken_apart(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """
    Return a mesh in which at most two faces share an edge, by repeating vertices.

    Of the faces around a crowded edge, two stay together if there is nothing but the inside of
    their body between them. Without crowded edges the mesh itself is returned.

    :param mesh: wound consistently
    """
    edges, owners = np.asarray(mesh.edges), np.asarray(mesh.edges_face)
    _, inverse, count = np.unique(
        np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    if (count <= 2).all():
        return mesh
    order, ends = np.argsort(inverse.ravel(), kind='stable'), np.cumsum(count)
    pairs, shared = [np.asarray(mesh.face_adjacency)], [np.asarray(mesh.face_adjacency_edges)]
    for edge in np.flatnonzero(count > 2):
        around = order[ends[edge] - count[edge]:ends[edge]]
        found = _pairs_around(mesh, edges[around], owners[around])
        pairs.append(found)
        shared.append(np.broadcast_to(edges[around[0]], found.shape))
    return _joined_only_by(mesh, np.concatenate(pairs), np.concatenate(shared))


def _pairs_around(
    mesh: trimesh.Trimesh, edges: NDArray[np.int64], faces: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the pairs (P, 2) of faces at one edge, of which ``edges`` has their directions."""
    start, end = mesh.vertices[edges[0].min()], mesh.vertices[edges[0].max()]
    axis = (end - start) / np.linalg.norm(end - start)
    away = mesh.vertices[mesh.faces[faces]].sum(axis=1) - 2 * start - end  # to the third corner
    across = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    across /= np.linalg.norm(across)
    angle = np.round(np.arctan2(away @ np.cross(axis, across), away @ across), 6)
    forward = edges[:, 0] < edges[:, 1]
    # The inside is clockwise of a face that runs along the axis, anticlockwise of the others.
    order = np.lexsort([~forward, angle])
    return np.array([
        [faces[before], faces[after]] for before, after in zip(np.roll(order, 1), order)
        if forward[after] and not forward[before]], np.int64).reshape(-1, 2)


def _joined_only_by(
    mesh: trimesh.Trimesh, pairs: NDArray[np.int64], edges: NDArray[np.int64]
) -> trimesh.Trimesh:
    """Return a mesh whose faces share a vertex only if pairs (P, 2) connect them around it."""
    faces = np.asarray(mesh.faces)
    links = []
    for end in range(2):
        corner = [3 * side + (faces[side] == edges[:, end, None]).argmax(axis=1)
                  for side in pairs.T]
        links.append(np.stack(corner, axis=1))
    link = np.concatenate(links)
    size = 3 * len(faces)
    _, label = connected_components(
        coo_matrix((np.ones(len(link)), link.T), (size, size)), directed=False)
    _, first = np.unique(label, return_index=True)
    return trimesh.Trimesh(
        np.asarray(mesh.vertices)[faces.ravel()[first]], label.reshape(-1, 3), process=False)

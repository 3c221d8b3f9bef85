# SPDX-License-Identifier: Apache-2.0
"""
Signed distances to a closed triangle mesh: of points, and of the nodes of a grid.

V vertices, F faces; the grid has X, Y, Z nodes along its axes. Lengths are in metres.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dexlite_ros.open3d_core import open3d_core, raycasting_scene

EXACT_BAND = 2.5
"""Half width of the band in which nodes hold the exact distance [spacings]."""
_ASIDE = np.array([0.00071, 0.00113, 0.00157], np.float32)
"""Offset of the rays from the nodes [spacings], so that they do not run along edges."""


def mesh_distance(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    origin: NDArray[np.floating],
    spacing: float,
    shape: NDArray[np.integer],
) -> NDArray[np.float32]:
    """
    Return the signed distance (X, Y, Z) of a grid's nodes to a closed mesh [m].

    Nodes near the surface hold the exact distance to the triangles; nodes farther away hold the
    distance to the nearest of the surface points found for those nodes.

    :param vertices: (V, 3), at least three spacings inside the grid [m]
    :param faces: (F, 3) indices into the vertices
    :param origin: (3,) position of node (0, 0, 0) [m]
    :param spacing: distance between neighbouring nodes [m]
    :param shape: (3,) numbers of nodes X, Y, Z
    """
    core, scene = open3d_core(), raycasting_scene((vertices, faces))
    axes = [origin[i] + spacing * np.arange(shape[i]) for i in range(3)]
    nodes = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1).astype(np.float32)
    votes = [_parity(core, scene, nodes, spacing, axis) for axis in range(3)]
    inside: NDArray[np.bool_] = np.asarray(votes).sum(axis=0) >= 2
    band = _grown(inside) & _grown(~inside)
    nearest = np.zeros_like(nodes)
    nearest[band] = scene.compute_closest_points(nodes[band])['points'].numpy()
    index = ndimage.distance_transform_edt(~band, return_distances=False, return_indices=True)
    nodes -= nearest[tuple(index)]
    distance: NDArray[np.float32] = np.sqrt(np.einsum('xyzi,xyzi->xyz', nodes, nodes))
    distance[inside] *= -1.0
    return distance


def signed_distance(
    vertices: NDArray[np.floating], faces: NDArray[np.integer], points: NDArray[np.floating]
) -> NDArray[np.float64]:
    """
    Return the signed distance (N,) of points (N, 3) to a closed mesh, negative inside [m].

    :param vertices: (V, 3) [m]
    :param faces: (F, 3) indices into the vertices
    """
    places = open3d_core().core.Tensor(np.array(points, np.float32))
    distance: NDArray[np.float64] = raycasting_scene((vertices, faces)).compute_signed_distance(
        places, nsamples=3).numpy().astype(np.float64)
    return distance


def _parity(
    core: Any, scene: Any, nodes: NDArray[np.float32], spacing: float, axis: int
) -> NDArray[np.uint8]:
    """Return 1 for the nodes (X, Y, Z) before which a ray along an axis is in the mesh, else 0."""
    count = nodes.shape[axis]
    start = np.take(nodes, 0, axis).reshape(-1, 3) + np.float32(spacing) * _ASIDE
    start[:, axis] = nodes[0, 0, 0, axis]
    step = np.zeros_like(start)
    step[:, axis] = spacing
    hits = scene.list_intersections(core.core.Tensor(np.concatenate([start, step], axis=1)))
    place = np.ceil(hits['t_hit'].numpy()).astype(np.int64)
    cell = hits['ray_ids'].numpy().astype(np.int64) * count + np.minimum(place, count - 1)
    passed = np.bincount(cell, minlength=len(start) * count).reshape(len(start), count)
    odd = (passed.cumsum(axis=1) % 2).astype(np.uint8)
    across = [size for other, size in enumerate(nodes.shape[:3]) if other != axis]
    return np.moveaxis(odd.reshape(*across, count), 2, axis)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """
    Return the nodes within ``EXACT_BAND`` spacings of a mask (X, Y, Z).

    Shifts in memory order wrap around at the border, where there is no surface.
    """
    reach = int(EXACT_BAND)
    shifts = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    shifts = shifts[(shifts**2).sum(axis=1) <= EXACT_BAND**2]
    flat, grown = mask.ravel(), mask.flatten()
    for shift in shifts @ (mask.shape[1] * mask.shape[2], mask.shape[2], 1):
        if shift > 0:
            grown[shift:] |= flat[:-shift]
        elif shift < 0:
            grown[:shift] |= flat[-shift:]
    return grown.reshape(mask.shape)

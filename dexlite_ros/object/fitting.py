# SPDX-License-Identifier: Apache-2.0
"""Closed triangle meshes through oriented points: N points, V vertices."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import Points
from dexlite_ros.open3d_core import open3d_core

SCALES = 1.2, 1.6, 2.4
"""Sizes of the octree's cube relative to the points; a surface that leaves the cube is open."""


def fit_poisson(
    points: Points,
    normals: Points,
    depth: int,
    measured: Points,
    smallest: float = SCALES[0],
) -> tuple[trimesh.Trimesh, float]:
    """
    Fit a closed surface to oriented points (Kazhdan and Hoppe 2013).

    :param points: (N, 3) [m].
    :param normals: (N, 3) unit, outwards.
    :param depth: depth of the octree.
    :param measured: (M, 3) points the surface must pass near [m].
    :param smallest: the smallest of ``SCALES`` to try.
    :return: the parts with more than 2 % of the largest part's volume, and the scale that held it.
    :raises BadCloud: when no closed surface passes near the measured points.
    """
    open3d = open3d_core()
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.normals = open3d.utility.Vector3dVector(normals)
    for scale in SCALES[SCALES.index(smallest):]:
        shape, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
            cloud, depth=depth, scale=scale, n_threads=1
        )
        mesh = _main_parts(trimesh.Trimesh(shape.vertices, shape.triangles, process=False))
        if len(mesh.faces) and is_closed(mesh) and _passes_near(mesh, measured):
            return mesh, scale
    raise BadCloud('no closed surface fits its points; check that they belong to one object')


def sharpen(
    mesh: trimesh.Trimesh,
    points: Points,
    normals: Points,
    spacing: float,
    blur: float,
) -> trimesh.Trimesh:
    """
    Move the vertices of ``mesh`` onto the planes of the nearest points.

    One step of moving least squares with weights that fall off across edges (Oeztireli et al.
    2009). It restores edges that the Poisson fit rounded, as far as the points allow.

    :param mesh: closed surface near the points [m].
    :param points: (N, 3) [m].
    :param normals: (N, 3) unit, outwards.
    :param spacing: of the points [m].
    :param blur: 0 (clean points) to 1 (noisy points, averaged over more neighbours).
    """
    count, width = round(8 + 16 * blur), (1.0 + blur) * spacing
    distance, index = cKDTree(points).query(mesh.vertices, k=count, workers=-1)
    near = normals[index]  # (V, count, 3)
    height = np.einsum('vki,vki->vk', mesh.vertices[:, None] - points[index], near)
    bend = 1.0 - np.einsum('vki,vi->vk', near, near[:, 0])
    square = distance**2 - distance[:, :1] ** 2
    weight = np.exp(-square / width**2 - (bend / 0.3) ** 2)
    weight /= weight.sum(axis=1, keepdims=True)
    along = np.einsum('vk,vki->vi', weight, near)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    step = np.clip(np.einsum('vk,vk->v', weight, height), -spacing, spacing)
    step *= distance[:, 0] < 2.0 * spacing
    return trimesh.Trimesh(mesh.vertices - step[:, None] * along, mesh.faces, process=False)


def is_closed(mesh: trimesh.Trimesh) -> bool:
    """Return whether faces meet in pairs at every edge, so that inside and outside exist."""
    return bool((np.bincount(mesh.edges_unique_inverse) % 2 == 0).all())


def _passes_near(mesh: trimesh.Trimesh, points: Points) -> bool:
    """Return whether nine tenths of ``points`` have a vertex of ``mesh`` within 1 cm."""
    distance, _ = cKDTree(mesh.vertices).query(points, distance_upper_bound=0.01)
    return bool(np.isfinite(distance).mean() > 0.9)


def _main_parts(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Drop the parts of ``mesh`` that are small, or are cavities inside another part."""
    label = trimesh.graph.connected_component_labels(mesh.edges, len(mesh.vertices))
    part = label[mesh.faces[:, 0]]
    corner = mesh.triangles - mesh.vertices.mean(axis=0)
    wedge = np.einsum('fi,fi->f', corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6.0
    volume = np.bincount(part, wedge)
    kept = (volume > max(0.02 * volume.max(), 0.0))[part]
    vertices, faces = np.unique(mesh.faces[kept], return_inverse=True)
    return trimesh.Trimesh(mesh.vertices[vertices], faces.reshape(-1, 3), process=False)

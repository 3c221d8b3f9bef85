"""
From a checked cloud to a closed surface.

The surface is a triangle mesh without openings, in metres and in the frame of the cloud. Distances
are to be taken from its triangles, never from the points: the nearest of many noisy points is
nearer to the outside than the surface is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import PointCloud, Points, mean_spacing
from dexlite_ros.object.orientation import estimate_normals, orient_normals


@dataclass(frozen=True)
class ObjectSurface:
    """A closed triangle mesh of V vertices and F faces."""

    vertices: Points
    """(V, 3) [m]."""
    faces: NDArray[np.int64]
    """(F, 3) vertex indices, counter-clockwise seen from outside."""
    seen_fraction: float
    """Share of the surface within 8 mm of a measured point; 1 for meshes."""
    method: str
    """How it was closed: ``mesh``, ``poisson``, ..."""


@dataclass(frozen=True)
class SurfaceSettings:
    """How a cloud is closed."""

    depth: int = 6
    """Depth of the octree of the Poisson equation; 2^depth cells along the longest side."""
    neighbours: int = 12
    """Points per local plane when the cloud is clean."""


def close_surface(
    cloud: PointCloud,
    support: object | None = None,
    settings: SurfaceSettings | None = None,
) -> ObjectSurface:
    """
    Close the surface of a clean cloud.

    :param cloud: checked by ``clean_cloud``.
    :param support: plane the object stands on, if known.
    :param settings: None takes the defaults.
    """
    settings = settings or SurfaceSettings()
    spacing = mean_spacing(cloud.points)
    normals, _ = estimate_normals(cloud.points, settings.neighbours)
    normals = orient_normals(cloud.points, normals, spacing)
    vertices, faces = poisson(cloud.points, normals, settings.depth)
    return ObjectSurface(vertices, faces, 1.0, 'poisson')


def poisson(
    points: Points,
    normals: Points,
    depth: int,
) -> tuple[Points, NDArray[np.int64]]:
    """
    Fit a closed surface to oriented points (Kazhdan et al. 2006, screened).

    :param points: (N, 3) [m].
    :param normals: (N, 3) unit, outwards.
    :param depth: of the octree.
    :return: vertices (V, 3) [m] and faces (F, 3).
    """
    import open3d

    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.normals = open3d.utility.Vector3dVector(normals)
    mesh, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        cloud, depth=depth, n_threads=1
    )
    if not mesh.has_triangles():
        raise BadCloud('no surface fits its points; check that they all belong to one object')
    return np.asarray(mesh.vertices).copy(), np.asarray(mesh.triangles).astype(np.int64)

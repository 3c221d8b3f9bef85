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
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import PointCloud, Points, mean_spacing
from dexlite_ros.object.completion import complete_view
from dexlite_ros.object.depth_view import find_eye
from dexlite_ros.object.orientation import estimate_normals, orient_normals
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.support import Plane

SEEN_WITHIN = 0.008
"""A place on the surface counts as seen when a measured point is this near [m]."""


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
    """How it was closed: ``mesh``, ``full``, or ``view`` with the symmetry used."""


@dataclass(frozen=True)
class SurfaceSettings:
    """How a cloud is closed."""

    depth: int = 6
    """Depth of the octree of the Poisson equation; 2^depth cells along the longest side."""
    neighbours: int = 12
    """Points per local plane."""
    max_points: int = 10000
    """Most points that enter the Poisson equation; completed clouds are thinned to it."""


def close_surface(
    cloud: PointCloud,
    support: Plane | None = None,
    settings: SurfaceSettings | None = None,
) -> ObjectSurface:
    """
    Close the surface of a clean cloud, completing the far side if one camera saw it.

    A cloud counts as one-sided when no point of it is hidden by others from its viewpoint, or,
    without one, from some direction.

    :param cloud: checked by ``clean_cloud``.
    :param support: plane the object stands on, if known; it bounds the unseen side.
    :param settings: None takes the defaults.
    :raises BadCloud: when no surface fits.
    """
    settings = settings or SurfaceSettings()
    points, spacing = cloud.points, mean_spacing(cloud.points)
    normals, _ = estimate_normals(points, settings.neighbours)
    eye = find_eye(points, cloud.viewpoint)
    method = 'full'
    if eye is None:
        normals = orient_normals(points, normals, spacing)
    else:
        away = np.einsum('ni,ni->n', normals, points - eye) > 0
        normals = np.where(away[:, None], -normals, normals)
        completed = complete_view(points, normals, eye, spacing, support)
        points, normals, method = completed.points, completed.normals, completed.method
        if len(points) > settings.max_points:
            pick = np.random.default_rng(0).permutation(len(points))[: settings.max_points]
            points, normals = points[pick], normals[pick]
    mesh = fit_poisson(points, normals, settings.depth)
    return ObjectSurface(
        np.array(mesh.vertices), np.array(mesh.faces), seen_fraction(mesh, cloud.points), method
    )


def surface_from_mesh(mesh: trimesh.Trimesh) -> ObjectSurface:
    """
    Return the surface of a mesh; one with openings is sampled and closed like a cloud.

    :param mesh: in metres.
    """
    if mesh.is_watertight:
        return ObjectSurface(np.array(mesh.vertices), np.array(mesh.faces), 1.0, 'mesh')
    return close_surface(sample_mesh(mesh, 4096, np.random.default_rng(0)))


def fit_poisson(points: Points, normals: Points, depth: int) -> trimesh.Trimesh:
    """
    Fit a closed surface to oriented points (Kazhdan and Hoppe 2013).

    :param points: (N, 3) [m].
    :param normals: (N, 3) unit, outwards.
    :param depth: of the octree.
    :return: the parts that enclose more than 2 % of the largest one's volume.
    :raises BadCloud: when nothing is enclosed.
    """
    import open3d

    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.normals = open3d.utility.Vector3dVector(normals)
    for scale in (1.2, 1.6, 2.4):  # a surface that leaves the octree's cube is cut open there
        shape, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
            cloud, depth=depth, scale=scale, n_threads=1
        )
        mesh = _main_parts(trimesh.Trimesh(shape.vertices, shape.triangles, process=False))
        if len(mesh.faces) and is_closed(mesh):
            return mesh
    raise BadCloud('no closed surface fits its points; check that they belong to one object')


def seen_fraction(mesh: trimesh.Trimesh, points: Points) -> float:
    """
    Return the share of the surface of ``mesh`` that has a measured point within 8 mm.

    :param mesh: closed surface [m].
    :param points: (N, 3) measured [m].
    """
    places = sample_mesh(mesh, 2000, np.random.default_rng(0)).points
    distance, _ = cKDTree(points).query(places, distance_upper_bound=SEEN_WITHIN)
    return float(np.isfinite(distance).mean())


def is_closed(mesh: trimesh.Trimesh) -> bool:
    """Tell whether every edge has faces in pairs, so that inside and outside are defined."""
    return bool((np.bincount(mesh.edges_unique_inverse) % 2 == 0).all())


def _main_parts(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Drop the parts of ``mesh`` that enclose little, or are bubbles inside another part."""
    label = trimesh.graph.connected_component_labels(mesh.edges, len(mesh.vertices))
    part = label[mesh.faces[:, 0]]
    corner = mesh.triangles - mesh.vertices.mean(axis=0)
    wedge = np.einsum('fi,fi->f', corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6.0
    volume = np.bincount(part, wedge)
    kept = (volume > max(0.02 * volume.max(), 0.0))[part]
    vertices, faces = np.unique(mesh.faces[kept], return_inverse=True)
    return trimesh.Trimesh(mesh.vertices[vertices], faces.reshape(-1, 3), process=False)

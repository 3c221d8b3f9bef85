# SPDX-License-Identifier: Apache-2.0
"""
From a checked cloud to a closed surface.

The surface is a triangle mesh without openings, in metres and in the frame of the cloud. Measure
distances from its triangles, never from the points: to an observer outside, the nearest of many
noisy points is closer than the surface, so distances to points are biased.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree, ConvexHull
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import mean_spacing, PointCloud, Points
from dexlite_ros.object.completion import complete_view
from dexlite_ros.object.fitting import fit_poisson, SCALES, sharpen
from dexlite_ros.object.orientation import estimate_noise, facing_normals, outward_normals
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.support import Plane

SEEN_WITHIN = 0.008
"""A part of the surface counts as seen if a measured point is within this distance [m]."""


BULGE = 0.05
"""How far an unseen part may bulge beyond the hull of the points, as a share of their extent."""


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
    """Method that closed it: ``mesh``; ``full``, or ``partial`` if a part was not seen, for clouds
    from several sides; ``view`` with the symmetry used."""


@dataclass(frozen=True)
class SurfaceSettings:
    """How a cloud is closed."""

    depth: int = 6
    """Depth of the octree of the Poisson equation; 2^depth cells along the longest side."""
    neighbours: tuple[int, int] = (10, 25)
    """Points per local plane in clean and in noisy clouds."""
    noisy: tuple[float, float] = (0.3, 0.4)
    """Noise relative to the spacing: clean up to the first value, noisy from the second."""
    astray: float = 0.95
    """Seen fraction below which the surface of a full cloud is refitted, one level deeper."""
    partial: float = 0.85
    """Seen fraction below which a cloud from several sides counts as incomplete."""
    max_points: int = 10000
    """Largest number of points for the Poisson fit; completed clouds are thinned to it."""


@dataclass(frozen=True)
class Texture:
    """Density and noise of a cloud."""

    spacing: float
    """Mean distance between neighbouring points [m]."""
    noise: float
    """Typical distance of points from the planes through their neighbours [m]."""
    blur: float
    """0 (clean cloud) to 1 (noisy cloud)."""
    neighbours: int
    """Number of points per local plane."""

    @classmethod
    def of(cls, points: Points, settings: SurfaceSettings) -> Texture:
        """Return the texture of ``points`` (N, 3) [m]."""
        spacing, noise = mean_spacing(points), estimate_noise(points)
        low, high = settings.noisy
        blur = float(np.clip((noise / spacing - low) / (high - low), 0.0, 1.0))
        few, many = settings.neighbours
        return cls(spacing, noise, blur, round(few + blur * (many - few)))


def close_surface(
    cloud: PointCloud,
    support: Plane | None = None,
    settings: SurfaceSettings | None = None,
    between: Callable[[], None] = lambda: None,
    noise: float = 0.0,
) -> ObjectSurface:
    """
    Close the surface of a clean cloud, completing the far side of a one-sided cloud.

    :param cloud: from ``clean_cloud``: one-sided if it has a viewpoint, else from all around.
    :param support: plane the object stands on, if known; it bounds the unseen side.
    :param settings: None: the defaults.
    :param between: called between long steps; ends the work by raising an error.
    :param noise: error of a cloud from one side, if more is known than the points tell [m].
    :raises BadCloud: when no surface fits.
    """
    settings = settings or SurfaceSettings()
    texture = Texture.of(cloud.points, settings)
    if cloud.viewpoint is None:
        return _close_full(cloud.points, texture, settings, between)
    try:
        return _close_view(
            cloud.points, cloud.viewpoint, texture, support, settings, between,
            max(noise, texture.noise))
    except BadCloud:
        feet = [] if support is None else [support.project(cloud.points)]
        hull = trimesh.convex.convex_hull(np.concatenate([cloud.points, *feet]))
        return _surface(hull, cloud.points, 'view+hull')


def _close_view(
    seen: Points,
    eye: Points,
    texture: Texture,
    support: Plane | None,
    settings: SurfaceSettings,
    between: Callable[[], None],
    noise: float,
) -> ObjectSurface:
    """Complete and close what was seen from ``eye``."""
    normals = facing_normals(seen, eye, texture.neighbours)
    whole = complete_view(seen, normals, eye, texture.spacing, support, noise)
    pick = np.random.default_rng(0).permutation(len(whole.points))[: settings.max_points]
    points, normals = whole.points[pick], whole.normals[pick]
    between()
    mesh, _ = fit_poisson(points, normals, settings.depth, seen)
    mesh = sharpen(mesh, points, normals, texture.spacing, texture.blur)
    return _surface(mesh, seen, whole.method)


def _close_full(
    seen: Points, texture: Texture, settings: SurfaceSettings, between: Callable[[], None]
) -> ObjectSurface:
    """Close a cloud seen from all around; refit in finer cells if the surface deviates."""
    noise = texture.blur * texture.noise
    points, normals = outward_normals(seen, texture.spacing, noise, texture.neighbours)
    tries: list[ObjectSurface] = []
    scale = SCALES[0]
    for depth in (settings.depth, settings.depth + 1):
        between()
        mesh, scale = fit_poisson(points, normals, depth, seen, scale)
        mesh = sharpen(mesh, points, normals, texture.spacing, texture.blur)
        tries.append(_surface(mesh, seen, 'full'))
        if tries[-1].seen_fraction > settings.astray:
            break
    best = max(tries, key=lambda surface: surface.seen_fraction)
    if best.seen_fraction > settings.partial:
        return best
    return _within_reach(best, seen)


def _within_reach(surface: ObjectSurface, seen: Points) -> ObjectSurface:
    """Return a surface whose unseen part bulges little beyond the hull of the seen points."""
    facets = ConvexHull(seen).equations
    vertices = surface.vertices.copy()
    limit = BULGE * float(np.ptp(seen, axis=0).max())
    for _ in range(10):  # a vertex beyond an edge is moved onto one facet after the other
        height = vertices @ facets[:, :3].T + facets[:, 3]
        facet = height.argmax(axis=1)
        over = np.maximum(height[np.arange(len(vertices)), facet] - limit, 0.0)
        vertices -= over[:, None] * facets[facet, :3]
    mesh = trimesh.Trimesh(vertices, surface.faces, process=False)
    return _surface(mesh, seen, 'partial')


def _surface(mesh: trimesh.Trimesh, points: Points, method: str) -> ObjectSurface:
    share = seen_fraction(mesh, points)
    return ObjectSurface(np.array(mesh.vertices), np.array(mesh.faces), share, method)


def surface_from_mesh(mesh: trimesh.Trimesh) -> ObjectSurface:
    """
    Return the surface of a mesh; one with openings is sampled and closed like a cloud.

    :param mesh: in metres.
    """
    if mesh.is_watertight:
        return ObjectSurface(np.array(mesh.vertices), np.array(mesh.faces), 1.0, 'mesh')
    return close_surface(sample_mesh(mesh, 4096, np.random.default_rng(0)))


def seen_fraction(mesh: trimesh.Trimesh, points: Points) -> float:
    """
    Return the share of the surface of ``mesh`` that has a measured point within 8 mm.

    :param mesh: closed surface [m].
    :param points: (N, 3) measured [m].
    """
    places = sample_mesh(mesh, 2000, np.random.default_rng(0)).points
    distance, _ = cKDTree(points).query(places, distance_upper_bound=SEEN_WITHIN)
    return float(np.isfinite(distance).mean())

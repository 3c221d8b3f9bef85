# SPDX-License-Identifier: Apache-2.0
"""
What a mesh must be before its volume may be used: a solid.

A solid is closed, wound consistently, and encloses each point once or not at all. Its volume, its
centre of mass and its inertia then obey laws that hold for every body of uniform density.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
import trimesh

from dexlite_ros.errors import BadMesh

TOLERANCE = 1e-3
"""Relative tolerance of the laws, due to rounding."""
PROBES = 256
"""Number of places where a mesh is asked how often it encloses them."""
ANGLES_MAX = 500_000
"""Largest number of solid angles computed for this; large meshes get fewer probes."""
OVERLAP_MAX = 0.05
"""Tolerated share of the enclosed places that are enclosed twice, or from the wrong side."""


@np.errstate(divide='ignore', invalid='ignore')  # No volume, no centre of mass: refused below.
def check_solid(mesh: trimesh.Trimesh) -> None:
    """
    Check that a mesh is a solid with a possible volume, centre of mass and inertia.

    The answer depends neither on the origin nor on the unit of the mesh.

    :raises BadMesh: when it is not, with the law that it breaks
    """
    if not mesh.is_watertight:
        raise BadMesh('it is open')
    if not mesh.is_winding_consistent:
        raise BadMesh('its faces are wound inconsistently')
    centred = trimesh.Trimesh(
        mesh.vertices - mesh.bounds.mean(axis=0), mesh.faces, process=False)
    broken = broken_law(
        float(centred.volume), np.asarray(centred.center_mass),
        np.asarray(centred.moment_inertia), np.asarray(centred.vertices))
    if broken:
        raise BadMesh(broken)
    twice = _overlap(centred)
    if twice > OVERLAP_MAX:
        raise BadMesh(f'its surface overlaps itself: {twice:.0%} of it is enclosed twice')


def broken_law(
    volume: float,
    centre_of_mass: NDArray[np.float64],
    inertia: NDArray[np.float64],
    points: NDArray[np.float64],
    tolerance: float = TOLERANCE,
) -> str:
    """
    Return the law that the properties of a uniform body break, as a sentence; empty: none.

    :param volume: [m^3]
    :param centre_of_mass: (3,) [m]
    :param inertia: (3, 3) about the centre of mass, for any density
    :param points: (N, 3) whose convex hull contains the body [m]
    :param tolerance: relative to the size of the hull
    """
    if volume <= 0:
        return 'it has no volume'
    if not np.isfinite([volume, *centre_of_mass, *np.ravel(inertia)]).all():
        return 'its volume, centre of mass or inertia is not a number'
    try:
        hull = ConvexHull(points)
    except QhullError:
        return 'it is flat, so it has no volume'
    if volume > (1 + tolerance) * hull.volume:
        return f'its volume, {1e6 * volume:.4g} ml, is more than that of its convex hull, ' \
               f'{1e6 * hull.volume:.4g} ml'
    outside = float((hull.equations @ [*centre_of_mass, 1.0]).max())
    if outside > tolerance * float(np.ptp(points, axis=0).max()):
        return f'its centre of mass is {1e3 * outside:.3g} mm outside its convex hull'
    moments = np.linalg.eigvalsh(inertia)  # ascending
    if moments[0] <= 0 or moments[2] > (1 + tolerance) * (moments[0] + moments[1]):
        return 'its moments of inertia are those of no body'
    return ''


def winding_numbers(
    triangles: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    Return how often triangles (F, 3, 3), taken together, enclose each of the places (P, 3).

    This is the sum of the solid angles of all triangles, divided by that of a sphere (Jacobson et
    al. 2013): 1 inside of a closed surface that is wound outwards, 0 outside.
    """
    found = np.zeros(len(places))
    for index, place in enumerate(places):
        corners = triangles - place
        length = np.linalg.norm(corners, axis=2)
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        volume = np.einsum('fi,fi->f', a, np.cross(b, c))
        plane = (
            length.prod(axis=1) + np.einsum('fi,fi->f', a, b) * length[:, 2]
            + np.einsum('fi,fi->f', b, c) * length[:, 0]
            + np.einsum('fi,fi->f', c, a) * length[:, 1])
        found[index] = np.arctan2(volume, plane).sum() / (2 * np.pi)
    return found


def _overlap(mesh: trimesh.Trimesh) -> float:
    """Return the share of the enclosed places that are not enclosed exactly once."""
    from scipy.stats import qmc  # Slow to import, and not needed for clouds.

    count = int(np.clip(ANGLES_MAX // len(mesh.faces), 8, PROBES))
    grid = qmc.Halton(3, scramble=False).random(count + 1)[1:]  # The first one is a corner.
    places = mesh.bounds[0] + grid * mesh.extents
    enclosed = np.rint(winding_numbers(np.asarray(mesh.triangles), places))
    return float((enclosed[enclosed != 0] != 1).mean()) if enclosed.any() else 0.0

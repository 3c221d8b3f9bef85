# SPDX-License-Identifier: Apache-2.0
"""
Flat areas of a scene: planes together with where on them something was measured.

N is the number of points; U x V are cells of a grid along the plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.support import Plane, plane_noise, segment_plane

TOLERANCE = 0.006
"""Thickness of a flat area [m]."""
NOISES = 3.0
"""Points this many times an area's noise above it are not of it."""
LOWEST = 0.003
"""And at least this high above it [m]."""
CELL = 0.02
"""Side of a cell [m]. Areas narrower than three are none: where two planes meet, each has a strip
of points of the other."""
TRIES = 6
"""Largest number of planes that are looked for."""
MISSES = 2
"""After so many without a large area no more are looked for."""
SAMPLE = 2000
"""Number of points that tell where planes are; all of them tell how large they are."""
ROUNDS = 600
"""Planes through three random points that are tried for each area."""
BRIM = 2
"""Width of the brim around the largest connected part [cells]."""
_PAD = 8
"""Empty cells around the grid."""


@dataclass(frozen=True)
class FlatArea:
    """A part of a plane."""

    plane: Plane
    """With the sensor above it."""
    axes: Points
    """(2, 3) unit vectors along the plane."""
    corner: Points
    """(2,) coordinates of the grid's corner along the axes [m]."""
    bare: NDArray[np.bool_]
    """(U, V) cells that were measured on the plane, and so were the four around: nothing stands
    there."""
    filled: NDArray[np.bool_]
    """(U, V) cells of the area: small holes are filled, and what is narrow is left out."""
    main: NDArray[np.bool_]
    """(U, V) cells of its largest connected part, and of a brim."""
    away: NDArray[np.float64]
    """(U, V) distance from each cell to the nearest of the area [m]."""
    hull: Points
    """(E, 3) sides of the area's convex hull: a x + b y + c <= 0 inside [m]."""
    extent: float
    """Longest side of its largest connected part [m]."""
    noise: float
    """How far points of it are typically off the plane [m]."""

    @classmethod
    def of(cls, points: Points, plane: Plane) -> FlatArea | None:
        """
        Return the area of a plane's points; None if they are nowhere wide enough.

        :param points: (N, 3) on the plane and elsewhere, evenly thinned to about a centimetre [m]
        :param plane: of some of them
        """
        own = points[np.abs(plane.height(points)) < TOLERANCE]
        axes = np.linalg.svd(plane.normal[None])[2][1:]
        place = own @ axes.T
        corner = place.min(axis=0) - _PAD * CELL
        shape = np.ceil((np.ptp(place, axis=0)) / CELL).astype(int) + 2 * _PAD + 1
        seen = np.zeros(shape, bool)
        seen[tuple(_cell(place, corner).T)] = True
        around = np.ones((3, 3), bool)
        filled = ndimage.binary_opening(ndimage.binary_closing(seen, around), around)
        if not filled.any():
            return None
        part, _ = ndimage.label(filled)
        main = part == 1 + np.argmax(np.bincount(part[filled])[1:])
        middle = corner + CELL * (np.argwhere(filled) + 0.5)
        return cls(
            plane, axes, corner, ndimage.binary_erosion(seen), filled,
            ndimage.binary_dilation(main, around, BRIM),
            CELL * ndimage.distance_transform_edt(~filled), ConvexHull(middle).equations,
            longest_side(CELL * np.argwhere(main).astype(np.float64)) + CELL,
            plane_noise(points, plane))

    @property
    def size(self) -> float:
        """Return its area [m^2]."""
        return float(self.filled.sum()) * CELL**2

    @property
    def margin(self) -> float:
        """Return the height from which points are above the area, not of it [m]."""
        return max(LOWEST, NOISES * self.noise)

    def bare_below(self, points: Points) -> NDArray[np.bool_]:
        """Return whether the plane straight below (or above) points (N, 3) is seen to be bare."""
        index, inside = self._cells(points)
        found: NDArray[np.bool_] = inside & self.bare[tuple(index.T)]
        return found

    def outside(self, points: Points) -> NDArray[np.float64]:
        """Return the distance (N,) of points (N, 3) outside the area's convex hull [m]."""
        place = points @ self.axes.T
        found: NDArray[np.float64] = (
            place @ self.hull[:, :2].T + self.hull[:, 2]).max(axis=1) - 0.5 * CELL
        return found

    def aside(self, points: Points) -> NDArray[np.float64]:
        """Return how far (N,) points (N, 3) are beside cells of it, large beyond its grid [m]."""
        index, inside = self._cells(points)
        found: NDArray[np.float64] = np.where(
            inside, np.maximum(self.away[tuple(index.T)] - CELL, 0.0), np.inf)
        return found

    def holds(self, points: Points) -> NDArray[np.bool_]:
        """Return which points (N, 3) are of its largest connected part, but for its noise."""
        near: NDArray[np.bool_] = np.abs(self.plane.height(points)) < max(TOLERANCE, self.margin)
        index, inside = self._cells(points[near])
        near[near] = inside & self.main[tuple(index.T)]
        return near

    def _cells(self, points: Points) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the cell (N, 2) of each point, and whether it is on the grid."""
        index = _cell(points @ self.axes.T, self.corner)
        last = np.array(self.filled.shape) - 1
        inside: NDArray[np.bool_] = np.all((index >= 0) & (index <= last), axis=1)
        return np.clip(index, 0, last), inside


def flat_areas(points: Points, eye: Points, smallest: float) -> list[FlatArea]:
    """
    Return the flat areas of a scene, those on which most was measured first.

    The same points give the same areas.

    :param points: (N, 3) evenly thinned to about a centimetre [m]
    :param eye: (3,) position of the sensor, which is above each [m]
    :param smallest: size from which an area counts [m^2]
    """
    found: list[FlatArea] = []
    left, misses = points, 0
    for _ in range(TRIES):
        if len(left) * CELL**2 < smallest or misses == MISSES:
            break
        sample = left[::1 + len(left) // SAMPLE]
        plane = _refined(sample, left)
        if plane is None:
            break
        plane = plane if float(plane.height(eye[None])[0]) > 0 else plane.flipped()
        own = np.abs(plane.height(left)) < TOLERANCE
        if not own.any():
            break
        area = FlatArea.of(left, plane)
        if area is None or area.size < smallest:
            misses += 1
        else:
            found.append(area)
            own |= area.holds(left)
        left = left[~own]
    return found


def longest_side(place: Points) -> float:
    """
    Return the longest side of the box around places along their main directions [m].

    :param place: (N, 2) or (N, 3), one at least [m]
    """
    centred = place - place.mean(axis=0)
    turn = np.linalg.svd(centred, full_matrices=False)[2]
    return float(np.ptp(centred @ turn.T, axis=0).max())


def _refined(sample: Points, points: Points) -> Plane | None:
    """Return the plane of most points of a sample, fitted to all points of it."""
    found = segment_plane(sample, TOLERANCE, ROUNDS)
    if found is None:
        return None
    own = points[np.abs(found[0].height(points)) < TOLERANCE]
    if len(own) < 3:
        return found[0]
    centre = own.mean(axis=0)
    normal = np.linalg.eigh((own - centre).T @ (own - centre))[1][:, 0]
    return Plane(normal, float(normal @ centre))


def _cell(place: Points, corner: Points) -> NDArray[np.int64]:
    index: NDArray[np.int64] = np.floor((place - corner) / CELL).astype(np.int64)
    return index

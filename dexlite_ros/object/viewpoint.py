# SPDX-License-Identifier: Apache-2.0
"""
Where a cloud was seen from. A stated viewpoint is a hint, which the points can contradict.

One rule for files, messages and Python: the stated position is tried first, then the origin of
the frame, as in a camera's own frame, and then all directions. N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, PointCloud, Points
from dexlite_ros.object.depth_view import camera_axes, project
from dexlite_ros.object.orientation import facing_normals

ON_GRID = 0.75
"""Share of points on a grid of pixels above which a cloud certainly comes from there."""


_EVEN = 0.1
"""Largest relative difference between the distances of neighbouring pixels."""
ROUND = 0.3
"""Bulge above which a surface has one side only towards the eye."""
ONE_SIDED = 0.06
"""Share of hidden points below which a cloud was seen from one side."""


@dataclass(frozen=True)
class Viewpoint:
    """The position that a cloud was seen from, and how it is known."""

    position: Points | None
    """(3,) [m]; None: from all around, or unknown."""
    source: str
    """``given`` by the caller, ``read`` from the file, ``assumed`` at the frame's origin,
    ``guessed`` from the points, or ``none``."""
    hollow: bool = False
    """From there the surface looks hollow, and nothing proves that it is the right place."""


@dataclass(frozen=True)
class _Look:
    """How well one eye explains a cloud."""

    eye: Points
    """(3,) [m]."""
    hidden: float
    """Share of the points that others hide from it; 1 inside the object's bounding sphere."""
    bulge: float
    """Share of the cloud behind its tangent planes, less that before them; negative: hollow."""
    on_grid: float
    """Share of the points that are regularly spaced in its image, as a sensor's pixels are."""

    @property
    def proven(self) -> bool:
        """Whether the points lie on the pixels of a sensor there."""
        return self.on_grid > ON_GRID

    @classmethod
    def of(cls, points: Points, measured: Points, eye: Points) -> _Look:
        """Look at ``points`` from ``eye``; ``measured`` are the points before thinning."""
        centre = _middle(points)
        radius = float(np.linalg.norm(points - centre, axis=1).max())
        if np.linalg.norm(eye - centre) <= 1.05 * radius:
            return cls(eye, 1.0, 0.0, 0.0)
        return cls(
            eye, _hidden_from(points, eye - centre), bulge(points, eye),
            on_grid(measured, eye))


def likely_eye(cloud: PointCloud) -> Points | None:
    """
    Return the stated viewpoint (3,), or the origin if that is proven; None: neither.

    For steps that come before the cloud is known to be one object, and do not depend on it.

    :param cloud: as measured.
    """
    if cloud.viewpoint is not None:
        return cloud.viewpoint
    return np.zeros(3) if on_grid(cloud.points, np.zeros(3)) > ON_GRID else None


def find_viewpoint(
    cloud: PointCloud, measured: Points, up: Points | None = None
) -> Viewpoint:
    """
    Return the position that explains a cloud; without one if it was seen from all around.

    A position explains a cloud if few points are hidden from it, and if the surface does not look
    hollow although another direction would show it bulging. Points on a grid of pixels, as seen
    from one position, prove it.

    :param cloud: usable points, evenly thinned; its viewpoint is the stated one.
    :param measured: (M, 3) the same points before they were thinned [m].
    :param up: (3,) direction away from the object's support; assumed eyes are not below it.
    """
    points, stated = cloud.points, cloud.viewpoint
    look = None if stated is None else _Look.of(points, measured, stated)
    if look is not None and look.proven:
        return Viewpoint(look.eye, cloud.viewpoint_source)
    origin = _Look.of(points, measured, np.zeros(3))
    if origin.proven:
        return Viewpoint(origin.eye, 'assumed')
    place, source = _guess(points, up), 'guessed'
    guess = None if place is None else _Look.of(points, measured, place)
    if look is not None and look.hidden < 0.25 and _is_above(look.eye, points, up):
        if guess is None or not _refutes(guess, look, points):
            hollow = look.bulge < -0.1 and up is None
            return Viewpoint(look.eye, cloud.viewpoint_source, hollow)
    if origin.hidden < ONE_SIDED and _is_above(origin.eye, points, up):
        if guess is None or not _is_better(guess, origin, points):
            guess, source = origin, 'assumed'
    # Of something flat that was measured on both sides no point is hidden either.
    if guess is None or guess.bulge < ROUND and is_layered(points):
        return Viewpoint(None, 'none')
    return Viewpoint(guess.eye, source)


def _refutes(guess: _Look, stated: _Look, points: Points) -> bool:
    """Return whether a guess explains the cloud so well that a stated eye must be wrong."""
    if guess.hidden > stated.hidden:
        return False
    return _apart(guess, stated, points) and guess.proven or (
        stated.hidden > ONE_SIDED and _is_better(guess, stated, points))


def _is_above(eye: Points, points: Points, up: Points | None) -> bool:
    """Return whether an eye is above the object, or not much below it."""
    away = eye - _middle(points)
    return up is None or float(up @ away) > -0.1 * float(np.linalg.norm(away))


def _is_better(guess: _Look, other: _Look, points: Points) -> bool:
    """Return whether the surface bulges towards a guess, and not towards another eye."""
    return _apart(guess, other, points) and guess.bulge > other.bulge + 0.25


def _apart(first: _Look, second: _Look, points: Points) -> bool:
    """Return whether two eyes look from directions more than 60 degrees apart."""
    one, two = first.eye - _middle(points), second.eye - _middle(points)
    return float(one @ two) < 0.5 * float(np.linalg.norm(one) * np.linalg.norm(two))


def _middle(points: Points) -> Points:
    middle: Points = 0.5 * (points.min(axis=0) + points.max(axis=0))
    return middle


def _guess(points: Points, up: Points | None) -> Points | None:
    """Return an eye in the direction from which nearly no point is hidden, if there is one."""
    centre = _middle(points)
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    directions = sphere_directions(200)
    if up is not None:
        directions = directions[directions @ up > 0.0]
    directions = directions[hidden_share(points, directions) < ONE_SIDED]
    if len(directions) == 0:
        return None
    # No point of a shell is hidden from its hollow side either. From the true viewpoint the middle
    # of the shell is nearer than its rim, so depth grows with the distance from the axis.
    local = points - points.mean(axis=0)
    depth = -local @ directions.T  # (N, D)
    aside = np.einsum('ni,ni->n', local, local)[:, None] - depth**2
    rise = np.mean((depth - depth.mean(axis=0)) * (aside - aside.mean(axis=0)), axis=0)
    eye: Points = centre + 6.0 * radius * directions[rise.argmax()]
    return eye


def bulge(points: Points, eye: Points, sample: int = 300) -> float:
    """
    Return how much a surface bulges towards an eye: 1 for a ball, -1 for the inside of one.

    This is the mean share of the cloud that lies behind a point's tangent plane, as seen from the
    eye, less the share before it.

    :param points: (N, 3) [m].
    :param eye: (3,) [m].
    :param sample: number of tangent planes.
    """
    normals = facing_normals(points, eye, 16)
    pick = np.random.default_rng(0).permutation(len(points))[:sample]
    height = points @ normals[pick].T - np.einsum('ni,ni->n', points[pick], normals[pick])
    margin = mean_spacing(points)
    return float(np.mean(height < -margin) - np.mean(height > margin))


def on_grid(points: Points, eye: Points, sample: int = 3000) -> float:
    """
    Return the share of points whose four neighbours in the image from an eye are one pixel away.

    It is 0.9 for the points of a depth image seen from its camera, whatever the noise of depth,
    about 0.1 from elsewhere or for points that were thinned, and 0 from among them. From behind
    the object the image is regular as well, but its pixels are smaller where it is farther.

    :param points: (N, 3) as measured [m].
    :param eye: (3,) [m].
    :param sample: number of points, taken from the middle of the cloud.
    """
    middle = np.median(points, axis=0)
    away = np.linalg.norm(points - middle, axis=1)
    near = np.argsort(away)[:sample]
    if np.linalg.norm(middle - eye) <= away[near[-1]]:
        return 0.0
    image, _ = project(points[near] - eye, camera_axes(middle - eye))
    distance = cKDTree(image).query(image, k=min(5, len(near)))[0][:, 1:]
    pixel = float(np.median(distance[:, 0]))
    return float(np.mean((np.abs(distance - pixel) < _EVEN * pixel).all(axis=1)))


def is_layered(points: Points) -> bool:
    """
    Return whether most neighbourhoods contain two layers, as thin walls measured on both sides do.

    The distances of neighbours from their common plane are then bimodal, with a kurtosis near 1,
    whereas noise has a kurtosis of 3.

    :param points: (N, 3) [m].
    """
    _, index = cKDTree(points).query(points, k=min(16, len(points)))
    near = points[index] - points[index].mean(axis=1, keepdims=True)
    square, axes = np.linalg.eigh(np.swapaxes(near, 1, 2) @ near)
    off = np.einsum('nki,ni->nk', near, axes[:, :, 0])
    rough = square[:, 0] >= max(float(np.quantile(square[:, 0], 0.3)), (1e-4) ** 2)
    if rough.mean() < 0.5:
        return False
    off = off[rough]
    kurtosis = np.mean(off**4, axis=1) / np.mean(off**2, axis=1) ** 2
    return bool(np.median(kurtosis) < 2.15)


def _hidden_from(points: Points, direction: Points) -> float:
    return float(hidden_share(points, direction[None] / np.linalg.norm(direction))[0])


def hidden_share(points: Points, directions: Points) -> NDArray[np.float64]:
    """
    Return the share (D,) of ``points`` that lie well behind others, seen from far away.

    It is near 0 for the direction a camera measured them from, and about one half for points all
    around an object.

    :param points: (N, 3) [m].
    :param directions: (D, 3) unit, towards the eye.
    """
    spacing = mean_spacing(points)
    right, down, forward = camera_axes(-directions).swapaxes(0, 1)  # (D, 3) each
    local = (points - points.min(axis=0)).T
    shares = []
    for u, v, depth in zip(right @ local, down @ local, forward @ local, strict=True):
        u, v = (np.rint((x - x.min()) / (1.5 * spacing)).astype(int) for x in (u, v))
        pixel = u * (v.max() + 1) + v
        front = np.full(pixel.max() + 1, np.inf)
        np.minimum.at(front, pixel, depth)
        shares.append(np.mean(depth - front[pixel] > 4.0 * spacing))
    return np.array(shares)


def sphere_directions(count: int) -> Points:
    """Return ``count`` unit vectors (count, 3) spread evenly (Fibonacci lattice)."""
    z = (2.0 * np.arange(count) + 1.0) / count - 1.0
    angle = np.pi * (1.0 + np.sqrt(5.0)) * np.arange(count)
    radius = np.sqrt(1.0 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)

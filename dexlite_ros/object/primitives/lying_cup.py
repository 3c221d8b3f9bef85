# SPDX-License-Identifier: Apache-2.0
"""
A round vessel that lies on the table and into which the camera looks: a mug or a glass.

It has a wall of even thickness, a floor, and a mouth towards the camera. Coordinates are u along
the horizontal axis, towards the mouth, v across it, and z; r is the distance from the axis. Points
of the outside look away from the axis, those of the inside towards it or along it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
import trimesh

from dexlite_ros.object.primitives.meshes import turned_profile
from dexlite_ros.object.primitives.seen_part import Primitive, primitive, SeenPart, turn

Array = NDArray[np.float64]

YAW_STEP = np.deg2rad(6.0)
RADII = np.arange(0.02, 0.0751, 0.005)
"""Radii to begin with [m]."""
OFFSETS = np.arange(-0.03, 0.0301, 0.006)
"""Places of the axis to begin with, from the middle of the points [m]."""
WALL = (0.0015, 0.012)
"""Thinnest and thickest wall [m]."""
FIRST_WALL = 0.004
INSIDE = 0.08
"""Smallest share of the points on the inside."""
ALONG = 0.75
"""Cosine from which a normal counts as along the axis."""
_STARTS = 3
_LOOKS_IN = 0.3
# Cosine of the largest angle between the axis and the direction of the camera.
_FREE = 6
# Parameters: yaw, v and height of the axis, mouth and floor along u, and the wall.


def fit_lying_cup(part: SeenPart, few: SeenPart) -> list[Primitive]:
    """
    Return the vessel that fits best; none if the camera does not see its inside.

    :param part: all points, which tell where it ends.
    :param few: some of them, which it is fitted to.
    """
    best = None
    for start in _starts(few):
        found = least_squares(
            _distances, start, args=(few,), loss='cauchy', f_scale=2.0 * few.noise,
            x_scale=(0.05, 0.002, 0.002, 0.004, 0.004, 0.002), max_nfev=60)
        if best is None or found.cost < best.cost:
            best = found
    solid = None if best is None else _solid(best.x, part)
    return [] if solid is None else [solid]


def _starts(part: SeenPart) -> list[Array]:
    """Return parameters (6,) to begin with, the likeliest first."""
    middle = np.median(part.points, axis=0)
    tried = []
    for yaw in np.arange(0.0, 2.0 * np.pi, YAW_STEP):
        axes = turn(yaw)
        gaze = part.eye - middle
        if gaze @ axes[:, 0] < _LOOKS_IN * float(np.linalg.norm(gaze)):
            continue
        side = np.abs(part.normals @ axes[:, 0]) < ALONG
        if side.mean() < 0.3:
            continue
        u, v, z = (part.points @ axes).T
        across = (v[side] - np.median(v[side]))[:, None, None] - OFFSETS[:, None]  # (N, O, 1)
        off = np.hypot(across, z[side][:, None, None] - RADII) - RADII + 0.5 * FIRST_WALL
        loss = np.log1p((off / (0.5 * FIRST_WALL + part.noise))**2).mean(axis=0)
        offset, radius = np.unravel_index(loss.argmin(), loss.shape)
        mouth, floor = np.quantile(u, (0.98, 0.1))
        tried.append((float(loss.min()), np.array([
            yaw, np.median(v[side]) + OFFSETS[offset], RADII[radius], mouth, floor, FIRST_WALL])))
    return [place for _, place in sorted(tried, key=lambda each: each[0])[:_STARTS]]


def _distances(place: Array, part: SeenPart) -> Array:
    """Return the distance (N,) of each point from the side of the wall that it looks like [m]."""
    u, r, looks, along = _profile(place, part)
    radius, mouth, floor, wall = place[2:]
    inner = radius - wall
    side = np.where(looks > 0.0, r - radius, r - inner)
    flat = np.where(r > inner - 0.5 * wall, u - mouth, u - floor)
    distances: Array = np.where(along > ALONG, flat, side)
    return distances


def _profile(place: Array, part: SeenPart) -> tuple[Array, Array, Array, Array]:
    """Return u and r (N,) [m], and the parts of the normals (N,) along r and u."""
    axes = turn(place[0])
    u, v, z = (part.points @ axes).T
    away = np.stack([v - place[1], z - place[2]], axis=1)
    r = np.linalg.norm(away, axis=1) + 1e-9
    normals = part.normals @ axes
    looks = np.einsum('ni,ni->n', normals[:, 1:], away) / r
    return u, r, looks, normals[:, 0]


def _solid(place: Array, part: SeenPart) -> Primitive | None:
    """Return the vessel of fitted parameters; None if it is none."""
    u, r, looks, along = _profile(place, part)
    radius, mouth, floor, wall = place[2:]
    if not (WALL[0] < wall < WALL[1] and 2.0 * wall < radius < 2.0 * RADII[-1]):
        return None
    near = np.abs(_distances(place, part)) < max(3.0 * part.noise, 0.003)
    inside = near & (r < radius - 0.5 * wall) & (u < mouth - wall)
    outside = near & (looks > 0.0) & (along < ALONG)
    if inside.mean() < INSIDE or outside.sum() < INSIDE * len(part):
        return None
    bottom = float(np.quantile(u[outside], 0.01))
    if (inside & (along > ALONG)).sum() > 0.02 * len(part):  # the floor was seen
        bottom = min(bottom, floor - wall)
    else:
        floor = bottom + wall
    if mouth - floor < wall:
        return None
    body = turned_profile(np.full(2, radius), np.array([bottom, mouth]))
    hollow = turned_profile(np.full(2, radius - wall), np.array([floor, mouth + wall]))
    mesh = trimesh.boolean.difference([body, hollow], engine='manifold')
    frame = np.eye(4)
    axes = turn(place[0])
    # The axis z of the profile becomes u; then x is down and y is v.
    frame[:3, :3] = np.stack([-axes[:, 2], axes[:, 1], axes[:, 0]], axis=1)
    frame[:3, 3] = place[1] * axes[:, 1] + place[2] * axes[:, 2]
    mesh.apply_transform(frame)
    return primitive('lying cup', mesh, part, _FREE + 1)

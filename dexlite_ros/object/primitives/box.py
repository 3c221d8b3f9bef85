# SPDX-License-Identifier: Apache-2.0
"""
Upright boxes.

A camera sees up to three faces of a box: two sides and the top. Their planes are fitted together,
each point belonging to the one it is farthest outside of. Where the box ends on the unseen side is
where the seen faces end. Coordinates are u and v along the sides, towards the camera, and z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import mean_spacing
from dexlite_ros.object.primitives.hidden import around, Hidden, hidden_beyond, STEP
from dexlite_ros.object.primitives.robust import local_minima, minimise, outermost, row_ends
from dexlite_ros.object.primitives.seen_part import Primitive, primitive, SeenPart, turn

Array = NDArray[np.float64]

YAW_STEP = np.deg2rad(3.0)
# Number of yaws that are refined.
_STARTS = 3
# A face with a smaller share of the points is not seen.
_FACE = 0.03
# Places along an edge where it is asked whether it is hidden.
_ALONG_EDGE = 8
SAME = 0.003
"""Corners of boxes that are closer than this count as the same [m]."""
THIN = 0.3
"""Depth of the thin one of two boxes whose depth is unknown [widths]."""
THINNEST = 0.02
"""But at least this deep [m]."""


@dataclass(frozen=True)
class _Faces:
    """The seen faces of a box, in axes that point along its sides towards the camera."""

    axes: Array
    """(3, 3) columns u, v and z."""
    place: Array
    """(3,) coordinates of the faces along them [m]."""


def fit_boxes(part: SeenPart, few: SeenPart) -> list[Primitive]:
    """
    Return the box through the seen faces; several if the view does not determine one.

    Two if it does not tell how deep the box is, and two longer ones for each if something in
    front hides where it ends.

    :param part: all points, which tell where faces end.
    :param few: some of them, which tell where faces are.
    """
    faces = _fit_faces(few)
    points, eye = part.points @ faces.axes, part.eye @ faces.axes
    # Where the faces are not quite flat, twice the noise may tell better where they end.
    (corners, front), (more, _) = (
        _extents(points, eye, faces.place, scale * part.noise) for scale in (1.0, 2.0))
    corners += [each for each in more if not any(_alike(each, other) for other in corners)]
    others = np.zeros((0, 3)) if part.others is None else part.others @ faces.axes
    others = around(others, points, eye)
    if len(others) > 1:
        hidden = Hidden(others, eye)
        corners += [each for seen in corners for each in _longer(*seen[1:], front, eye, hidden)]
    found = [_solid(kind, low, high, faces.axes, part) for kind, low, high in corners]
    return [each for each in found if each is not None]


def _alike(one: tuple[str, Array, Array], other: tuple[str, Array, Array]) -> bool:
    """Return whether the corners of two boxes are the same within what hardly matters."""
    return all(bool(np.abs(a - b).max() < SAME) for a, b in zip(one[1:], other[1:]))


def _solid(kind: str, low: Array, high: Array, axes: Array, part: SeenPart) -> Primitive | None:
    """Return the box between two corners (3,) in its own axes, if it is one."""
    if (high - low < 1e-3).any() or (high - low > 1.0).any():
        return None
    mesh = trimesh.creation.box(bounds=np.stack([low, high]))
    frame = np.eye(4)
    frame[:3, :3] = axes
    return primitive(kind, mesh.apply_transform(frame), part, 6)


def _longer(
    low: Array, high: Array, front: NDArray[np.bool_], eye: Array, hidden: Hidden
) -> list[tuple[str, Array, Array]]:
    """Return the longest box, and one half as much longer, if a neighbour hides where it ends."""
    inner, outer = low.copy(), high.copy()
    for k in range(2):
        inner[k] -= hidden_beyond(hidden, _edge(k, low, high, eye, low[k]), -_unit(k))
        if not front[k]:
            outer[k] += hidden_beyond(hidden, _edge(k, low, high, eye, high[k]), _unit(k))
    grown = float((outer - inner - high + low).sum()) > STEP
    if not grown:
        return []
    return [('longer box', 0.5 * (low + inner), 0.5 * (high + outer)),
            ('longest box', inner, outer)]


def _unit(k: int) -> Array:
    """Return the direction (3,) of an axis."""
    return np.array([float(k == 0), float(k == 1), 0.0])


def _edge(k: int, low: Array, high: Array, eye: Array, end: float) -> Array:
    """Return places (P, 3) where the top and the side next to it end along axis k."""
    share = np.linspace(0.1, 0.9, _ALONG_EDGE)
    places = np.empty((2, _ALONG_EDGE, 3))
    places[:, :, k] = end
    places[0, :, 1 - k] = low[1 - k] + share * (high - low)[1 - k]
    places[0, :, 2] = high[2]
    places[1, :, 1 - k] = high[1 - k] if eye[1 - k] > low[1 - k] else low[1 - k]
    places[1, :, 2] = share * high[2]
    return places.reshape(-1, 3)


def _fit_faces(part: SeenPart) -> _Faces:
    """Return the faces of least loss, from the best yaws of a full search."""
    height = part.height()
    above = part.points[:, 2] > min(max(2.0 * part.noise, 0.004), 0.3 * height)
    points = part.points[above] if above.sum() >= 0.5 * len(part) else part.points
    yaw = np.arange(0.0, 0.5 * np.pi, YAW_STEP)
    side, sign, loss = _search(points, part.eye, part.noise, yaw, height)
    best: tuple[float, Array, Array] | None = None
    for i in local_minima(loss)[:_STARTS]:
        model = _Model(points, sign[i])
        start = np.array([yaw[i], side[i, 0], side[i, 1], height])
        place, lost = minimise(model, start, part.noise)
        if best is None or lost < best[0]:
            best = lost, place, sign[i]
    assert best is not None  # there is a smallest loss
    axes = turn(best[1][0])
    axes[:, :2] *= best[2]
    return _Faces(_right_handed(axes), _swapped(axes, best[1][1:]))


def _right_handed(axes: Array) -> Array:
    return axes if np.linalg.det(axes) > 0.0 else axes[:, [1, 0, 2]]


def _swapped(axes: Array, place: Array) -> Array:
    return place if np.linalg.det(axes) > 0.0 else place[[1, 0, 2]]


def _search(
    points: Array, eye: Array, noise: float, yaw: Array, height: float
) -> tuple[Array, Array, Array]:
    """Return the sides (Y, 2), the signs of their axes (Y, 2) and the mean loss (Y,) per yaw."""
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    middle = np.median(points, axis=0)
    across = np.stack([c * points[:, 0] + s * points[:, 1], c * points[:, 1] - s * points[:, 0]])
    gaze = eye - middle
    sign = np.sign(np.stack([c[:, 0] * gaze[0] + s[:, 0] * gaze[1],
                             c[:, 0] * gaze[1] - s[:, 0] * gaze[0]]))
    sign[sign == 0.0] = 1.0
    across *= sign[:, :, None]  # (2, Y, N)
    top = (points[:, 2] - height)[None]
    lateral = points[:, 2] < height - 2.0 * noise
    lateral = lateral if lateral.sum() > 10 else np.ones(len(points), bool)
    side = np.quantile(across[:, :, lateral], 0.9, axis=2)  # (2, Y)
    for _ in range(4):
        over = across - side[:, :, None]
        face = np.stack([over[0], over[1], np.broadcast_to(top, over[0].shape)]).argmax(axis=0)
        for k in range(2):
            own = np.where((face == k) & (np.abs(over[k]) < 0.03), across[k], np.nan)
            seen = np.isfinite(own).sum(axis=1) > 3
            side[k, seen] = np.nanmedian(own[seen], axis=1)
    over = np.maximum(np.maximum(*(across - side[:, :, None])), top)
    loss = np.log1p((over / noise)**2).mean(axis=1)
    return side.T, sign.T, loss


class _Model:
    """Heights of points (N,) above the box of yaw, sides and top, and their derivatives."""

    def __init__(self, points: Array, sign: Array) -> None:
        self._points, self._sign = points, sign

    def __call__(self, place: Array) -> tuple[Array, Array]:
        x, y, z = self._points.T
        c, s = np.cos(place[0]), np.sin(place[0])
        u, v = c * x + s * y, c * y - s * x
        over = np.stack([self._sign[0] * u, self._sign[1] * v, z], axis=1) - place[1:]
        face = over.argmax(axis=1)
        slope = np.zeros((len(x), 4))
        slope[:, 0] = np.stack([self._sign[0] * v, -self._sign[1] * u, 0.0 * z], axis=1)[
            np.arange(len(x)), face]
        slope[np.arange(len(x)), 1 + face] = -1.0
        return over[np.arange(len(x)), face], slope


def _extents(
    points: Array, eye: Array, place: Array, noise: float
) -> tuple[list[tuple[str, Array, Array]], NDArray[np.bool_]]:
    """Return name and corners of each box that the view allows, and which faces (3,) are seen."""
    over = points - place
    band = max(3.0 * noise, 0.004)
    near = np.abs(over) < band
    face = over.argmax(axis=1)
    seen = np.array([
        eye[k] > place[k] and (near[:, k] & (face == k)).sum() > _FACE * len(points)
        for k in range(3)])
    spacing = mean_spacing(points)
    low, high = np.zeros(3), np.array(place)
    known = np.ones(3, bool)
    for k in range(3):
        ends = [row_ends(points[own, k], points[own, 3 - k - other], spacing)
                for other in range(3) if other != k and seen[other]
                for own in [near[:, other] & (face == other)]]
        bottom, top = (outermost([each[side] for each in ends], band) for side in range(2))
        known[k] = bottom is not None and top is not None
        if bottom is not None and top is not None:
            low[k] = -bottom
            if not seen[k]:
                high[k] = top
    low[2] = 0.0
    hidden = [k for k in range(2) if not known[k]]
    if not hidden:
        return [('box', low, high)], seen
    if len(hidden) > 1 or not known[2]:
        return [], seen
    k, wide = hidden[0], high[1 - hidden[0]] - low[1 - hidden[0]]
    found = []
    for kind, deep in (('thin box', max(THIN * wide, THINNEST)), ('box', wide)):
        near_side = low.copy()
        near_side[k] = high[k] - deep
        found.append((kind, near_side, high))
    return found, seen

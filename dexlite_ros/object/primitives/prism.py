# SPDX-License-Identifier: Apache-2.0
"""Prisms: an outline extruded from the table to the height of the top face."""

from __future__ import annotations

import manifold3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dexlite_ros.object.cloud import mean_spacing
from dexlite_ros.object.primitives.meshes import extruded
from dexlite_ros.object.primitives.seen_part import Primitive, primitive, SeenPart

Array = NDArray[np.float64]

# Gaps in an outline are closed up to twice this [spacings].
_BRIDGE = 1.5
# The outline lies this far outside of the outermost points [spacings].
_RIM = 0.3
# Side of a pixel in which the outline is drawn [spacings].
_CELL = 0.4
# Tried, since an outline lies outside of all points, and half of them lie too far out [noise].
_INSETS = (0.0, 1.0, 2.0, 3.0)
# Area of an outline [m^2]. Extruding the hull of an empty one would end the process.
_SMALLEST = 1e-6
# A top face has at least this share of the points.
_TOP = 0.1


def fit_prisms(part: SeenPart, height: float) -> list[Primitive]:
    """
    Return the prism below the seen top face, and the one of the convex outline of all points.

    :param part: all points.
    :param height: of the top [m].
    """
    if height < 0.003:
        return []
    band = max(3.0 * part.noise, 0.003)
    top = (np.abs(part.points[:, 2] - height) < band) & (part.normals[:, 2] > 0.6)
    spacing = mean_spacing(part.points)
    outlines = []
    if top.sum() > max(_TOP * len(part), 20):
        outlines.append(('prism', _outline(part.points[top, :2], spacing)))
    above = part.points[:, 2] > min(2.0 * part.noise, 0.3 * height)
    if above.sum() > 20:
        outlines.append(('convex prism', _outline(part.points[above, :2], spacing).hull()))
    found = [_best(kind, outline, height, part) for kind, outline in outlines]
    return [each for each in found if each is not None]


def _best(
    kind: str, outline: manifold3d.CrossSection, height: float, part: SeenPart
) -> Primitive | None:
    """Return the prism of an outline, drawn in by what wrong points put outside of the others."""
    tries = [primitive(kind, extruded(inner, height), part, 2 * outline.num_vert() + 1)
             for inset in _INSETS
             for inner in [outline.offset(-inset * part.noise, manifold3d.JoinType.Miter)]
             if inner.area() > _SMALLEST]
    return min((each for each in tries if each is not None),
               key=lambda each: each.residual, default=None)


def _outline(points: Array, spacing: float) -> manifold3d.CrossSection:
    """Return the outline, without holes, of the largest connected group of ``points`` (V, 2)."""
    cell, reach = _CELL * spacing, _BRIDGE / _CELL
    corner = points.min(axis=0) - (reach + 2.0) * cell
    index = np.floor((points - corner) / cell).astype(np.int64)
    empty = np.ones(index.max(axis=0) + int(reach) + 3, bool)
    empty[tuple(index.T)] = False
    near = ndimage.distance_transform_edt(empty) <= reach
    closed = ndimage.distance_transform_edt(near) > reach - _RIM / _CELL
    label, count = ndimage.label(ndimage.binary_fill_holes(closed))
    size = np.bincount(label.ravel(), minlength=count + 1)
    mask = label == 1 + int(size[1:].argmax())
    drawn = manifold3d.CrossSection(
        [corner + cell * each for each in _runs(mask)], manifold3d.FillRule.NonZero)
    # Steps of pixels are within their diagonal of a straight edge.
    return drawn.simplify(1.2 * cell)


def _runs(mask: NDArray[np.bool_]) -> list[Array]:
    """Return the corners (4, 2) of a rectangle for each run of pixels in a row of ``mask``."""
    change = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, begin = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return [np.array([[x, a], [x + 1, a], [x + 1, b], [x, b]], dtype=np.float64)
            for x, a, b in zip(row, begin, end)]

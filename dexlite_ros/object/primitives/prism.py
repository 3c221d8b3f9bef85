# SPDX-License-Identifier: Apache-2.0
"""Prisms: an outline extruded from the table to the height of the top face."""

from __future__ import annotations

import manifold3d
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.cloud import mean_spacing
from dexlite_ros.object.primitives.meshes import extruded
from dexlite_ros.object.primitives.seen_part import Primitive, primitive, SeenPart

Array = NDArray[np.float64]

_BRIDGE = 1.6
# Gaps in an outline are closed up to twice this [spacings].
_RIM = 0.3
# The outline lies this far outside of the outermost points [spacings].
_TOP = 0.1
# A top face has at least this share of the points.
_DETAIL = 0.0005
# Largest deviation of an outline with fewer corners [m].


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
    found = []
    if top.sum() > max(_TOP * len(part), 20):
        outline = _outline(part.points[top, :2], spacing)
        found.append(primitive(
            'prism', extruded(outline, height), part, 2 * outline.num_vert() + 1))
    above = part.points[:, 2] > min(2.0 * part.noise, 0.3 * height)
    if above.sum() > 20:
        outline = _outline(part.points[above, :2], spacing).hull().simplify(2.0 * _DETAIL)
        found.append(primitive(
            'convex prism', extruded(outline, height), part, 2 * outline.num_vert() + 1))
    return [each for each in found if each is not None]


def _outline(points: Array, spacing: float) -> manifold3d.CrossSection:
    """Return the outline, without holes, of the largest connected group of ``points`` (V, 2)."""
    disc = manifold3d.CrossSection.circle(_BRIDGE * spacing, 10)
    union = manifold3d.CrossSection.batch_boolean(
        [disc.translate((float(x), float(y))) for x, y in points], manifold3d.OpType.Add)
    closed = union.offset((_RIM - _BRIDGE) * spacing, manifold3d.JoinType.Round)
    largest = max(closed.decompose(), key=lambda each: each.area())
    outer = max(largest.to_polygons(), key=lambda ring: abs(_area(ring)))
    return manifold3d.CrossSection([outer]).simplify(_DETAIL)


def _area(ring: Array) -> float:
    """Return the signed area of a polygon (V, 2) [m^2]."""
    x, y = np.asarray(ring).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))

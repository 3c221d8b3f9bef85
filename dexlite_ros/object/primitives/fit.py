# SPDX-License-Identifier: Apache-2.0
"""Every kind of primitive solid that fits the seen part of an object on a table."""

from __future__ import annotations

from dexlite_ros.object.primitives.box import fit_boxes
from dexlite_ros.object.primitives.ellipsoid import fit_ellipsoids, fit_spheres
from dexlite_ros.object.primitives.lying import fit_lying
from dexlite_ros.object.primitives.lying_cup import fit_lying_cup
from dexlite_ros.object.primitives.prism import fit_prisms
from dexlite_ros.object.primitives.seen_part import Primitive, SeenPart
from dexlite_ros.object.primitives.upright import fit_upright

FIT_POINTS = 600
"""Number of points that a solid is fitted to; where it ends is told by all of them."""
OUTLINE_POINTS = 1500
"""Number of points that outlines and ends are made of."""
ASTRAY = 0.01
"""A solid with a larger residual does not fit at all [m]."""


def fit_primitives(part: SeenPart) -> list[Primitive]:
    """
    Return the solids of all kinds that fit at all, the smallest residual first.

    Deterministic. A more flexible solid has a smaller residual even where a simple one is right:
    compare ``Primitive.free`` as well.

    :param part: seen from one side.
    """
    part = part.thinned(OUTLINE_POINTS)
    few, height = part.thinned(FIT_POINTS), part.height()
    found = [
        *fit_boxes(part, few), *fit_upright(part, few, height), *fit_lying(part, few),
        *fit_lying_cup(part, few), *fit_spheres(part, few),
        *fit_ellipsoids(part, few, height), *fit_prisms(part, height)]
    near = [each for each in found if each.residual < ASTRAY]
    return sorted(near, key=lambda each: each.residual)

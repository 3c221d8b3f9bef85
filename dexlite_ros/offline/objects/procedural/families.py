# SPDX-License-Identifier: Apache-2.0
"""All families by name, and the construction of one object from a family and a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.objects.procedural import composed_families as composed
from dexlite_ros.offline.objects.procedural import revolved_families as revolved
from dexlite_ros.offline.objects.procedural.solids import Parts, union

FAMILIES: dict[str, Callable[[np.random.Generator], Parts]] = {
    make.__name__: make for make in (
        revolved.bottle, composed.carton, revolved.mug,
        composed.pebble, revolved.can, composed.hammer,
        revolved.bowl, composed.cluster, revolved.jar,
        composed.bracket, revolved.torus, composed.soap,
        revolved.goblet, composed.tube, revolved.cone,
        composed.nut, revolved.fruit, composed.brush,
        revolved.screwdriver, composed.column, revolved.plate,
        composed.cross, revolved.dumbbell, composed.spoon,
        revolved.bulb, composed.tray, composed.toy_block,
    )}


@dataclass(frozen=True)
class Shape:
    """One procedural object, its centre of mass at the origin."""

    parts: Parts
    """Corners (V, 3) of the convex parts whose union is the object [m]."""

    @cached_property
    def mesh(self) -> trimesh.Trimesh:
        """Its watertight surface [m]."""
        return union(self.parts)


def make_shape(family: str, seed: int) -> Shape:
    """
    Return an object; the same family and seed always give the same one.

    :raises InvalidRequest: for a family that is not in ``FAMILIES``
    """
    if family not in FAMILIES:
        raise InvalidRequest('family', family, f'one of {", ".join(FAMILIES)}')
    rng = np.random.default_rng([list(FAMILIES).index(family), seed])
    parts = FAMILIES[family](rng)
    centre = union(parts).center_mass
    return Shape([part - centre for part in parts])

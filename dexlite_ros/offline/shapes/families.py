"""All families by name, and how one object is made of a family and a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.shapes import built_families, turned_families
from dexlite_ros.offline.shapes.solids import Parts, union

FAMILIES: dict[str, Callable[[np.random.Generator], Parts]] = {
    make.__name__: make for make in (
        turned_families.bottle, built_families.carton, turned_families.mug,
        built_families.pebble, turned_families.can, built_families.hammer,
        turned_families.bowl, built_families.cluster, turned_families.jar,
        built_families.bracket, turned_families.torus, built_families.soap,
        turned_families.goblet, built_families.tube, turned_families.cone,
        built_families.nut, turned_families.fruit, built_families.brush,
        turned_families.screwdriver, built_families.column, turned_families.plate,
        built_families.cross, turned_families.dumbbell, built_families.spoon,
        turned_families.bulb, built_families.tray, built_families.toy_block,
    )}


@dataclass(frozen=True)
class Shape:
    """One procedural object, its centre of mass at the origin."""

    parts: Parts
    """Corners (V, 3) of the convex parts it is the union of [m]."""

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

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
from dexlite_ros.offline.objects.procedural import household_families as household
from dexlite_ros.offline.objects.procedural import large_families as large
from dexlite_ros.offline.objects.procedural import revolved_families as revolved
from dexlite_ros.offline.objects.procedural.solids import Parts, union

Families = dict[str, Callable[[np.random.Generator], Parts]]

FAMILIES: Families = {
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
HOUSEHOLD_FAMILIES: Families = {
    make.__name__: make for make in (
        household.cereal_carton, household.drink_bottle, household.food_can,
        household.book, household.coffee_mug, household.margarine_tub,
        household.spray_can, household.soup_bowl, household.gable_carton,
        household.preserve_jar, household.rounded_pack, household.crisp_tube,
    )}
LARGE_FAMILIES: Families = {
    make.__name__: make for make in (
        large.moving_box, large.serving_tray, large.cooking_pot, large.drum, large.mixing_bowl,
    )}
SERIES: dict[str, Families] = {
    'procedural': FAMILIES, 'household': HOUSEHOLD_FAMILIES, 'large': LARGE_FAMILIES}
"""Numbered series of objects. Datasets refer to them: neither their order nor that of the families
in them may change."""


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

    :raises InvalidRequest: for a family that is in none of ``SERIES``
    """
    for number, families in enumerate(SERIES.values()):
        if family in families:
            place = list(families).index(family)
            # The first series is as it was when it was the only one.
            rng = np.random.default_rng([place, seed, number] if number else [place, seed])
            parts = families[family](rng)
            centre = union(parts).center_mass
            return Shape([part - centre for part in parts])
    known = ', '.join(name for families in SERIES.values() for name in families)
    raise InvalidRequest('family', family, f'one of {known}')

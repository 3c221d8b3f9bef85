# SPDX-License-Identifier: Apache-2.0
"""
Starts of two hands on opposite sides of a large object, palms towards it.

Opposite places of the object's convex hull, as people choose them to carry a box: near the line
through the centre of mass, and high enough above the support. Letters: B starts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.hull_proposer import starts_near, StartSettings
from dexlite_ros.proposal.opposite_points import OppositePoints
from dexlite_ros.two_hands.settings import PressSettings

Points = NDArray[np.float64]


def opposite_places(
    surface: ObjectSurface, centre: Points, support: Plane, count: int, seed: int,
    settings: PressSettings,
) -> OppositePoints:
    """
    Return ``count`` pairs of places for two hands; none where there is no such place.

    :param centre: (3,) centre of mass [m]
    :param support: plane that the object stands on
    """
    hull = trimesh.convex.convex_hull(surface.vertices)
    found = OppositePoints.on(hull, settings.rays, seed)
    low = np.minimum(support.height(found.first), support.height(found.second))
    suits = (found.thickness > settings.thinnest) & (low > settings.lowest)
    suits &= np.abs(found.axis @ support.normal) < settings.slope
    found = found[suits]
    if not len(found):
        return found
    beside = centre - found.first
    beside = beside - (beside * found.axis).sum(1, keepdims=True) * found.axis
    likely = np.exp(-np.linalg.norm(beside, axis=1) / settings.off_centre)
    rng = np.random.default_rng(seed)
    chosen = found[rng.choice(len(found), count, p=likely / likely.sum())]
    swapped = rng.random((count, 1)) < 0.5
    return OppositePoints(
        np.where(swapped, chosen.second, chosen.first),
        np.where(swapped, chosen.first, chosen.second))


def press_starts(
    kinematics: HandKinematics, places: Points, towards: Points, up: Points,
    generator: torch.Generator, settings: PressSettings,
) -> GraspBatch:
    """
    Return B open hands before places (B, 3) [m], on the CPU.

    :param towards: (B, 3) unit, where the palms look
    :param up: (3,) unit; fingers do not point that way
    """
    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    along = np.concatenate([
        _across(each, up, rng, settings.fingers_up)[None] for each in towards])
    points, outward, fingers = (
        torch.from_numpy(each).float() for each in (places, -towards, along))
    return starts_near(
        kinematics, points, outward, fingers, generator,
        StartSettings(nearest=settings.nearest, farthest=settings.farthest))


def _across(
    towards: Points, up: Points, rng: np.random.Generator, highest: float
) -> Points:
    """Return a random unit vector across ``towards`` that points up no more than allowed."""
    while True:
        drawn = rng.standard_normal(3)
        drawn -= (drawn @ towards) * towards
        drawn /= np.linalg.norm(drawn)
        if drawn @ up <= highest:
            return np.asarray(drawn)

# SPDX-License-Identifier: Apache-2.0
"""
Whether a hand can hold an object at all as it lies, told from its shape before anything is tried.

Grasps need two opposite sides that fingers reach: not too far apart, and not too near the support.
Contact forces on a wide disc may well balance, yet no such grasp of one ever held in simulation
(docs/results/grasps_on_a_table.md).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import trimesh

from dexlite_ros.errors import UngraspableObject
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.plan import PlanReport
from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.proposal.opposite_points import OppositePoints

SPAN = 0.17
"""Largest distance between opposite sides that the hand spans [m]: of cylinders 16 cm wide most
grasps hold, of discs 22 cm wide none."""
LOWEST = 0.006
"""Smallest height above the support at which fingers press [m]: of cards 6 mm high 1 grasp of 16
holds, of those 8 mm high half."""
RAYS = 2000
SHARE = 0.005
"""Share of the surface that needs an opposite side."""


def check_graspable(scene: PlanningScene, report: PlanReport) -> None:
    """
    Raise an error if none of the surfaces that the object may have can be held.

    :param report: as it is before anything is tried; the error carries it, with the reason
    :raises UngraspableObject: with the reason that holds for the likeliest surface
    """
    support = None if scene.obstacles is None else scene.obstacles.support
    doubts = [doubt_of_holding(each.surface, support) for each in scene.hypotheses]
    reason = doubts[0]
    if reason is not None and all(doubts):
        raise UngraspableObject(
            reason.message, replace(report, warnings=(*report.warnings, reason)),
            scene.surfaces_of_input())


def doubt_of_holding(surface: ObjectSurface, support: Plane | None) -> PlanWarning | None:
    """
    Return why the hand cannot hold an object as it lies; None if it may.

    :param surface: closed, with its support in the same frame [m]
    :param support: plane that the object lies on; None: it floats
    """
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    pairs = OppositePoints.on(mesh, RAYS, seed=0)
    pairs = pairs[pairs.thickness < SPAN]
    enough = SHARE * RAYS
    if support is None:
        high = len(pairs)
    else:
        lower = np.minimum(*(support.height(each) for each in (pairs.first, pairs.second)))
        high = int((lower > LOWEST).sum())
    if high >= enough:
        return None
    if support is not None and len(pairs) >= enough:
        height = float(support.height(surface.vertices).max())
        return PlanWarning(
            'too_flat',
            f'the object is {1e3 * height:.0f} mm high and lies flat: no two opposite sides '
            f'{1e3 * LOWEST:.0f} mm above its support or higher, where fingers reach, are less '
            f'than {100 * SPAN:.0f} cm apart: bring it to an edge, or stand it up')
    return PlanWarning(
        'no_opposite_sides',
        f'no two opposite sides of the object are less than {100 * SPAN:.0f} cm apart, which is '
        'what the hand spans: use two hands, or another tool')

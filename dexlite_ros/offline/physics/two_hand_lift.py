# SPDX-License-Identifier: Apache-2.0
"""
The test of two hands: they close around an object on a table and raise it together.

Pregrasp to grasp in 0.4 s as in every test, then the squeeze, in which the springs of the arms are
drawn, and a rise of 10 cm. The object may be 5 cm and 15 degrees from where it started, raised as
the hands were, when it has been held in the air for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.physics.closing import look, OVERLAP, Verdict
from dexlite_ros.offline.physics.hand_motion import CLOSING, wrist_path
from dexlite_ros.offline.physics.protocols import LIFT
from dexlite_ros.offline.physics.two_hand_scene import Pair, TwoHandScene

TICK = 0.04
"""Interval between commands [s]."""
StagedPair = tuple[StagedGrasp, StagedGrasp]


@dataclass(frozen=True)
class TwoHandLiftSettings:
    """Closing and raising two hands."""

    squeeze_time: float = 0.8
    """Duration of the way from grasp to squeeze: two whole arms move [s]."""
    height: float = 0.1
    """Rise of the hands [m]."""
    speed: float = 0.1
    """Their speed [m/s]."""
    hold_time: float = 1.0
    """Time between the end of the rise and the look at the object [s]."""


TWO_HAND_LIFT = TwoHandLiftSettings()


def two_hand_lift(
    scene: TwoHandScene, grasps: StagedPair, index: int,
    settings: TwoHandLiftSettings = TWO_HAND_LIFT,
) -> Verdict:
    """Return the verdict of lifting an object with one pair of grasps."""
    first, second = grasps
    if scene.overlap((first.pregrasp, second.pregrasp), index) > CLOSING.overlap_max:
        return OVERLAP
    scene.pose((first.pregrasp, second.pregrasp), index)
    _move(scene, (first.pregrasp, second.pregrasp), (first.grasp, second.grasp), index,
          CLOSING.transition_time)
    _move(scene, (first.grasp, second.grasp), (first.squeeze, second.squeeze), index,
          settings.squeeze_time)
    before, held = look(scene, ('moved in squeeze', 'turned in squeeze')), scene.object_height
    for _ in range(round(settings.height / settings.speed / TICK)):
        for hand in scene.hands:
            hand.raise_target(settings.speed * TICK)
        scene.step(TICK)
    scene.step(settings.hold_time)
    after = look(scene, ('moved', 'turned'), settings.height)
    if after.reason == 'diverged':
        return after
    rise = (scene.object_height - held) / settings.height
    if after.passed:
        return replace(after, rise=rise)
    reason = before.reason
    if before.passed:
        reason = 'dropped' if rise < LIFT.rise_min else after.reason
    return replace(after, reason=reason, rise=rise)


def _move(scene: TwoHandScene, start: Pair, end: Pair, index: int, seconds: float) -> None:
    """Command straight-line motions of both wrists and all joints at the same time."""
    paths = [wrist_path(one, other, index) for one, other in zip(start, end)]
    joints = [tuple(each.joints[index].double().numpy() for each in ends)
              for ends in zip(start, end)]
    count = math.ceil(seconds / TICK)
    for way in np.arange(1, count + 1) / count:
        for hand, path, (before, after) in zip(scene.hands, paths, joints):
            hand.command(*path(way), (1 - way) * before + way * after)
        scene.step(seconds / count)

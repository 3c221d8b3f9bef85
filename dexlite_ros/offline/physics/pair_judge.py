# SPDX-License-Identifier: Apache-2.0
"""The judge of pairs of grasps: all of a plan of two hands, in the lift with both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.closing_choice import SOFT_WRIST, SoftWristSettings
from dexlite_ros.offline.physics.hand_motion import CLOSING
from dexlite_ros.offline.physics.simulation import REVISION, SimulationSettings
from dexlite_ros.offline.physics.two_hand_lift import (
    StagedPair,
    TWO_HAND_LIFT,
    two_hand_lift,
    TwoHandLiftSettings,
)
from dexlite_ros.offline.physics.two_hand_scene import TwoHandScene
from dexlite_ros.offline.provenance import fingerprint

NAME = 'two-hand-lift'
"""Of the test, in files and tables."""


@dataclass(frozen=True)
class PairTrial:
    """An object that pairs of grasps are to lift."""

    hands: tuple[HandDescription, HandDescription]
    pieces: Sequence[NDArray[np.floating]]
    """Corners (V, 3) of the object's convex pieces, in the frame of the grasps [m]."""
    simulation: SimulationSettings = field(default_factory=lambda: SimulationSettings(mass=1.0))
    table: float | None = None
    """Height of the table [m]; None: where the object is lowest."""
    lift: TwoHandLiftSettings = TWO_HAND_LIFT
    arm: SoftWristSettings = SOFT_WRIST

    def judge(self, grasps: StagedPair) -> list[Verdict]:
        """Return the verdict on each pair."""
        scene = TwoHandScene(
            self.hands, self.pieces, self.simulation, self._height(), self.arm)
        return [two_hand_lift(scene, grasps, index, self.lift)
                for index in range(len(grasps[0]))]

    def key(self, grasps: StagedPair) -> str:
        """Return a short hash of everything that determines the verdicts."""
        arrays = [part.numpy().tobytes() for hand in grasps for batch in vars(hand).values()
                  for part in vars(batch).values()]
        return fingerprint(
            *arrays, *(np.asarray(each).tobytes() for each in self.pieces), repr((
                [each.name for each in self.hands], self.simulation, self._height(), self.lift,
                self.arm, CLOSING, REVISION)))

    def world(self) -> dict[str, float]:
        """Return the object's mass [kg] and the friction coefficient."""
        return {'mass': self.simulation.mass, 'friction': self.simulation.friction}

    def _height(self) -> float:
        if self.table is not None:
            return self.table
        return float(min(each[:, 2].min() for each in self.pieces))

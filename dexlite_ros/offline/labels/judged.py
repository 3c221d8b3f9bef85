# SPDX-License-Identifier: Apache-2.0
"""The judge of one scene: clean verdicts, and shares that hold under perturbation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.labels.scene_choice import LabelTests
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.judge import Conditions, find_test, GraspTest
from dexlite_ros.offline.physics.simulation import GraspScene, SimulationSettings

LOW_FRICTION = 0.3
"""Sliding friction coefficient, half of the usual one."""
HEAVIEST = 1.0
"""Largest mass of the heavy copies of an object [kg]; the smallest is the usual one."""


def heavy_mass(seed: int) -> float:
    """Return the mass of a scene's heavy object [kg], log-uniform from the usual one up."""
    usual = SimulationSettings().mass
    share = np.random.default_rng([seed, 2]).random()
    return float(usual * (HEAVIEST / usual) ** share)


class SceneJudge:
    """Judges grasps of one object; each world is built once and serves all tests in it."""

    def __init__(
        self,
        tests: LabelTests,
        pieces: Sequence[NDArray[np.floating]],
        hand: HandDescription,
        table: float | None,
        fixed: Sequence[NDArray[np.floating]],
        seed: int,
        wrists: int,
    ) -> None:
        """
        Remember what the worlds are built from.

        :param pieces: corners (V, 3) of the object's convex pieces, in the grasps' frame [m]
        :param table: height of the table [m]; None: none
        :param fixed: corners (V, 3) of convex pieces that stand around the object [m]
        :param seed: of the perturbed wrists
        :param wrists: number of perturbed wrists per grasp and test
        """
        self._tests = {name: find_test(test) for name, test in vars(tests).items()}
        self._pieces, self._hand, self._table, self._fixed = pieces, hand, table, fixed
        self._seed, self._wrists = seed, wrists
        self._worlds: dict[SimulationSettings, GraspScene] = {}

    def clean(self, grasps: StagedGrasp, index: int) -> Verdict:
        """Return the verdict on a grasp as it was planned."""
        return self._verdict(self._tests['clean'], grasps, index, 0)

    def low_friction(self, grasps: StagedGrasp, index: int) -> Verdict:
        """Return the verdict on a grasp as it was planned, with half of the friction."""
        slippery = self._tests['clean'].under(Conditions(friction=LOW_FRICTION))
        return self._verdict(slippery, grasps, index, 0)

    def heavy(self, grasps: StagedGrasp, index: int, mass: float) -> Verdict:
        """Return the verdict on a grasp as it was planned, of an object of another mass [kg]."""
        return self._verdict(
            self._tests['clean'].under(Conditions(mass=mass)), grasps, index, 0)

    def share(self, level: str, grasps: StagedGrasp, index: int, number: int) -> float:
        """
        Return the share of a grasp's perturbed wrists that hold.

        :param level: 'mild' or 'noise'
        :param number: of the grasp in the scene; determines the perturbations
        """
        held = [
            self._verdict(self._tests[level], grasps, index, number * self._wrists + each).passed
            for each in range(self._wrists)]
        return float(np.mean(held))

    def _verdict(self, test: GraspTest, grasps: StagedGrasp, index: int, place: int) -> Verdict:
        if test.simulation not in self._worlds:
            self._worlds[test.simulation] = test.scene(
                self._pieces, self._hand, self._table, self._fixed)
        prepared = test.prepared(grasps, index, self._hand, self._seed, place)
        return test(self._worlds[test.simulation], prepared, 0)

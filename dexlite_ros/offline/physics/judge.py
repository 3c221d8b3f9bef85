# SPDX-License-Identifier: Apache-2.0
"""
The judge: named tests, each a protocol in a world, for all grasps of an object.

Every reported success rate comes from here, so it means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.physics.closing import close, Closed, Verdict
from dexlite_ros.offline.physics.closing_choice import Closing, USUAL_CLOSING
from dexlite_ros.offline.physics.hand_motion import CLOSING
from dexlite_ros.offline.physics.protocols import (
    LIFT,
    lift,
    LiftSettings,
    LOADS,
    LoadSettings,
    six_forces,
    six_torques,
    TABLE_LIFT,
    table_lift,
    TableLiftSettings,
)
from dexlite_ros.offline.physics.simulation import GraspScene, REVISION, SimulationSettings
from dexlite_ros.offline.physics.uneven_coupling import (
    bend_proximal_first,
    PROXIMAL_DAMPING,
    split_unevenly,
)
from dexlite_ros.rotations import rotvec_to_rotmat

Pieces = Sequence[NDArray[np.floating]]
"""Corners (V, 3) of convex pieces [m]."""


@dataclass(frozen=True)
class Conditions:
    """What a caller may change in the world of a test, and of the hand; None: as in the test."""

    mass: float | None = None
    """Mass of the object [kg]; loads are proportional to it."""
    friction: float | None = None
    """Sliding friction coefficient of every contact."""
    closing: Closing = USUAL_CLOSING
    """How the hand closes, and how its wrist is held meanwhile."""


USUAL = Conditions()
USUAL_HAND = find_hand(DEFAULT_HAND)


@dataclass(frozen=True)
class GraspTest:
    """A protocol and its simulated world."""

    protocol: Callable[[GraspScene, StagedGrasp, int, Any, Closed | None], Verdict]
    """Function that runs the test, given the settings below."""
    meaning: str
    settings: LoadSettings | LiftSettings | TableLiftSettings = LOADS
    simulation: SimulationSettings = field(default_factory=SimulationSettings)
    position_noise: float = 0.0
    """Standard deviation of each coordinate of the wrist's perturbation, or its bound [m]."""
    rotation_noise: float = 0.0
    """Standard deviation of the perturbation angle, about a random axis, or bound of each
    component of its rotation vector [rad]."""
    bounded: bool = False
    """Whether the perturbation is uniform within these bounds, per axis, instead of Gaussian."""
    uneven: bool = False
    """Whether coupled joints share their motor's motion unevenly, the proximal one first."""
    own_motors: bool = False
    """Whether the torque limit of the fingers is the hand's, not the benchmark's."""
    way: Closing = USUAL_CLOSING
    """How the hand closes."""

    def under(self, conditions: Conditions) -> GraspTest:
        """
        Return the test in a world of other mass or friction.

        :raises InvalidRequest: for a friction in a test that has its own
        """
        changes = {
            name: value for name, value in (
                ('mass', conditions.mass), ('friction', conditions.friction)) if value is not None}
        if 'friction' in changes and self.simulation.friction != SimulationSettings().friction:
            raise InvalidRequest(
                'friction', conditions.friction,
                f'none beside a test that has its own: {self.simulation.friction:g}')
        return replace(
            self, simulation=replace(self.simulation, **changes),
            way=conditions.closing)

    def scene(
        self, pieces: Pieces, hand: HandDescription, table: float | None, fixed: Pieces = ()
    ) -> GraspScene:
        """
        Return the world of the test; only where objects are lifted there is the table.

        :raises InvalidRequest: without a table where there has to be one
        """
        if self.protocol is table_lift and table is None:
            raise InvalidRequest('table', table, 'its height [m]; the object is lifted from it')
        if self.protocol not in (lift, table_lift):
            table, fixed = None, ()
        simulation = self.simulation.of_hand(hand, own_torque=self.own_motors)
        scene = GraspScene(hand, pieces, simulation, table, fixed, self.way)
        if self.uneven:
            bend_proximal_first(scene)
        return scene

    def prepared(
        self, grasps: StagedGrasp, index: int, hand: HandDescription, seed: int, place: int
    ) -> StagedGrasp:
        """Return one grasp, its wrist and coupled joints changed as the test prescribes."""
        grasp = grasps[[index]]
        if self.uneven:
            grasp = split_unevenly(grasp, hand)
        if not (self.position_noise or self.rotation_noise):
            return grasp
        return perturbed(
            grasp, self.position_noise, self.rotation_noise,
            np.random.default_rng([seed, place]), self.bounded)

    def key(self) -> str:
        """Return everything that determines a verdict, as text identical in every process."""
        rest = (self.simulation, self.position_noise, self.rotation_noise, self.settings)
        special = (*(('uneven', PROXIMAL_DAMPING) if self.uneven else ()),
                   *(('bounded',) if self.bounded else ()),
                   *(('own motors',) if self.own_motors else ()),
                   *self.way.key())
        return repr((self.protocol.__name__, *rest, CLOSING, REVISION, *special))

    def closing(self) -> str:
        """Return everything that determines how the hand closes where there is no table."""
        return repr((
            self.simulation, self.position_noise, self.rotation_noise, self.bounded, self.uneven,
            self.own_motors, self.protocol is table_lift, self.way))

    def __call__(
        self, scene: GraspScene, grasps: StagedGrasp, index: int, closed: Closed | None = None
    ) -> Verdict:
        """
        Return the verdict on one grasp of a batch in the test's world.

        :param closed: the same grasp after ``close`` in the same scene; None: close it here
        """
        return self.protocol(scene, grasps, index, self.settings, closed)


TestName = Literal[
    'six-forces', 'six-torques', 'lift', 'noise', 'mild', 'low-friction', 'uneven-j0',
    'own-motors', 'six-forces-quick', 'noise-quick', 'mild-quick', 'lift-quick', 'table-lift',
    'table-lift-noise', 'table-lift-mild']
TESTS: dict[TestName, GraspTest] = {
    'six-forces': GraspTest(six_forces, '1 N along each axis for 2 s, without gravity'),
    'six-torques': GraspTest(six_torques, '0.02 N m about each axis for 2 s, without gravity'),
    'lift': GraspTest(lift, 'raised by 1 m at 0.5 m/s', LIFT),
    'noise': GraspTest(
        six_forces, 'six forces, the wrist perturbed by 5 mm and 5 degrees',
        position_noise=0.005, rotation_noise=math.radians(5.0)),
    'mild': GraspTest(
        six_forces, 'six forces, the wrist perturbed by up to 5 mm and 5 degrees per axis',
        position_noise=0.005, rotation_noise=math.radians(5.0), bounded=True),
    'low-friction': GraspTest(
        six_forces, 'six forces with friction 0.3 instead of 0.6',
        simulation=SimulationSettings(friction=0.3)),
    'uneven-j0': GraspTest(
        six_forces, 'six forces, J2 bent to its stop before J1, their sum J0 as commanded',
        uneven=True),
    'own-motors': GraspTest(
        six_forces, "six forces, with the torque limit of the hand's own motors",
        own_motors=True),
    'six-forces-quick': GraspTest(
        six_forces, 'six forces, each ended early once the object is predicted to stay',
        LoadSettings.quick()),
    'noise-quick': GraspTest(
        six_forces, 'quick six forces, the wrist perturbed by 5 mm and 5 degrees',
        LoadSettings.quick(), position_noise=0.005, rotation_noise=math.radians(5.0)),
    'mild-quick': GraspTest(
        six_forces, 'quick six forces, the wrist perturbed by up to 5 mm and 5 degrees per axis',
        LoadSettings.quick(), position_noise=0.005, rotation_noise=math.radians(5.0),
        bounded=True),
    'lift-quick': GraspTest(lift, 'raised by 0.3 m', LiftSettings.quick()),
    'table-lift': GraspTest(
        table_lift, 'raised from a table by 10 cm, with 1 N of weight from the beginning',
        TABLE_LIFT),
    'table-lift-noise': GraspTest(
        table_lift, 'table lift, the wrist perturbed by 5 mm and 5 degrees', TABLE_LIFT,
        position_noise=0.005, rotation_noise=math.radians(5.0)),
    'table-lift-mild': GraspTest(
        table_lift, 'table lift, the wrist perturbed by up to 5 mm and 5 degrees per axis',
        TABLE_LIFT, position_noise=0.005, rotation_noise=math.radians(5.0), bounded=True),
}


def find_test(name: str) -> GraspTest:
    """
    Return the test of that name.

    :raises InvalidRequest: when there is none
    """
    if name not in TESTS:
        raise InvalidRequest('test', name, f'one of {", ".join(TESTS)}')
    return TESTS[name]


def judge(
    grasps: StagedGrasp,
    pieces: Pieces,
    name: str,
    *,
    hand: HandDescription = USUAL_HAND,
    table: float | None = None,
    fixed: Pieces = (),
    seed: int = 0,
    first: int = 0,
    conditions: Conditions = USUAL,
) -> Iterator[Verdict]:
    """
    Yield the verdict of one test on each grasp, in order.

    :param pieces: corners (V, 3) of the object's convex pieces, in the grasps' frame [m]
    :param table: height of the table the object stands on [m]; used by tests that lift only
    :param fixed: corners (V, 3) of convex pieces around the object [m]; used by these as well
    :param seed: seed of the noise; a grasp's noise depends only on this and its place
    :param first: place of the first grasp in the set that it was taken from
    :param conditions: mass and friction, where they are not those of the test
    :raises InvalidRequest: for a test that is not in ``TESTS``, or has its own friction
    """
    test = find_test(name).under(conditions)
    scene = test.scene(pieces, hand, table, fixed)
    for index in range(len(grasps)):
        yield test(scene, test.prepared(grasps, index, hand, seed, first + index), 0)


def judge_together(
    grasps: StagedGrasp,
    pieces: Pieces,
    names: Sequence[str],
    *,
    hand: HandDescription = USUAL_HAND,
) -> Iterator[tuple[Verdict, ...]]:
    """
    Yield the verdicts of several tests on each grasp, in order, without a table.

    The hand closes once, and every test goes on from there: the verdicts are those of ``judge``,
    in less time.

    :param pieces: corners (V, 3) of the object's convex pieces, in the grasps' frame [m]
    :param names: names of tests in which the hand closes alike, such as the two quick ones
    :raises InvalidRequest: for tests in which it does not, or that are not in ``TESTS``
    """
    tests = [find_test(name) for name in names]
    if len({test.closing() for test in tests}) != 1:
        raise InvalidRequest('tests', ', '.join(names), 'tests in which the hand closes alike')
    scene = tests[0].scene(pieces, hand, None)
    for index in range(len(grasps)):
        grasp = tests[0].prepared(grasps, index, hand, 0, index)
        closed = close(scene, grasp, 0)
        yield tuple(test(scene, grasp, 0, closed) for test in tests)


def perturbed(
    grasp: StagedGrasp, position: float, rotation: float, rng: np.random.Generator,
    bounded: bool = False,
) -> StagedGrasp:
    """
    Return one grasp with the same wrist perturbation at every stage.

    :param position: standard deviation of each coordinate [m]
    :param rotation: standard deviation of the angle about a random axis [rad]
    :param bounded: each coordinate, and each component of the rotation vector, is uniform up to
        these values instead
    """
    if bounded:
        shift, vector = (torch.from_numpy(most * rng.uniform(-1.0, 1.0, 3))
                         for most in (position, rotation))
    else:
        shift = torch.from_numpy(position * rng.standard_normal(3))
        axis = rng.standard_normal(3)
        vector = torch.from_numpy(
            rotation * rng.standard_normal() * axis / np.linalg.norm(axis))
    turn = rotvec_to_rotmat(vector)
    return grasp.each(lambda batch: batch.perturbed(
        shift.to(batch.translation), turn.to(batch.rotation)))

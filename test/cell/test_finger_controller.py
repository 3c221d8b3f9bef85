# SPDX-License-Identifier: Apache-2.0
"""Trajectories are followed point by point, and refused whole if any part of them is wrong."""

import numpy as np
import pytest

from dexlite_ros.cell.finger_controller import FingerController
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT

NAMES = list(SHADOW_RIGHT.joint_names)
REST = np.zeros(22)
BENT = np.full(22, 0.1)


def controller() -> FingerController:
    """Return a controller of a hand at rest."""
    return FingerController(SHADOW_RIGHT, REST)


def test_points_are_reached_at_their_times():
    """Between them joints go straight, and stay at the last."""
    fingers = controller()
    assert fingers.follow(NAMES, [1.0, 2.0], np.stack([BENT, REST]), now=5.0) == 2.0
    for now, value in ((5.0, 0.0), (5.5, 0.05), (6.0, 0.1), (6.5, 0.05), (9.0, 0.0)):
        np.testing.assert_allclose(fingers.at(now), value, atol=1e-12)


def test_names_come_in_any_order():
    """What counts is the name."""
    order = np.random.default_rng(0).permutation(22)
    wanted = np.linspace(0.0, 0.1, 22)
    for first, second in SHADOW_RIGHT.coupled_indices:
        wanted[second] = wanted[first]
    fingers = controller()
    fingers.follow([NAMES[i] for i in order], [1.0], wanted[order][None], now=0.0)
    np.testing.assert_allclose(fingers.at(1.0), wanted)


def test_no_joint_is_faster_than_its_motor():
    """A point at time zero is reached as fast as the joints go."""
    fingers = controller()
    far = np.full(22, 0.15)
    took = fingers.follow(NAMES, [0.0], far[None], now=0.0)
    assert took == pytest.approx(0.15 / SHADOW_RIGHT.joint_dynamics.velocity)


def test_who_holds_stays():
    """Where the joints were commanded to be at that time."""
    fingers = controller()
    fingers.follow(NAMES, [1.0], BENT[None], now=0.0)
    fingers.hold(0.5)
    np.testing.assert_allclose(fingers.at(9.0), 0.05)


@pytest.mark.parametrize(('names', 'times', 'change', 'message'), [
    (NAMES[:-1], [1.0], {}, 'each of the 22'), (['x', *NAMES[1:]], [1.0], {}, "'x'"),
    (NAMES, [-1.0], {}, 'times that grow'), (NAMES, [], {}, 'points'),
    (NAMES, [1.0], {'rh_FFJ3': 3.0}, 'rh_FFJ3'), (NAMES, [1.0], {'rh_MFJ1': 0.5}, 'one motor'),
    (NAMES, [1.0], {'rh_FFJ4': np.nan}, 'finite')])
def test_wrong_trajectories_change_nothing(names, times, change, message):
    """The error names what is wrong."""
    fingers, wanted = controller(), BENT.copy()
    for name, value in change.items():
        wanted[NAMES.index(name)] = value
    points = np.tile(wanted[:len(names)], (len(times), 1))
    with pytest.raises(InvalidRequest, match=message):
        fingers.follow(names, times, points, now=0.0)
    np.testing.assert_allclose(fingers.at(9.0), REST)

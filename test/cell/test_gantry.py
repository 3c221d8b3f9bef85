# SPDX-License-Identifier: Apache-2.0
"""The wrist goes straight, never faster than it may, and rests where it was sent."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dexlite_ros.cell.gantry import Gantry, GantrySettings
from dexlite_ros.errors import InvalidRequest

SETTINGS = GantrySettings()


def pose(x: float, y: float, z: float, turn: float = 0.0) -> np.ndarray:
    """Return a pose turned about the vertical."""
    found = np.eye(4)
    found[:3, :3] = Rotation.from_rotvec([0.0, 0.0, turn]).as_matrix()
    found[:3, 3] = x, y, z
    return found


@pytest.mark.parametrize('goal', [
    pose(0.3, 0.0, 0.3), pose(0.0, 0.0, 0.3, 2.0), pose(0.005, 0.0, 0.3),
    pose(0.2, 0.1, 0.5, 1.0)])
def test_it_keeps_its_limits_and_arrives(goal):
    """Positions lie on a line, speeds below the limits, and the end is the goal."""
    start = pose(0.0, 0.0, 0.3)
    gantry = Gantry(start)
    took = gantry.move(goal, 1.0)
    times = np.linspace(1.0, 1.0 + took, 400)
    found = [gantry.at(now) for now in times]
    places = np.array([each[:3, 3] for each in found])
    step = times[1] - times[0]
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() / step < 1.01 * SETTINGS.speed
    turns = Rotation.from_matrix([each[:3, :3] for each in found])
    assert (turns[:-1].inv() * turns[1:]).magnitude().max() / step < 1.01 * SETTINGS.turn_speed
    way = goal[:3, 3] - start[:3, 3]
    assert np.linalg.norm(np.cross(places - start[:3, 3], way), axis=1).max() < 1e-12
    np.testing.assert_allclose(gantry.at(1.0 + took), goal, atol=1e-9)
    np.testing.assert_allclose(gantry.at(1.0), start, atol=1e-9)


def test_a_new_goal_begins_where_the_wrist_is():
    """Nothing jumps when a motion is interrupted."""
    gantry = Gantry(pose(0.0, 0.0, 0.3))
    took = gantry.move(pose(0.4, 0.0, 0.3), 0.0)
    half = gantry.at(took / 2)
    gantry.move(pose(0.0, 0.4, 0.3), took / 2)
    np.testing.assert_allclose(gantry.at(took / 2), half, atol=1e-9)
    assert gantry.move(gantry.at(99.0), 99.0) == 0.0


@pytest.mark.parametrize('goal', [
    pose(0.0, 0.0, -0.2), pose(2.0, 0.0, 0.3), pose(np.nan, 0.0, 0.3), np.diag([2.0, 1, 1, 1])])
def test_what_an_arm_cannot_reach_is_refused(goal):
    """The wrist stays where it is."""
    gantry = Gantry(pose(0.0, 0.0, 0.3))
    with pytest.raises(InvalidRequest, match='wrist pose'):
        gantry.move(goal, 0.0)
    np.testing.assert_allclose(gantry.at(5.0), pose(0.0, 0.0, 0.3))

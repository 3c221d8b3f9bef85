# SPDX-License-Identifier: Apache-2.0
"""An object may go on where something in front of it hides it, and nowhere else."""

import numpy as np
import pytest

from dexlite_ros.object.primitives.hidden import around, FARTHEST, Hidden, hidden_beyond

EYE = np.array([0.0, 0.0, 0.0])


def wall(width: float, distance: float) -> np.ndarray:
    """Return points of a wall that covers 0 < x < width as seen from EYE."""
    x, z = np.meshgrid(np.arange(0.0, width, 0.004), np.arange(-0.2, 0.2, 0.004))
    return np.stack([x.ravel(), np.full(x.size, distance), z.ravel()], axis=1)


def test_what_is_behind_is_hidden():
    """Not what is in front, beside, or in the wall itself."""
    hidden = Hidden(wall(0.2, 0.5), EYE)
    places = np.array([[0.2, 1.0, 0.0], [0.05, 0.3, 0.0], [-0.1, 1.0, 0.0], [0.1, 0.5, 0.0]])
    assert hidden(places).tolist() == [True, False, False, False]


def test_an_object_may_go_on_up_to_where_the_wall_ends():
    """Twice as far away, the wall covers twice its width."""
    hidden = Hidden(wall(0.1, 0.5), EYE)
    edge = np.stack([np.full(5, 0.05), np.full(5, 1.0), np.linspace(-0.05, 0.05, 5)], axis=1)
    out = np.array([1.0, 0.0, 0.0])
    assert hidden_beyond(hidden, edge, out) == pytest.approx(0.15, abs=0.015)
    assert hidden_beyond(hidden, edge, -out) == pytest.approx(0.05, abs=0.015)
    assert hidden_beyond(hidden, edge - (0.1, 0, 0), -out) == 0.0
    assert hidden_beyond(Hidden(wall(0.8, 0.5), EYE), edge, out) == pytest.approx(FARTHEST)


def test_most_of_an_edge_has_to_be_hidden():
    """Half an edge in the open shows where an object ends."""
    hidden = Hidden(wall(0.1, 0.5), EYE)
    edge = np.stack([np.full(4, 0.05), np.full(4, 1.0), [0.0, 0.1, 0.6, 0.7]], axis=1)
    assert hidden_beyond(hidden, edge, np.array([1.0, 0.0, 0.0])) == 0.0


def test_only_what_is_near_the_lines_of_sight_matters():
    """Neither what is behind the camera nor far beside or behind the object."""
    points = np.array([[0.0, 1.0, 0.0], [0.1, 1.0, 0.0]])
    others = np.array([[0.0, 0.5, 0.0], [0.0, -0.5, 0.0], [0.6, 0.5, 0.0], [0.0, 2.0, 0.0]])
    assert around(others, points, EYE).tolist() == [[0.0, 0.5, 0.0]]

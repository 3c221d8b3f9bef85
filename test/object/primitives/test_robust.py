# SPDX-License-Identifier: Apache-2.0
"""Wrong points do not move an estimate."""

import numpy as np
import pytest

from dexlite_ros.object.primitives.robust import local_minima, minimise, mode, outermost, row_ends

RNG = np.random.default_rng(0)


def test_a_line_through_most_points():
    """A quarter of the points lies elsewhere."""
    x = RNG.uniform(-1, 1, 200)
    y = 2.0 * x + 0.5 + 0.01 * RNG.standard_normal(200)
    y[:50] += RNG.uniform(0.5, 2.0, 50)

    def model(place):
        return place[0] * x + place[1] - y, np.stack([x, np.ones_like(x)], axis=1)

    place, loss = minimise(model, np.array([0.0, 0.0]), 0.01, steps=60)
    assert place == pytest.approx([2.0, 0.5], abs=0.01)
    assert loss < np.log1p((model(np.zeros(2))[0] / 0.01)**2).mean()


def test_the_loss_never_rises():
    """A start at the solution stays there; an overshooting step is not taken."""
    def model(place):
        return np.array([np.arctan(place[0])]), np.array([[1.0 / (1.0 + place[0]**2)]])

    place, loss = minimise(model, np.array([3.0]), 10.0, steps=50)
    assert abs(place[0]) < 0.01 and loss < 1e-6


def test_the_mode_is_where_most_values_are():
    """Whatever lies beside them."""
    values = np.concatenate([RNG.normal(0.1, 0.001, 100), RNG.uniform(0.0, 0.09, 80), [0.3] * 10])
    assert mode(values, 0.004) == pytest.approx(0.1, abs=0.0005)
    assert mode(np.array([0.2]), 0.004) == 0.2


@pytest.mark.parametrize('each', [1, 2, 5])
def test_the_mode_of_two_equally_dense_places_is_one_of_them(each):
    """And not the empty middle between them."""
    assert mode(np.repeat([0.1, 0.2], each), 0.004) in (0.1, 0.2)


def face(count=3000):
    """Return points of a face 0.1 by 0.06."""
    return RNG.uniform(0.0, 0.1, count), RNG.uniform(0.0, 0.06, count)


def ends(*faces):
    """Return where faces of points (along, across) end on both sides."""
    rows = [row_ends(along, across, 0.0015) for along, across in faces]
    return [outermost([each[side] for each in rows], 0.003) for side in range(2)]


def test_a_face_ends_where_its_rows_end():
    """Also if half of the rows are cut short and some are longer."""
    along, across = face()
    assert ends((along, across)) == pytest.approx([0.0, 0.1], abs=0.001)
    short = (across > 0.02) & (along > 0.05)
    far = np.array([0.13, 0.14, 0.19])
    along, across = np.append(along[~short], far), np.append(across[~short], [0.05, 0.052, 0.01])
    assert ends((along, across)) == pytest.approx([0.0, 0.1], abs=0.001)


def test_one_of_two_faces_may_be_hidden_at_its_end():
    """The other tells, unless it is a sliver with few rows."""
    along, across = face()
    short = along < 0.07
    half = along[short], across[short]
    assert ends(half, face()) == pytest.approx([0.0, 0.1], abs=0.001)
    along, across = face(300)
    assert ends(half, (along, 0.15 * across)) == pytest.approx([0.0, 0.07], abs=0.001)


def test_a_sliver_has_no_ends():
    """Too few rows tell nothing."""
    along, across = face(100)
    assert ends((along, 0.1 * across)) == [None, None]
    assert ends((np.zeros(0), np.zeros(0))) == [None, None]
    assert outermost([], 0.003) is None


def test_minima_all_around():
    """The best first; the first and the last direction are neighbours."""
    assert local_minima(np.array([1.0, 3.0, 2.0, 4.0, 0.5, 2.0])).tolist() == [4, 0, 2]
    assert local_minima(np.array([0.5, 3.0, 2.0, 4.0, 0.7])).tolist() == [0, 2]

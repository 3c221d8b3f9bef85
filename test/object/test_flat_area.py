# SPDX-License-Identifier: Apache-2.0
"""Flat areas have the size and place of what was measured, and no more."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dexlite_ros.object.flat_area import CELL, flat_areas, FlatArea, longest_side
from dexlite_ros.object.support import Plane

TURN = Rotation.from_euler('xyz', [0.7, -0.4, 1.1]).as_matrix()
MOVE = np.array([0.3, -0.2, 0.8])


def sheet(width: float, depth: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    """Return points of a rectangle on z = 0, a centimetre apart."""
    place = np.stack(np.meshgrid(
        np.arange(-width / 2, width / 2, 0.01), np.arange(-depth / 2, depth / 2, 0.01)), -1)
    return np.column_stack([place.reshape(-1, 2) + [x, y], np.zeros(place[..., 0].size)])


def area_of(points: np.ndarray) -> FlatArea:
    """Return the area of points on z = 0, turned and moved."""
    normal = TURN[:, 2]
    return FlatArea.of(placed(points), Plane(normal, float(normal @ MOVE)))


def placed(points: np.ndarray) -> np.ndarray:
    """Return points turned and moved."""
    return points @ TURN.T + MOVE


def test_size_and_longest_side():
    """Of a rectangle, but for a rim of a cell."""
    area = area_of(sheet(0.6, 0.3))
    assert area.size == pytest.approx(0.18, abs=0.9 * 2 * CELL)
    assert area.extent == pytest.approx(0.6, abs=2.5 * CELL)
    assert longest_side(placed(sheet(0.6, 0.3))) == pytest.approx(0.6, abs=0.07)


def test_parts_apart_are_not_one_long_thing():
    """The longest side is that of the largest part; of it alone points are held."""
    area = area_of(np.concatenate([sheet(0.3, 0.3), sheet(0.2, 0.2, 0.9)]))
    assert area.extent < 0.5
    assert area.holds(placed(sheet(0.3, 0.3))).all()
    assert not area.holds(placed(sheet(0.2, 0.2, 0.9))).any()


def test_places_beside_and_above():
    """Distances along the plane, whatever the height."""
    area = area_of(sheet(0.6, 0.3))
    above = placed(np.array([[0.0, 0.0, 0.2], [0.4, 0.0, 0.1], [0.0, 0.25, 0.0], [5.0, 0.0, 0.0]]))
    np.testing.assert_allclose(area.aside(above[:3]), [0.0, 0.1, 0.1], atol=1.5 * CELL)
    assert area.aside(above[3:])[0] > 0.1
    np.testing.assert_allclose(area.outside(above[1:3]), [0.1, 0.1], atol=1.5 * CELL)
    assert area.outside(above[:1])[0] < 0.0
    np.testing.assert_array_equal(area.bare_below(above), [True, False, False, False])
    assert not area.holds(above).any()


def test_a_hole_is_not_bare():
    """Where something stands, or nothing was measured, the plane is not seen to be bare."""
    flat = sheet(0.6, 0.4)
    hole = (np.abs(flat[:, :2]) < 0.06).all(axis=1)
    area = area_of(flat[~hole])
    assert not area.bare_below(placed(flat[hole])).any()
    assert area.outside(placed(flat[hole])).max() < 0.0


def test_strips_are_no_areas():
    """Two planes that meet are found as two, each without the strip of the other."""
    assert area_of(sheet(0.6, 0.03)) is None
    floor, wall = sheet(0.6, 0.6), sheet(0.6, 0.6)[:, [0, 2, 1]] + [0.0, 0.3, 0.3]
    eye = placed(np.array([[0.0, -1.0, 1.0]]))[0]
    found = flat_areas(placed(np.concatenate([floor, wall])), eye, 0.02)
    assert len(found) == 2
    assert sorted(abs(each.plane.normal @ TURN[:, 2]) > 0.99 for each in found) == [False, True]
    for each in found:
        assert each.plane.height(eye[None])[0] > 0
        assert each.size == pytest.approx(0.36, rel=0.15)


def test_nothing_flat():
    """A cloud of noise, few points, none."""
    rng = np.random.default_rng(0)
    for count in (0, 2, 3, 2000):
        assert not flat_areas(rng.standard_normal((count, 3)), np.zeros(3), 0.02)

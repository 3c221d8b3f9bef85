# SPDX-License-Identifier: Apache-2.0
"""Points on the faces of obstacles leave no gap in which a finger could pass."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.object import obstacle_points
from dexlite_ros.object.obstacle_points import NEAR, SPACING, spread_over_faces

TABLE = trimesh.creation.box((0.8, 0.6, 0.02))
NEEDLE = np.array([[[0, 0, 0], [0.5, 0, 0], [0.25, 1e-4, 0]]], float)


def gap(points: np.ndarray, triangles: np.ndarray) -> float:
    """Return the largest distance from a place on the triangles to the nearest point."""
    mesh = trimesh.Trimesh(triangles.reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3))
    places, _ = trimesh.sample.sample_surface(mesh, 20000, seed=0)
    return float(cKDTree(points).query(places)[0].max())


@pytest.mark.parametrize('triangles', [
    np.asarray(TABLE.triangles), NEEDLE, np.asarray(trimesh.creation.icosphere(3, 0.1).triangles)],
    ids=['table', 'needle', 'ball'])
def test_no_place_is_far_from_a_point(triangles):
    """Half a diagonal of 5 mm at most, corners included, and no more points than that needs."""
    points, coarse = spread_over_faces(triangles)
    assert coarse is None
    assert gap(points, triangles) < SPACING / np.sqrt(2) + 1e-9
    assert cKDTree(points).query(triangles.reshape(-1, 3))[0].max() < 1e-6
    assert len(np.unique(np.round(points, 6), axis=0)) == len(points) < 60_000


def test_faces_far_from_the_object_are_cut_off():
    """A hall of 20 m is as dense near the object as a table."""
    hall = np.asarray(trimesh.creation.box((20, 20, 5)).triangles) + [0, 0, 2.5]
    cup = np.array([[-0.05, -0.05, 0.0], [0.05, 0.05, 0.1]])
    points, coarse = spread_over_faces(hall, cup)
    assert coarse is None and np.abs(points[:, :2]).max() == pytest.approx(0.05 + NEAR)
    assert set(points[:, 2]) == {0.0}
    floor = np.stack(np.meshgrid(*[np.linspace(-0.4, 0.4, 50)] * 2, [0.0]), -1).reshape(-1, 3)
    assert cKDTree(points).query(floor)[0].max() < SPACING / np.sqrt(2) + 1e-9
    assert len(spread_over_faces(hall, cup + 2.0)[0]) == 0


def test_the_number_of_points_is_bounded(monkeypatch):
    """Without an object the points of something large are farther apart, which is told."""
    monkeypatch.setattr(obstacle_points, 'POINTS_MAX', 5000)
    points, coarse = spread_over_faces(np.asarray(TABLE.triangles))
    assert len(points) <= 5000 and coarse > SPACING
    assert gap(points, np.asarray(TABLE.triangles)) < coarse / np.sqrt(2)


def test_faces_without_area_have_no_points():
    """Neither have those with corners that are no numbers."""
    good = np.asarray(TABLE.triangles)
    line = np.array([[[0, 0, 0], [1, 0, 0], [2, 0, 0]]], float)
    assert spread_over_faces(line).points is None
    bad = np.concatenate([good, line, good[:1] * np.nan])
    assert np.array_equal(spread_over_faces(bad).points, spread_over_faces(good).points)

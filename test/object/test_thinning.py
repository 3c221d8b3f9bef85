# SPDX-License-Identifier: Apache-2.0
"""Thinned clouds are even, whatever the cameras and frames that they were measured with."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.object.cloud import mean_spacing, PointCloud
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.thinning import at_most, thin, thinned

BOX = trimesh.creation.box((0.06, 0.08, 0.12))


def box(count: int, seed: int = 0) -> np.ndarray:
    """Return points on all faces of a box."""
    return sample_mesh(BOX, count, np.random.default_rng(seed)).points


def test_no_point_is_invented():
    """Exactly the requested number of measured points is left, the same ones every time."""
    dense = box(30000)
    kept = thin(PointCloud(dense), 1000, 0).points
    assert len(kept) == 1000 and set(map(tuple, kept)) <= set(map(tuple, dense))
    assert np.array_equal(kept, thin(PointCloud(dense), 1000, 0).points)


def test_a_denser_side_counts_no_more():
    """Ten times the points on one half of the box leave both halves alike."""
    sparse, dense = box(2000), box(20000, 1)
    kept = thin(PointCloud(np.concatenate([sparse, dense[dense[:, 2] > 0.0]])), 600, 0).points
    assert np.mean(kept[:, 2] > 0.0) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize('frames', [2, 10, 40])
def test_stacked_frames_become_one(frames):
    """Repeated measurements, a tenth of a millimetre apart, have the spacing of one frame."""
    rng = np.random.default_rng(2)
    once = box(400)
    stack = np.concatenate([once + 1e-4 * rng.standard_normal(once.shape) for _ in range(frames)])
    kept = thin(PointCloud(stack), 2048, 0).points
    assert len(kept) < 1.3 * len(once)
    assert mean_spacing(kept) == pytest.approx(mean_spacing(once), rel=0.2)
    assert cKDTree(kept).query(once)[0].max() < 0.002


@pytest.mark.parametrize('away', [1e9, -1e9])
def test_a_point_light_years_away_changes_nothing(away):
    """The cells follow the bulk of the points."""
    cloud = np.concatenate([box(3000), [[away, 0.0, away]]])
    kept = thin(PointCloud(cloud), 1000, 0).points
    assert len(kept[np.abs(kept).max(axis=1) < 1.0]) >= 999


@pytest.mark.parametrize('place', [0.0, 3e4], ids=['near', 'with a far stray'])
def test_thinned_leaves_one_point_per_cube(place):
    """Each is a point of the cloud, and every point has one in its cube."""
    points = np.concatenate([[[place, place, place]], box(20000)])
    few, member = thinned(points, 0.02)
    assert len(few) < len(points) / 5
    assert np.abs(points - few[member]).max() <= 0.02
    assert set(map(tuple, few)) <= set(map(tuple, points))


def test_at_most_so_many_are_left():
    """Fewer are left alone; more are thinned to an even density and not much below the limit."""
    points = np.concatenate([box(20000), box(20000, 1)[:10000] * [1.0, 1.0, 0.5]])
    assert at_most(points, 30000, 0.001) is points
    few = at_most(points, 2000, 0.0005)
    assert 1000 < len(few) <= 2000
    assert cKDTree(points).query(few)[0].max() == 0.0
    assert cKDTree(few).query(points)[0].max() < 3.0 * mean_spacing(few)
    assert len(at_most(np.zeros((500, 3)), 10, 0.001)) == 1

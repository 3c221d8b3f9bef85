# SPDX-License-Identifier: Apache-2.0
"""Points spread over a surface lie on it, and every first part of them is spread as well."""

import numpy as np
import trimesh

from dexlite_ros.surface_points import farthest_points, spread_points

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.05)


def test_spread_points_lie_on_the_surface():
    """With the normals of their triangles; the same seed gives the same points."""
    points, normals = spread_points(BALL, 200, seed=3)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 0.05, atol=2e-4)
    assert (np.einsum('ni,ni->n', points, normals) > 0.049).all()
    assert np.array_equal(points, spread_points(BALL, 200, seed=3)[0])
    assert not np.array_equal(points, spread_points(BALL, 200, seed=4)[0])


def test_each_point_is_the_farthest_from_those_before():
    """So the distance to those before only falls, and no half of the ball is left out."""
    points, _ = spread_points(BALL, 60, seed=0)
    nearest = [np.linalg.norm(points[:n] - points[n], axis=1).min() for n in range(1, 60)]
    assert (np.diff(nearest) <= 1e-12).all()
    for axis in range(3):
        assert (points[:12, axis] > 0).any() and (points[:12, axis] < 0).any()


def test_separation_ends_the_choice():
    """No two points are nearer than asked for; the first one can be chosen."""
    cloud = np.random.default_rng(0).random((500, 3))
    chosen = farthest_points(cloud, 500, separation=0.2, first=7)
    apart = np.linalg.norm(cloud[chosen][:, None] - cloud[chosen], axis=2)
    assert chosen[0] == 7 and len(chosen) < 500
    assert apart[~np.eye(len(chosen), dtype=bool)].min() > 0.2
    assert cloud[farthest_points(cloud, 1)[0], 2] == cloud[:, 2].max()

# SPDX-License-Identifier: Apache-2.0
"""The noise of points on a support."""

import numpy as np
import pytest
from scipy import ndimage

from dexlite_ros.object.support import fit_support, Plane, plane_noise, segment_plane

TILTED = Plane(np.array([0.2, -0.1, 1.0]), 0.3)


def on_plane(plane: Plane, height: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return points (N, 3) at these heights (N,) above a plane, spread over half a metre."""
    place = np.random.default_rng(seed).uniform(-0.25, 0.25, (len(height), 3))
    return plane.project(place) + height[:, None] * plane.normal


@pytest.mark.parametrize('sigma', [0.0005, 0.001, 0.003])
def test_gaussian_noise(sigma):
    """The standard deviation is found, with some points far above the plane."""
    rng = np.random.default_rng(1)
    height = np.concatenate([sigma * rng.standard_normal(4000), rng.uniform(0.02, 0.2, 3000)])
    assert plane_noise(on_plane(TILTED, height), TILTED) == pytest.approx(sigma, rel=0.08)


def test_smooth_noise_counts_in_full():
    """Neighbouring points that err alike are still off the plane."""
    field = ndimage.gaussian_filter(
        np.random.default_rng(2).standard_normal((200, 200)), 4.0, mode='wrap')
    height = 0.002 * field / field.std()
    x, y = np.meshgrid(np.linspace(-0.2, 0.2, 200), np.linspace(-0.2, 0.2, 200))
    flat = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
    points = np.column_stack([x.ravel(), y.ravel(), height.ravel()])
    assert plane_noise(points, flat) == pytest.approx(0.002, rel=0.1)


def test_few_points_tell_nothing():
    """Zero, with few on the plane, however many are elsewhere, and with none at all."""
    rng = np.random.default_rng(3)
    few = np.concatenate([0.001 * rng.standard_normal(150), rng.uniform(0.02, 0.2, 3000)])
    assert plane_noise(on_plane(TILTED, few), TILTED) == 0.0
    assert plane_noise(np.zeros((0, 3)), TILTED) == 0.0


def test_fewer_than_three_points_have_no_plane():
    """Nor has nothing; three have one."""
    points = np.eye(3)
    assert all(segment_plane(points[:count], 0.001) is None for count in range(3))
    found = segment_plane(points, 0.001)
    assert found is not None and len(found[1]) == 3


def test_a_support_is_found_beside_a_larger_side():
    """The side of a carton has more points near the object than the table; the table is found."""
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.uniform(-0.2, 0.2, (1500, 2)), np.zeros(1500)])
    side = np.column_stack([
        np.full(3000, 0.12), rng.uniform(-0.15, 0.15, 3000), rng.uniform(0.0, 0.2, 3000)])
    thing = np.column_stack([rng.uniform(-0.03, 0.03, (400, 2)), rng.uniform(0.0, 0.1, 400)])
    found = fit_support(np.concatenate([table, side]), thing)
    assert found is not None
    assert found.normal == pytest.approx([0.0, 0.0, 1.0], abs=0.01)
    assert fit_support(side, thing) is None


def test_all_obstacles_on_one_wrong_plane_leave_none():
    """After it is taken away nothing is left to look at."""
    rng = np.random.default_rng(0)
    wall = np.column_stack([np.full(900, 0.12), rng.uniform(-0.1, 0.1, (900, 2))])
    assert fit_support(wall, rng.uniform(-0.03, 0.03, (300, 3))) is None


@pytest.mark.parametrize(('above', 'stands'), [(0.02, True), (0.05, True), (0.1, False)])
def test_a_thing_that_hides_its_foot_stands_on_the_table(above, stands):
    """Seen from above only its top is seen, centimetres over the table; not a decimetre."""
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.uniform(-0.2, 0.2, (1500, 2)), np.zeros(1500)])
    top = np.column_stack([rng.uniform(-0.04, 0.04, (400, 2)), np.full(400, above)])
    assert (fit_support(table, top) is not None) is stands

# SPDX-License-Identifier: Apache-2.0
"""The noise of points on a support."""

import numpy as np
import pytest
from scipy import ndimage

from dexlite_ros.object.support import Plane, plane_noise

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

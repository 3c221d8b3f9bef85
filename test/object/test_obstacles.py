# SPDX-License-Identifier: Apache-2.0
"""The obstacle field gives the distance to points, and is negative below the support."""

import numpy as np
import pytest
import torch

from dexlite_ros.object.obstacles import obstacle_field, Obstacles, of_support, SUPPORT_SLACK
from dexlite_ros.object.support import Plane

OBJECT = np.array([[-0.03, -0.03, 0.0], [0.03, 0.03, 0.1]])


def test_distance_to_points():
    """Near obstacles the field is the distance to the nearest point, within its spacing."""
    rng = np.random.default_rng(0)
    obstacles = rng.uniform(-0.2, 0.2, (50, 3))
    field = obstacle_field(obstacles, OBJECT)
    queries = rng.uniform(-0.2, 0.2, (500, 3))
    exact = np.linalg.norm(queries[:, None] - obstacles, axis=-1).min(1)
    shown = field(torch.from_numpy(queries).float()).numpy() + field.spacing / 2
    assert np.quantile(np.abs(shown - exact), 0.95) < field.spacing


def test_below_the_support_is_inside():
    """The field is that of a plane a little below the support, and pushes upwards."""
    field = obstacle_field(np.zeros((0, 3)), OBJECT, Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    value, gradient = field.value_and_gradient(torch.tensor([[0.05, 0.02, -0.04]]))
    torch.testing.assert_close(value, torch.tensor([-0.04 + SUPPORT_SLACK]), rtol=0, atol=1e-4)
    torch.testing.assert_close(gradient, torch.tensor([[0.0, 0.0, 1.0]]), rtol=0, atol=1e-3)


def test_clearance_is_exact():
    """Spheres are measured to the nearest point and to the support, less their radius."""
    y, z = np.meshgrid(np.arange(-0.1, 0.1, 0.002), np.arange(-0.1, 0.1, 0.002))
    wall = np.stack([np.full(y.size, 0.07), y.ravel(), z.ravel()], 1)
    table = Plane(np.array([0.0, 0.0, 1.0]), -0.01)
    obstacles = Obstacles.around(wall, OBJECT, table)
    centres = torch.tensor([[[0.05, 0.0, 0.05]], [[0.068, 0.0, 0.05]], [[0.0, 0.0, 0.0]]])
    radius = torch.tensor([0.004])
    torch.testing.assert_close(
        obstacles.clearance(centres, radius), torch.tensor([0.016, -0.002, 0.066]),
        rtol=0, atol=1e-4)
    torch.testing.assert_close(
        obstacles.support_clearance(centres, radius), torch.tensor([0.056, 0.056, 0.006]))
    alone = Obstacles.around(np.zeros((0, 3)), OBJECT)
    assert alone.clearance(centres, radius).isnan().all()
    assert alone.support_clearance(centres, radius).isnan().all()


@pytest.mark.parametrize('noise', [0.0, 0.0004, 0.002])
def test_points_of_the_support_are_told_from_others(noise):
    """Nearly all measured points of a table are of it; what stands 12 mm above it is not."""
    rng = np.random.default_rng(0)
    table = rng.uniform(-0.2, 0.2, (5000, 3))
    table[:, 2] = noise * rng.standard_normal(5000)
    beside = table[:500] + [0.0, 0.0, 0.012]
    found = of_support(np.concatenate([table, beside]), Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    assert found[:5000].mean() > 0.99
    assert found[5000:].mean() < 0.01


def test_no_wall_slips_between_the_nodes():
    """Wherever a wall is, the field on its face is below half a spacing."""
    y, z = np.meshgrid(np.arange(-0.1, 0.1, 0.002), np.arange(-0.1, 0.1, 0.002))
    for x in np.linspace(0.06, 0.066, 7):
        wall = np.stack([np.full(y.size, x), y.ravel(), z.ravel()], 1)
        field = obstacle_field(wall, OBJECT)
        near = np.abs(wall[:, 1:]).max(1) < 0.08
        value = field(torch.from_numpy(wall[near]).float())
        assert value.max() < 0.5 * field.spacing

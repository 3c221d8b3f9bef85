"""The field of the scene knows how far its points are, and what is below the support."""

import numpy as np
import torch

from dexlite_ros.object.obstacles import obstacle_field
from dexlite_ros.object.support import Plane

OBJECT = np.array([[-0.03, -0.03, 0.0], [0.03, 0.03, 0.1]])


def test_distance_to_points():
    """Near obstacles the field is the distance to the nearest point, within its spacing."""
    rng = np.random.default_rng(0)
    obstacles = rng.uniform(-0.2, 0.2, (50, 3))
    field = obstacle_field(obstacles, OBJECT)
    queries = rng.uniform(-0.2, 0.2, (500, 3))
    exact = np.linalg.norm(queries[:, None] - obstacles, axis=-1).min(1)
    error = np.abs(field(torch.from_numpy(queries).float()).numpy() - exact)
    assert np.quantile(error, 0.95) < field.spacing


def test_below_the_support_is_inside():
    """Under the plane the field is negative and pushes upwards."""
    field = obstacle_field(np.zeros((0, 3)), OBJECT, Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    value, gradient = field.value_and_gradient(torch.tensor([[0.05, 0.02, -0.04]]))
    torch.testing.assert_close(value, torch.tensor([-0.04]), rtol=0, atol=1e-4)
    torch.testing.assert_close(gradient, torch.tensor([[0.0, 0.0, 1.0]]), rtol=0, atol=1e-3)

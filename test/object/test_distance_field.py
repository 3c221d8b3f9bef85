# SPDX-License-Identifier: Apache-2.0
"""The field gives distance, direction and curvature."""

from fields import ball_field, random_points
import numpy as np
import torch
import trimesh

from dexlite_ros.object.distance_field import DistanceField


def test_ball_distance():
    """Around a ball the distance is |p| - r, within the sag of a cell."""
    field = ball_field(0.04).double()
    points = random_points(4000, 0.06)
    error = (field(points) - (points.norm(dim=1) - 0.04)).abs()
    outside_centre = points.norm(dim=1) > 0.01
    assert error[outside_centre].max() < 1e-4


def test_distance_of_a_mesh():
    """A box's field is exact near its faces, and within half a spacing far from them."""
    half = np.array([0.03, 0.02, 0.05])
    mesh = trimesh.creation.box(extents=2 * half)
    field = DistanceField.from_mesh(mesh.vertices, mesh.faces)
    points = random_points(6000, 0.049).float()
    excess = points.abs() - torch.from_numpy(half).float()
    exact = excess.clamp(min=0).norm(dim=1) + excess.amax(1).clamp(max=0)
    error = (field(points) - exact).abs()
    # Where the nearest face changes, the field has a crease, which the grid smooths.
    assert error[exact.abs() < 0.003].quantile(0.9) < 2e-4
    assert error.max() < field.spacing
    np.testing.assert_allclose(field.centre_of_mass.numpy(), 0, atol=5e-4)


def test_gradient_is_the_finite_difference():
    """The gradient agrees with finite differences of the value, inside and beyond the grid."""
    field = ball_field(0.04).double()
    points = random_points(500, 0.15).requires_grad_()
    (gradient,) = torch.autograd.grad(field(points).sum(), points)
    size = 1e-7
    for axis in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[axis] = size
        change = (field(points + step) - field(points - step)) / (2 * size)
        # The few differences across the border of a cell involve two slopes.
        assert ((change - gradient[:, axis]).abs() < 1e-4).double().mean() > 0.98


def test_normals_point_outwards():
    """On a ball the normal is the direction from its centre."""
    field = ball_field(0.04).double()
    points = random_points(500, 1.0)
    points = 0.04 * points / points.norm(dim=1, keepdim=True)
    cosine = (field.normal(points) * points / 0.04).sum(1)
    assert cosine.min() > 0.9998


def test_normal_turns_as_the_curvature_says():
    """On a ball dn = (I - n n^T) / r dp, and the backward pass agrees."""
    field = ball_field(0.04).double()
    points = random_points(50, 1.0)
    normal = points / points.norm(dim=1, keepdim=True)
    points = (0.04 * normal).requires_grad_()
    vector = random_points(50, 1.0, seed=1)
    (pulled,) = torch.autograd.grad((field.normal(points) * vector).sum(), points)
    along = (vector * normal).sum(1, keepdim=True) * normal
    torch.testing.assert_close(pulled, (vector - along) / 0.04, rtol=0.15, atol=1.5)


def test_any_shape_of_points():
    """Points may have the shape (3,), (P, 3) or (B, P, 3), with the same values."""
    field = ball_field(0.04)
    points = random_points(12, 0.08).float()
    value, gradient = field.value_and_gradient(points)
    stacked = field.value_and_gradient(points.view(3, 4, 3))
    torch.testing.assert_close(stacked[0].view(-1), value)
    torch.testing.assert_close(stacked[1].reshape(-1, 3), gradient)
    single = field.value_and_gradient(points[0])
    torch.testing.assert_close(single[1], gradient[0])

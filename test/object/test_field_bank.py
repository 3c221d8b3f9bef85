# SPDX-License-Identifier: Apache-2.0
"""A bank of fields gives the same values as each field alone."""

from fields import ball_field, random_points
import pytest
import torch
import trimesh

from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.field_bank import FieldBank

OBJECTS, SCALE = torch.tensor([1, 0, 1, 1]), torch.tensor([1.0, 0.8, 0.5, 1.0])


@pytest.fixture(scope='module')
def fields() -> list[DistanceField]:
    """Return a ball and a box: grids of different shape and spacing."""
    box = trimesh.creation.box((0.03, 0.05, 0.11))
    return [ball_field(0.03), DistanceField.from_mesh(box.vertices, box.faces)]


@pytest.fixture
def points() -> torch.Tensor:
    """Return points inside, outside and beyond the grids."""
    return random_points(4 * 60, 0.12).float().view(4, 60, 3).requires_grad_()


def test_values_and_slopes_are_those_of_the_object(fields, points):
    """A scaled object's distance is the scaled distance, with the same slope."""
    distance = FieldBank(fields).of(OBJECTS, SCALE)(points)
    (slope,) = torch.autograd.grad(distance.sum(), points)
    for row, (index, scale) in enumerate(zip(OBJECTS.tolist(), SCALE.tolist())):
        alone = (points[row].detach() / scale).requires_grad_()
        expected = fields[index](alone)
        torch.testing.assert_close(distance[row], scale * expected, atol=1e-6, rtol=1e-5)
        (expected,) = torch.autograd.grad(expected.sum(), alone)
        torch.testing.assert_close(slope[row], expected, atol=1e-4, rtol=1e-4)


def test_normals_and_centres_are_those_of_the_object(fields, points):
    """Scaling does not change normals; their derivative is also that of the object."""
    many = FieldBank(fields).of(OBJECTS, SCALE)
    normal = many.normal(points)
    (change,) = torch.autograd.grad(normal[..., 0].sum(), points)
    for row, (index, scale) in enumerate(zip(OBJECTS.tolist(), SCALE.tolist())):
        alone = fields[index]
        expected = alone.normal(points[row] / scale)
        torch.testing.assert_close(normal[row], expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(many.centre_of_mass[row, 0], scale * alone.centre_of_mass)
        if scale == 1.0:
            (expected,) = torch.autograd.grad(expected[:, 0].sum(), points)
            torch.testing.assert_close(change[row], expected[row], atol=1e-2, rtol=1e-3)

# SPDX-License-Identifier: Apache-2.0
"""A scene is the object around the origin, with everything else moved along."""

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import BadCloud, ScaleError
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane

RADIUS = 0.04
PLACE = np.array([1.0, -2.0, 0.5])
BALL = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS).apply_translation(PLACE)
CLOUD = PointCloud(np.asarray(BALL.vertices))
TABLE = Plane(np.array([0.0, 0.0, 1.0]), PLACE[2] - RADIUS)


@pytest.mark.parametrize('target', [BALL, CLOUD], ids=['mesh', 'cloud'])
def test_the_object_is_at_the_origin(target):
    """Its field is the distance to a ball there, and the offset leads back."""
    scene = PlanningScene.build(target)
    np.testing.assert_allclose(scene.offset, PLACE, atol=1e-3)
    np.testing.assert_allclose(scene.surface.vertices.mean(axis=0), 0.0, atol=1e-3)
    points = torch.tensor([[0.0, 0.0, 0.0], [RADIUS, 0.0, 0.0], [0.0, 0.06, 0.0]])
    expected = points.norm(dim=1) - RADIUS
    torch.testing.assert_close(scene.field.value(points), expected, rtol=0, atol=2e-3)
    assert scene.obstacles is None
    assert (scene.input.num_points > 0) == isinstance(target, PointCloud)


@pytest.mark.parametrize('target', [BALL, CLOUD], ids=['mesh', 'cloud'])
def test_the_support_moves_along(target):
    """Below the table, in the scene's own frame, the obstacles' distance is negative."""
    scene = PlanningScene.build(target, support=TABLE)
    heights = torch.tensor([0.05, -0.05]) - RADIUS
    points = torch.stack([torch.full((2,), 0.08), torch.zeros(2), heights], 1)
    distance = scene.obstacles.field.value(points)
    assert distance[0] > 0.03 and distance[1] < 0


def test_a_table_is_found_in_the_obstacles():
    """Points of a plane below the object are its support, though nobody said so."""
    axis = np.linspace(-0.3, 0.3, 80)
    plane = np.stack(np.meshgrid(axis, axis, [-RADIUS]), -1).reshape(-1, 3) + PLACE
    scene = PlanningScene.build(CLOUD, obstacles=plane)
    below = torch.tensor([[0.1, 0.0, -RADIUS - 0.02]])
    assert scene.obstacles.field.value(below) < 0


def test_what_no_hand_can_hold_is_refused():
    """Meshes and clouds in the wrong unit, and clouds without points."""
    with pytest.raises(ScaleError, match='millimetres'):
        PlanningScene.build(BALL.copy().apply_scale(1000.0))
    with pytest.raises(ScaleError, match='millimetres'):
        PlanningScene.build(PointCloud(1000.0 * CLOUD.points))
    with pytest.raises(BadCloud):
        PlanningScene.build(PointCloud(np.zeros((0, 3))))

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


def codes(scene: PlanningScene) -> list[str]:
    """Return the codes of a scene's warnings."""
    return [warning.code for warning in scene.input.warnings]


def test_obstacles_on_the_object_are_dropped():
    """A cloud of the whole scene as obstacles leaves the object free and the rest forbidden."""
    axis = np.linspace(-0.3, 0.3, 80)
    table = np.stack(np.meshgrid(axis, axis, [-RADIUS]), -1).reshape(-1, 3) + PLACE
    noise = 5e-4 * np.random.default_rng(0).standard_normal(CLOUD.points.shape)
    alone = PlanningScene.build(CLOUD, obstacles=table)
    both = PlanningScene.build(CLOUD, obstacles=np.concatenate([table, CLOUD.points + noise]))
    assert codes(alone) == [] and codes(both) == ['object_in_obstacles']
    assert both.input.dropped.obstacles_on_object > 0.9 * len(noise)
    assert len(both.obstacles.points) == pytest.approx(len(alone.obstacles.points), abs=200)
    beside = torch.tensor([[0.0, RADIUS + 0.01, 0.01], [0.1, 0.0, -RADIUS + 0.005]])
    distance = both.obstacles.field.value(beside)
    assert distance[0] > 0.02 and distance[1] < 0.01


@pytest.mark.parametrize('obstacles', [np.zeros((0, 3)), np.full((50, 3), np.nan)])
def test_obstacles_without_a_point_are_nothing_to_avoid(obstacles):
    """It is said, for it may be a mistake; without an obstacle cloud there is nothing to say."""
    scene = PlanningScene.build(CLOUD, obstacles=obstacles)
    assert codes(scene) == ['obstacles_empty'] and scene.obstacles is None
    assert codes(PlanningScene.build(CLOUD)) == []


def test_single_obstacles_that_are_not_finite_do_not_matter():
    """The others are kept."""
    wall = np.array([[0.1, 0.0, 0.0], [np.nan, 0.0, 0.0], [0.1, 0.01, np.inf]]) + PLACE
    scene = PlanningScene.build(CLOUD, obstacles=wall)
    assert codes(scene) == [] and len(scene.obstacles.points) == 1


def test_another_object_in_the_cloud_is_an_obstacle():
    """The hand keeps clear of it."""
    other = CLOUD.points[::2] * 0.8 + 0.2 * PLACE + [0.0, 0.12, 0.0]
    scene = PlanningScene.build(PointCloud(np.concatenate([CLOUD.points, other])))
    assert codes(scene) == ['several_objects']
    assert scene.obstacles.field.value(torch.tensor([[0.0, 0.12 - 0.8 * RADIUS, 0.0]])) < 0.005


def test_a_missing_part_is_said_and_does_not_swell():
    """Without its lower third, a ball does not reach far beyond its points."""
    points = CLOUD.points[CLOUD.points[:, 2] > PLACE[2] - 0.3 * RADIUS]
    scene = PlanningScene.build(PointCloud(points))
    assert scene.surface.method == 'partial' and codes(scene) == ['part_missing']
    assert 0.4 < scene.surface.seen_fraction < 0.85
    assert np.ptp(scene.surface.vertices[:, 2]) < np.ptp(points[:, 2]) + 0.1 * 2 * RADIUS


def test_a_hardly_seen_object_is_said():
    """Of a tall box only the lid is seen."""
    lid = np.random.default_rng(0).random((800, 3)) * [0.05, 0.05, 0.0] + [0.0, 0.0, 0.2]
    cloud = PointCloud(lid, viewpoint=np.array([0.1, 0.1, 0.8]))
    scene = PlanningScene.build(cloud, support=Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    assert 'hardly_seen' in codes(scene) and scene.surface.seen_fraction < 0.3
    assert np.ptp(scene.surface.vertices[:, 2]) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize('viewpoint', [None, PLACE + [0.0, 0.0, 0.8]], ids=['full', 'view'])
def test_closing_can_be_ended_between_steps(viewpoint):
    """What is called there is called a few times, and its error is the caller's."""
    points = CLOUD.points if viewpoint is None else CLOUD.points[CLOUD.points[:, 2] > PLACE[2]]
    calls = []
    PlanningScene.build(
        PointCloud(points, viewpoint=viewpoint), between=lambda: calls.append(None))
    assert len(calls) >= 3

    def stop() -> None:
        calls.pop()
        if not calls:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        PlanningScene.build(PointCloud(points, viewpoint=viewpoint), between=stop)

# SPDX-License-Identifier: Apache-2.0
"""What scenes get that lack something, and what the report says of it: see docs/clouds.md."""

from __future__ import annotations

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.offline.scenes.camera_pose import fits, look_at
from dexlite_ros.offline.scenes.depth_camera import CAMERAS, DepthImage
from dexlite_ros.offline.scenes.table_scene import visible_share
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

EYE = np.array([0.55, -0.25, 0.4])
HEIGHT = 0.06
CAN = trimesh.creation.cylinder(0.033, 2 * HEIGHT).apply_translation((0, 0, HEIGHT))
TABLE = trimesh.creation.box((1.2, 1.2, 0.02)).apply_translation((0, 0, -0.01))
VIEW = look_at(EYE, np.array([0.0, 0.0, HEIGHT]))
CAMERA = CAMERAS['ideal']
QUICK = PlanRequest(num_candidates=48, max_grasps=3, optimize=False, seed=1)
"""The grasps do not matter here."""


@pytest.fixture(scope='module')
def planner() -> GraspPlanner:
    """Return a planner for all tests."""
    return GraspPlanner(device='cpu')


def _look(*bodies: trimesh.Trimesh, view: np.ndarray = VIEW) -> DepthImage:
    return CAMERA.look(bodies, view, np.random.default_rng(0), [TABLE])


def _parts(image: DepthImage, *labels: int) -> tuple[PointCloud, np.ndarray]:
    """Return the cloud of some bodies, and every fourth of the other points within 0.35 m."""
    points, measured = image.points(), np.isfinite(image.depth)
    chosen = np.isin(image.labels, labels) & measured
    cloud = points[chosen]
    rest = points[measured & ~chosen][::4]
    near = np.linalg.norm(rest - np.median(cloud, axis=0), axis=1) < 0.35
    return PointCloud(cloud, viewpoint=np.zeros(3)), rest[near]


def _codes(plan: GraspPlan) -> set[str]:
    return {warning.code for warning in plan.report.warnings}


def _off(plan: GraspPlan, truth: trimesh.Trimesh, view: np.ndarray = VIEW) -> np.ndarray:
    """Return the distances of the closed surface's corners from the true one [m]."""
    placed = truth.copy().apply_transform(np.linalg.inv(view))
    return distance_to(placed, plan.surface.vertices)


def test_without_any_point_of_the_table_there_is_one_surface(planner: GraspPlanner) -> None:
    """No solids are fitted, as nothing says what they stand on; an empty cloud is warned of."""
    cloud, rest = _parts(_look(CAN), 1)
    for obstacles, codes in ((None, set()), (rest[:0], {'obstacles_empty'})):
        plan = planner.plan(cloud, QUICK, obstacles=obstacles)
        assert _codes(plan) == codes
        assert [each.weight for each in plan.report.hypotheses] == [1.0]
        assert plan.report.surface_method.startswith('view')
        assert all(not contacts.spreads.any() for contacts in plan.contacts)


def test_with_the_table_the_solid_is_found(planner: GraspPlanner) -> None:
    """The same can: its hidden side is where it is in truth."""
    cloud, rest = _parts(_look(CAN), 1)
    plan = planner.plan(cloud, QUICK, obstacles=rest)
    assert _codes(plan) == set() and plan.report.surface_method == 'view+cylinder'
    assert _off(plan, CAN).max() < 0.002
    assert sum(each.weight for each in plan.report.hypotheses) == pytest.approx(1.0)


@pytest.mark.parametrize('known', [False, True])
def test_a_table_alone_is_refused(planner: GraspPlanner, known: bool) -> None:
    """Whether or not the obstacles tell that it is the table."""
    _, rest = _parts(_look(CAN), 1)
    heights = trimesh.transform_points(rest, VIEW)[:, 2]
    near = np.linalg.norm(rest - np.median(rest, axis=0), axis=1) < 0.15
    table = rest[near & (np.abs(heights) < 1e-4)]
    with pytest.raises(BadCloud, match='plane|above the support'):
        planner.plan(
            PointCloud(table, viewpoint=np.zeros(3)), QUICK, obstacles=table if known else None)


def test_two_objects_apart_are_told_apart(planner: GraspPlanner) -> None:
    """With one warning; planned on the larger one, at its true place."""
    block = trimesh.creation.box((0.04, 0.04, 0.05)).apply_translation((0.0, 0.14, 0.025))
    cloud, rest = _parts(_look(CAN, block), 1, 2)
    plan = planner.plan(cloud, QUICK, obstacles=rest)
    assert _codes(plan) == {'several_objects'}
    assert _off(plan, CAN).max() < 0.002


def test_two_objects_that_touch_are_taken_for_one(planner: GraspPlanner) -> None:
    """With a warning, as a solid explains either of them and none explains both."""
    other = CAN.copy().apply_translation((0.0, 0.066, 0.0))
    cloud, rest = _parts(_look(CAN, other), 1, 2)
    plan = planner.plan(cloud, QUICK, obstacles=rest)
    assert _codes(plan) == {'objects_touch'}
    corners = trimesh.transform_points(plan.surface.vertices, VIEW)
    assert np.ptp(corners[:, 1]) > 0.12


def test_what_the_image_cuts_off_is_not_known(planner: GraspPlanner) -> None:
    """A box of which a part is outside the image is closed too short, with a warning."""
    box = trimesh.creation.box((0.06, 0.20, 0.10)).apply_translation((0, 0, 0.05))
    turn = trimesh.transformations.rotation_matrix(np.deg2rad(28.0), VIEW[:3, 1], EYE)
    view = turn @ VIEW
    assert not fits(CAMERA, box, view)
    cloud, rest = _parts(_look(box, view=view), 1)
    plan = planner.plan(cloud, QUICK, obstacles=rest)
    corners = trimesh.transform_points(plan.surface.vertices, view)
    assert np.ptp(corners[:, 1]) < 0.18
    assert 'cut_by_image_border' in _codes(plan) <= {'cut_by_image_border', 'hardly_seen'}


def _screened(width: float, aside: float) -> trimesh.Trimesh:
    """Return a tall board between camera and can; its width and how far it is off the middle."""
    screen = trimesh.creation.box((0.02, width, 0.2)).apply_translation((0.12, aside, 0.1))
    angle = np.arctan2(EYE[1], EYE[0])
    screen.apply_transform(trimesh.transformations.rotation_matrix(angle, (0, 0, 1)))
    return screen


@pytest.mark.parametrize(('width', 'aside', 'visible', 'codes'), [
    (0.05, 0.012, 0.25, {'partly_hidden'}),  # one strip of it is seen
    (0.045, 0.0, 0.12, {'several_objects', 'partly_hidden'}),  # a strip on each side
])
def test_what_a_neighbour_hides_is_guessed(
    planner: GraspPlanner, width: float, aside: float, visible: float, codes: set[str]
) -> None:
    """The surface passes through what was seen; parts on both sides of it count as two objects."""
    screen = _screened(width, aside)
    assert visible_share(CAMERA, CAN, [screen], VIEW) == pytest.approx(visible, abs=0.02)
    cloud, rest = _parts(_look(CAN, screen), 1)
    plan = planner.plan(cloud, QUICK, obstacles=rest)
    assert _codes(plan) == codes
    surface = trimesh.Trimesh(plan.surface.vertices, plan.surface.faces, process=False)
    used = np.sort(distance_to(surface, cloud.points))[:plan.report.num_points // 2]
    assert used.max() < 0.003
    assert _off(plan, CAN).max() < 0.02


def test_a_noisy_table_alone_is_no_object_without_a_word(planner: GraspPlanner) -> None:
    """Where the waves of its noise pass for a flat object, a warning says how flat it is."""
    rng = np.random.default_rng(0)
    image = CAMERAS['kinect'].look([CAN], VIEW, rng, [TABLE])
    world = trimesh.transform_points(image.points().reshape(-1, 3), VIEW)
    table = image.points().reshape(-1, 3)[np.abs(world[:, 2]) < 0.01]
    world = world[np.abs(world[:, 2]) < 0.01]
    inside = np.linalg.norm(world[:, :2] - [0.0, 0.2], axis=1) < 0.05
    cloud = PointCloud(table[inside], viewpoint=np.zeros(3))
    try:
        plan = planner.plan(cloud, QUICK, obstacles=table[~inside][::4])
    except BadCloud:
        return
    assert 'hardly_above_support' in _codes(plan)


def test_what_is_nearly_all_hidden_is_refused(planner: GraspPlanner) -> None:
    """With the reason, and not with an error of the program."""
    screen = _screened(0.05, 0.0)
    cloud, rest = _parts(_look(CAN, screen), 1)
    with pytest.raises(BadCloud, match='points are left'):
        planner.plan(cloud, QUICK, obstacles=rest)


def test_a_handful_of_points_is_refused_whatever_their_number(planner: GraspPlanner) -> None:
    """Many points in six places are six points."""
    rng = np.random.default_rng(0)
    places = np.repeat(rng.uniform(0.0, 0.1, (6, 3)), 20, axis=0)
    cloud = PointCloud(places + 1e-5 * rng.standard_normal(places.shape))
    with pytest.raises(BadCloud, match='points are left'):
        planner.plan(cloud, QUICK)

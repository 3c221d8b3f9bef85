# SPDX-License-Identifier: Apache-2.0
"""Likely surfaces of what one camera sees: simple things are found, and doubts are counted."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from surface_distance import distance_to
import trimesh

from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.hypotheses import (
    _Candidate,
    _different,
    hypotheses,
    Hypothesis,
    HypothesisSettings,
    MOST,
    spread,
)
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
BOX = trimesh.creation.box((0.06, 0.09, 0.13))
CAN = trimesh.creation.cylinder(radius=0.045, height=0.06, sections=64)
"""As likely to stand as to lie."""
ANGLE = trimesh.boolean.union([
    trimesh.creation.box((0.12, 0.03, 0.06)),
    trimesh.creation.box((0.03, 0.12, 0.06)).apply_translation((0.045, 0.045, 0.0))])
NUT = trimesh.creation.cylinder(radius=0.04, height=0.08, sections=6)
"""Neither is one of the simple solids that are tried first."""
SEEN = 0.008
"""[m]"""


@dataclass
class View:
    """A clean cloud on a table, in the world, with the truth."""

    cloud: PointCloud
    walls: np.ndarray
    truth: trimesh.Trimesh

    def close(self) -> tuple[Hypothesis, ...]:
        """Return the hypotheses."""
        return hypotheses(self.cloud, TABLE, self.walls)


def kinect(mesh: trimesh.Trimesh, seed: int) -> View:
    """Return what the simulated Kinect measures of an object alone on a table."""
    scene = table_scene(mesh, [], SceneSettings('kinect'), np.random.default_rng(seed))
    points, walls, eye = (trimesh.transform_points(each, scene.camera)
                          for each in (scene.cloud.points, scene.rest, np.zeros((1, 3))))
    clean = clean_cloud(PointCloud(points, viewpoint=eye[0]), support=TABLE)
    return View(clean.cloud, walls, mesh.copy().apply_transform(scene.object))


def as_mesh(surface: ObjectSurface) -> trimesh.Trimesh:
    """Return the triangles of a surface."""
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


def apart(one: trimesh.Trimesh, other: trimesh.Trimesh) -> float:
    """Return the mean distance from points all over each of two surfaces to the other [m]."""
    return 0.5 * sum(
        distance_to(there, trimesh.sample.sample_surface(here, 4000, seed=1)[0]).mean()
        for here, there in ((one, other), (other, one)))


@pytest.fixture(scope='module')
def box():
    """Return one view of a box, and how it is closed."""
    view = kinect(BOX, 1)
    return view, view.close()


@pytest.mark.parametrize(('mesh', 'seed', 'upright', 'kinds'), [
    (BOX, 1, None, ('box',)), (BOX, 4, None, ('box',)),
    (CAN, 0, True, ('cylinder', 'upright')), (CAN, 2, True, ('cylinder', 'upright')),
    (CAN, 1, False, ('lying',)), (CAN, 4, False, ('lying',))],
    ids=['box', 'far box', 'upright can', 'another', 'lying can', 'far lying can'])
def test_simple_things_are_closed_as_such(mesh, seed, upright, kinds):
    """Also the side that the camera did not see is within millimetres of the truth."""
    view = kinect(mesh, seed)
    if upright is not None:
        assert (np.ptp(view.truth.bounds[:, 2]) < 0.061) == upright
    best = view.close()[0].surface
    assert any(kind in best.method for kind in kinds), best.method
    places = np.asarray(trimesh.sample.sample_surface(view.truth, 4000, seed=1)[0])
    off = distance_to(as_mesh(best), places)
    unseen = cKDTree(view.cloud.points).query(places)[0] > SEEN
    assert 0.3 < unseen.mean() < 0.8
    assert off[unseen].mean() < 0.003
    assert np.quantile(off, 0.95) < 0.006


def test_weights_and_order(box):
    """Best first, all together one, and each really different from the others."""
    several = [kinect(mesh, 0).close() for mesh in (ANGLE, NUT)]
    assert max(map(len, several)) > 1, 'nothing is in doubt'
    for found in (box[1], *several):
        weights = [each.weight for each in found]
        assert sum(weights) == pytest.approx(1.0)
        assert weights == sorted(weights, reverse=True)
        assert weights[-1] >= HypothesisSettings.weight_min * weights[0] > 0.0
        assert len(found) <= MOST
        for one, other in combinations(found, 2):
            assert apart(as_mesh(one.surface), as_mesh(other.surface)) > 0.0028


def test_the_same_shape_twice_is_one_hypothesis():
    """However large it is and however it is cut into triangles; another size is another one."""
    balls = [trimesh.creation.icosphere(subdivisions=4, radius=0.1),
             trimesh.creation.uv_sphere(radius=0.1, count=[64, 64]),
             trimesh.creation.icosphere(subdivisions=4, radius=0.105)]
    found = [_Candidate(0.1 * index, ball) for index, ball in enumerate(balls)]
    assert _different(found, HypothesisSettings()) == [found[0], found[2]]


def test_without_support_or_viewpoint_there_is_one(box):
    """Nothing to compare surfaces by."""
    view, _ = box
    around = sample_mesh(view.truth, 2048, np.random.default_rng(0))
    for found in (hypotheses(view.cloud, None, view.walls), hypotheses(around, TABLE, view.walls)):
        assert [each.weight for each in found] == [1.0]
        assert '+box' not in found[0].surface.method


def test_the_result_moves_with_the_input(box):
    """Table and camera may be in any frame."""
    view, here = box
    pose = trimesh.transformations.rotation_matrix(2.0, (1, -2, 0.5), (0.4, 0.2, -0.3))
    points, eye, walls = (trimesh.transform_points(each, pose) for each in (
        view.cloud.points, view.cloud.viewpoint[None], view.walls))
    normal = pose[:3, :3] @ TABLE.normal
    there = hypotheses(
        PointCloud(points, viewpoint=eye[0]), Plane(normal, float(normal @ pose[:3, 3])), walls)
    assert there[0].surface.method == here[0].surface.method
    assert apart(as_mesh(here[0].surface).apply_transform(pose), as_mesh(there[0].surface)) < 0.001


def _boxes(*lengths: float) -> tuple[Hypothesis, ...]:
    """Return equally likely boxes that all begin at x = 0."""
    solids = [trimesh.creation.box((length, 0.2, 0.2)).apply_translation((length / 2, 0, 0))
              for length in lengths]
    return tuple(Hypothesis(ObjectSurface(
        np.asarray(each.vertices), np.asarray(each.faces), 1.0, 'box'), 1 / len(solids))
        for each in solids)


def test_spread_is_the_standard_deviation_of_the_surface():
    """Half of the distance of two planes, zero where they agree, zero for a single one."""
    middle = np.random.default_rng(0).uniform(-0.03, 0.03, (20, 2))
    near, far = (np.column_stack([np.full(20, x), middle]) for x in (0.0, 0.06))
    two = _boxes(0.06, 0.08)
    np.testing.assert_allclose(spread(two, far), 0.01, atol=1e-6)
    np.testing.assert_allclose(spread(two, near), 0.0, atol=1e-6)
    np.testing.assert_array_equal(spread(two[:1], far), np.zeros(20))
    assert spread(two, np.zeros((0, 3))).shape == (0,)


def test_spread_goes_by_weight():
    """A share p of the weight at a distance d gives d sqrt(p (1 - p))."""
    near, far = _boxes(0.06, 0.08)
    rare = (replace(near, weight=0.9), replace(far, weight=0.1))
    found = spread(rare, np.array([[0.06, 0.0, 0.0]]))
    assert found[0] == pytest.approx(0.02 * np.sqrt(0.09), abs=1e-6)

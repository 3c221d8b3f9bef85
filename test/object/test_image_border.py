# SPDX-License-Identifier: Apache-2.0
"""An object is cut where it ends on the border of the image, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import pytest
import trimesh

from dexlite_ros.object.cloud import organised_pixels, PointCloud
from dexlite_ros.object.image_border import cut_length
from dexlite_ros.object.planning_scene import CUT
from dexlite_ros.object.thinning import thin
from dexlite_ros.offline.scenes.camera_pose import look_at
from dexlite_ros.offline.scenes.depth_camera import CAMERAS

SENSOR = np.zeros(3)
HEIGHT = 0.06
OBJECTS = {
    'can': trimesh.creation.cylinder(0.033, 2 * HEIGHT),
    'box': trimesh.creation.box((0.06, 0.1, 2 * HEIGHT)),
    'ball': trimesh.creation.icosphere(4, HEIGHT),
}
TABLE = trimesh.creation.box((1.2, 1.2, 0.02)).apply_translation((0, 0, -0.01 - HEIGHT))
EYE = np.array([0.55, -0.25, 0.4])
FOCAL, HALF = 500.0, 100


def _look(name: str, angle: float, towards: float) -> tuple[PointCloud, NDArray[np.float64]]:
    """Return an object's cloud and the rest, from a camera turned off the object [rad]."""
    view = look_at(EYE, np.zeros(3))
    axis = np.array([np.cos(towards), np.sin(towards), 0.0])
    view = view @ trimesh.transformations.rotation_matrix(angle, axis)
    image = CAMERAS['kinect'].look([OBJECTS[name]], view, np.random.default_rng(3), [TABLE])
    points, measured = image.points(), np.isfinite(image.depth)
    cloud, rest = (points[measured & (image.labels == label)] for label in (1, 0))
    return PointCloud(cloud), rest[np.linalg.norm(rest - cloud.mean(axis=0), axis=1) < 0.4][::3]


def _cut(cloud: PointCloud, rest: NDArray[np.float64]) -> float:
    return cut_length(cloud, thin(cloud, 2048, 0).points, SENSOR, rest)


@pytest.mark.parametrize('name', OBJECTS)
@pytest.mark.parametrize('towards', (0.0, 2.0, np.pi, 4.5))
def test_only_what_the_border_cuts_is_cut(name: str, towards: float) -> None:
    """Each object in the middle and near the border is whole; with half of it lost it is cut."""
    whole = _look(name, 0.0, towards)
    assert _cut(*whole) == 0.0
    cloud, turn = whole[0].points, 0.0
    while _outside(cloud, turn, towards) < 0.5:
        turn += 0.01
    assert _cut(*_look(name, turn, towards)) > 1.5 * CUT
    while _outside(cloud, turn, towards) > 0.0:
        turn -= 0.01
    assert _cut(*_look(name, turn - 0.03, towards)) == 0.0


def _outside(cloud: NDArray[np.float64], angle: float, towards: float) -> float:
    """Return the share of points that a camera does not see that was turned."""
    axis = np.array([np.cos(towards), np.sin(towards), 0.0])
    turned = cloud @ trimesh.transformations.rotation_matrix(angle, axis)[:3, :3]
    place = CAMERAS['kinect'].focal * np.abs(turned[:, :2] / turned[:, 2:])
    return float(np.mean((place > (320, 240)).any(axis=1)))


def test_frames_and_the_density_of_the_rest_do_not_matter() -> None:
    """A rigid motion of everything, and a rest of 5 mm, give the same answer."""
    cloud, rest = _look('box', 0.38, 0.0)
    expected = _cut(cloud, rest)
    assert expected > CUT
    pose = trimesh.transformations.random_rotation_matrix(np.array([0.3, 0.6, 0.9]))
    pose[:3, 3] = (1.0, -2.0, 0.5)
    moved, used, beside = (
        trimesh.transform_points(each, pose)
        for each in (cloud.points, thin(cloud, 2048, 0).points, rest))
    assert cut_length(PointCloud(moved), used, pose[:3, 3], beside) == pytest.approx(
        expected, abs=0.1)
    _, first = np.unique(np.floor(rest / 0.005), axis=0, return_index=True)
    assert _cut(cloud, rest[first]) == pytest.approx(expected, abs=0.1)


def _flat(inside: NDArray[np.bool_]) -> tuple[PointCloud, NDArray[np.float64]]:
    """Return the pixels of an image (U, V) at 1 m that are of an object, and the others."""
    row, column = np.indices(inside.shape)
    points = np.stack([
        (column - HALF) / FOCAL, (row - HALF) / FOCAL, np.ones(inside.shape)], axis=-1)
    return PointCloud(points[inside]), points[~inside]


def test_what_only_touches_the_last_line_is_whole() -> None:
    """A disc ends near a line in one place; half of it ends on the line in all its width."""
    row, column = np.indices((2 * HALF, 2 * HALF))
    for middle, expected in ((60, 0.0), (0, 1.0)):
        disc = (row - middle)**2 + (column - HALF)**2 <= 60**2
        assert _cut(*_flat(disc)) == pytest.approx(expected, abs=0.05)


def test_a_straight_edge_without_anything_beside_it_is_no_border() -> None:
    """A box that is higher than all around it, and a box of which nothing else is known."""
    row, column = np.indices((2 * HALF, 2 * HALF))
    box = (np.abs(column - HALF) < 40) & (row < 90)
    cloud, rest = _flat(box)
    assert _cut(cloud, rest) > 0.9
    assert _cut(cloud, rest[rest[:, 1] > -(HALF - 40) / FOCAL]) == 0.0
    assert _cut(cloud, rest[:0]) == 0.0


def test_an_organised_cloud_needs_no_rest() -> None:
    """Its first or last rows and columns are the border, unless all four are: a cut-out."""
    size = (2 * HALF, 2 * HALF)
    pixels = organised_pixels(*size)
    column, row = pixels.T
    for inside, expected in (
            ((row < 90) & (abs(column - HALF) < 40), 1.0),
            ((row > 60) & (abs(row - column) < 30), 0.2),
            ((row - HALF)**2 + (column - HALF)**2 < 60**2, 0.0),
            (row >= 0, 0.0)):
        points = np.column_stack([(pixels - HALF) / FOCAL, np.ones(len(pixels))])
        points[~inside] = np.nan
        cloud = PointCloud(points, pixels=pixels, image_size=size)
        used = thin(cloud[inside], 2048, 0).points
        found = cut_length(cloud, used, SENSOR, points[:0])
        assert found == pytest.approx(expected, abs=0.03)
        assert cut_length(replace(cloud, pixels=None), used, SENSOR, points[:0]) == 0.0

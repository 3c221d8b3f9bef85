# SPDX-License-Identifier: Apache-2.0
"""A viewpoint is a hint: the points decide whether it is used, replaced, or dropped."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.sampling import Camera, sample_mesh, view_mesh
from dexlite_ros.object.thinning import thin
from dexlite_ros.object.viewpoint import bulge, on_grid

EYE = np.array([0.35, 0.2, 0.42])
CAMERA = Camera(pixels=250, depth_noise=0.0005)
CAN = trimesh.creation.cylinder(radius=0.033, height=0.11, sections=64)
CAN.apply_translation([0.0, 0.0, 0.055])
CARTON = trimesh.creation.box((0.06, 0.09, 0.16)).apply_translation([0.0, 0.0, 0.08])
BOWL = trimesh.boolean.difference([
    trimesh.creation.icosphere(subdivisions=4, radius=0.07),
    trimesh.creation.icosphere(subdivisions=4, radius=0.066),
    trimesh.creation.box((0.2, 0.2, 0.1)).apply_translation([0.0, 0.0, 0.05])], engine='manifold')
PLACES = {
    'base': np.array([0.55, 0.05, 0.0]),  # of a robot that stands on the same table
    'floor': np.array([0.4, -0.2, 0.75]),  # of a world whose origin is on the floor
}


def seen(mesh: trimesh.Trimesh, eye: np.ndarray = EYE) -> PointCloud:
    """Return the raw points that a camera measures, with its position as given."""
    return view_mesh(mesh, eye, np.random.default_rng(0), CAMERA)


def thinned(cloud: PointCloud) -> PointCloud:
    """Return a cloud as other programs hand it on: thinned, so that no pixels can be told."""
    return thin(cloud, 900, 0)


def angle(eye: np.ndarray, other: np.ndarray, middle: np.ndarray) -> float:
    """Return the angle between the directions to two eyes [degrees]."""
    one, two = eye - middle, other - middle
    return np.degrees(np.arccos(one @ two / np.linalg.norm(one) / np.linalg.norm(two)))


@pytest.mark.parametrize('mesh', [CAN, CARTON], ids=['can', 'carton'])
@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('prepare', [lambda cloud: cloud, thinned], ids=['raw', 'thinned'])
def test_an_origin_that_is_not_the_sensor_is_dropped(mesh, place, prepare):
    """In a robot's or world's frame the sensor is found from the points."""
    cloud = replace(prepare(seen(mesh)).moved(PLACES[place]), viewpoint=None)
    clean = clean_cloud(cloud)
    assert clean.viewpoint.source == 'guessed'
    middle = clean.cloud.points.mean(axis=0)
    assert angle(clean.cloud.viewpoint, EYE + PLACES[place], middle) < 35.0


@pytest.mark.parametrize('mesh', [CAN, CARTON, BOWL], ids=['can', 'carton', 'bowl'])
def test_the_origin_of_a_camera_s_own_frame_is_used(mesh):
    """There the pixels prove it, even for a bowl that looks hollow."""
    clean = clean_cloud(replace(seen(mesh).moved(-EYE), viewpoint=None))
    assert clean.viewpoint.source == 'assumed'
    assert np.array_equal(clean.cloud.viewpoint, np.zeros(3))
    assert not clean.warnings


@pytest.mark.parametrize('prepare', [lambda cloud: cloud, thinned], ids=['raw', 'thinned'])
def test_a_stated_viewpoint_that_fits_is_used(prepare):
    """It counts as given or as read from the file, whichever it was."""
    cloud = prepare(seen(CARTON))
    for source in ('given', 'read'):
        clean = clean_cloud(replace(cloud, viewpoint_source=source))
        assert clean.viewpoint.source == source
        assert np.array_equal(clean.cloud.viewpoint, EYE)


@pytest.mark.parametrize('wrong', [
    [0.01, 0.0, 0.08], [-0.5, -0.3, 0.3], [0.0, -0.6, 0.1]], ids=['inside', 'behind', 'beside'])
def test_a_stated_viewpoint_that_does_not_fit_is_replaced(wrong):
    """The report says so, and where the sensor is instead."""
    clean = clean_cloud(replace(seen(CARTON), viewpoint=np.array(wrong)))
    assert [warning.code for warning in clean.warnings] == ['viewpoint_contradicted']
    assert clean.viewpoint.source == 'guessed'
    assert angle(clean.cloud.viewpoint, EYE, np.array([0.0, 0.0, 0.08])) < 35.0


def test_a_hollow_view_is_doubted_but_not_refused():
    """A thinned bowl from above may be just that."""
    cloud = thinned(seen(BOWL, np.array([0.05, 0.0, 0.6])))
    clean = clean_cloud(cloud)
    assert clean.viewpoint.source == 'given' and clean.viewpoint.hollow
    assert [warning.code for warning in clean.warnings] == ['viewpoint_doubtful']


@pytest.mark.parametrize('viewpoint', [None, EYE], ids=['unknown', 'stated'])
def test_a_cloud_from_all_around_has_no_viewpoint(viewpoint):
    """A stated one is contradicted by the points on the far side."""
    points = sample_mesh(CAN, 2048, np.random.default_rng(0)).points
    clean = clean_cloud(PointCloud(points, viewpoint=viewpoint))
    assert clean.viewpoint.source == 'none' and clean.cloud.viewpoint is None
    codes = [warning.code for warning in clean.warnings]
    assert codes == ([] if viewpoint is None else ['viewpoint_contradicted'])


def test_coarse_stacked_frames_are_seen_from_the_camera():
    """Ten frames of few pixels count as one, in which a can is not taken for two layers."""
    rng = np.random.default_rng(0)
    once = view_mesh(CAN, EYE, rng, Camera(pixels=150, depth_noise=0.0)).points - EYE
    stack = np.concatenate([once + 1e-4 * rng.standard_normal(once.shape) for _ in range(10)])
    clean = clean_cloud(PointCloud(stack))
    assert clean.viewpoint.source == 'assumed' and not clean.warnings
    assert len(clean.cloud) == pytest.approx(len(once), rel=0.1)


def test_pixels_are_told_from_their_camera():
    """From anywhere else, and after thinning, the points are irregular."""
    cloud = seen(CAN)
    assert on_grid(cloud.points, EYE) > 0.85
    assert on_grid(cloud.points, EYE + [0.0, 0.4, 0.0]) < 0.5
    assert on_grid(thinned(cloud).points, EYE) < 0.5
    assert on_grid(cloud.points, np.median(cloud.points, axis=0)) == 0.0


def test_a_ball_bulges_and_its_inside_is_hollow():
    """The measure changes its sign when the same points are seen from behind."""
    points = seen(trimesh.creation.icosphere(subdivisions=4, radius=0.05)).points
    assert bulge(points, EYE) > 0.8
    assert bulge(points, -EYE) == pytest.approx(-bulge(points, EYE), abs=0.05)

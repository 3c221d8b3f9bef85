# SPDX-License-Identifier: Apache-2.0
"""Images show what is in front of the camera, and each error appears where it belongs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label
from surface_distance import distance_to
import trimesh

from dexlite_ros.object.sampling import cast_rays
from dexlite_ros.offline.scenes.depth_camera import CAMERAS, DepthCamera
from dexlite_ros.offline.scenes.sensor_errors import SensorErrors

AHEAD = np.eye(4)
"""The camera at the world's origin, looking along z."""
CAN = trimesh.creation.cylinder(radius=0.035, height=0.12, sections=48).apply_transform(
    trimesh.transformations.rotation_matrix(np.pi / 3, (1, 0, 0)))
CAN.apply_translation((0.02, 0.01, 0.6))
BALL = trimesh.creation.icosphere(subdivisions=5, radius=0.05).apply_translation((-0.1, 0, 0.65))


def wall(distance: float) -> trimesh.Trimesh:
    """Return a wall across the whole image, its front at that distance."""
    return trimesh.creation.box((4, 4, 0.1)).apply_translation((0, 0, distance + 0.05))


def small(errors: SensorErrors) -> DepthCamera:
    """Return a camera of a quarter of a million pixels less, with some errors."""
    return DepthCamera(320, 240, 285.0, errors)


def test_an_ideal_camera_measures_the_bodies():
    """Each point lies on the body of its label, each ray on a body is labelled so."""
    pose = trimesh.transformations.rotation_matrix(0.4, (0.2, 1, 0.1), (0, 0, 0.6))
    image = CAMERAS['ideal'].look([CAN, BALL], pose, np.random.default_rng(0), [wall(0.8)])
    points = trimesh.transform_points(image.points().reshape(-1, 3), pose)
    labels = image.labels.ravel()
    assert set(labels) == {0, 1, 2} and np.isfinite(image.depth).all()
    for each, mesh in ((1, CAN), (2, BALL), (0, wall(0.8))):
        mine = points[labels == each]
        assert len(mine) > 1000 and distance_to(mesh, mine).max() < 1e-4
    eye = pose[:3, 3]
    ways = points - eye
    length = np.linalg.norm(ways, axis=1)
    hit = np.isfinite(cast_rays(CAN, np.broadcast_to(eye, ways.shape), ways / length[:, None]))
    np.testing.assert_array_equal(hit[labels != 2], labels[labels != 2] == 1)


@pytest.mark.parametrize('name', CAMERAS)
def test_the_seed_decides(name):
    """The same state of the generator gives the same image to the last bit."""
    first, again, other = (
        CAMERAS[name].look([CAN, BALL], AHEAD, np.random.default_rng(seed), [wall(0.8)])
        for seed in (5, 5, 6))
    assert first.depth.tobytes() == again.depth.tobytes()
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.depth.tobytes() == other.depth.tobytes()) == (name == 'ideal')


def test_flying_pixels_are_between_the_surfaces():
    """Along the rays of pixels on an edge; without them depths are those of the surfaces."""
    plate = trimesh.creation.box((0.2, 0.16, 0.01)).apply_translation((0, 0, 0.605))
    edges = SensorErrors(correlation=1.0, lateral=0.8, flying=0.5, footprint=1.0)
    truth = small(SensorErrors()).look([plate], AHEAD, np.random.default_rng(0), [wall(0.9)])
    image = small(edges).look([plate], AHEAD, np.random.default_rng(0), [wall(0.9)])
    flying = (image.depth > 0.601) & (image.depth < 0.899)
    assert flying.sum() > 30
    assert image.depth.min() > 0.5999 and image.depth.max() < 0.9001
    near = binary_dilation(truth.depth < 0.75, np.ones((3, 3)), 5)
    near &= binary_dilation(truth.depth > 0.75, np.ones((3, 3)), 5)
    wrong = np.abs(image.depth - truth.depth) > 1e-4
    assert (near | ~wrong).all() and wrong.sum() > flying.sum()
    # They are seen by the rays of their own pixels: the direction of each point is unchanged.
    np.testing.assert_allclose(
        image.points()[flying] / image.depth[flying, None],
        truth.points()[flying] / truth.depth[flying, None])
    still = small(replace(edges, flying=0.0)).look(
        [plate], AHEAD, np.random.default_rng(0), [wall(0.9)])
    assert (np.minimum(np.abs(still.depth - 0.6), np.abs(still.depth - 0.9)) < 1e-4).all()


def test_steep_surfaces_are_not_measured():
    """A wall is measured at 70 degrees, and not at 87."""
    errors = SensorErrors(grazing_limit=np.deg2rad(80), grazing_spread=np.deg2rad(1))
    found = []
    for angle in (70.0, 87.0):
        turned = trimesh.creation.box((1, 1, 1e-3)).apply_transform(
            trimesh.transformations.rotation_matrix(np.deg2rad(angle), (1, 0, 0)))
        turned.apply_translation((0, 0, 0.7))
        middle = small(errors).look(
            [], AHEAD, np.random.default_rng(0), [turned]).depth[119:121, 100:220]
        found.append(np.isfinite(middle).mean())
    assert found == [1.0, 0.0]


def test_the_second_eye_casts_a_shadow():
    """Beside a plate, as wide as the difference of the disparities, and on one side only."""
    plate = trimesh.creation.box((0.2, 0.16, 0.01)).apply_translation((0, 0, 0.605))
    image = small(SensorErrors(baseline=0.075)).look(
        [plate], AHEAD, np.random.default_rng(0), [wall(0.9)])
    missing = ~np.isfinite(image.depth)
    expected = 285.0 * 0.075 * (1 / 0.6 - 1 / 0.9)
    assert missing[120].sum() == pytest.approx(expected, abs=1.5)
    columns = np.flatnonzero(missing[120])
    assert columns.max() == np.flatnonzero(image.labels[120] == 1).min() - 1
    assert (image.labels[missing] == 0).all()


def test_shiny_spots_are_few_and_on_bodies():
    """At most two holes per body, some bodies without any, none on the table."""
    errors = SensorErrors(shiny_spots=2, lamp_size=(0.02, 0.05))
    counts = []
    for seed in range(12):
        image = small(errors).look([BALL], AHEAD, np.random.default_rng(seed), [wall(0.9)])
        missing = ~np.isfinite(image.depth)
        assert (image.labels[missing] == 1).all()
        assert missing.sum() < 0.2 * (image.labels == 1).sum()
        counts.append(label(missing, np.ones((3, 3)))[1])
    assert set(counts) == {0, 1, 2}


def test_nothing_in_view_is_nothing_measured():
    """Rays that miss everything have no depth and the label of the background."""
    for camera in CAMERAS.values():
        image = camera.look(
            [BALL.copy().apply_translation((0, 0, -2))], AHEAD, np.random.default_rng(0))
        assert np.isnan(image.depth).all() and not image.labels.any()

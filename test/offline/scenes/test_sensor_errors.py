# SPDX-License-Identifier: Apache-2.0
"""The errors of cameras have the sizes that were published, and are smooth over the image."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion
import trimesh

from dexlite_ros.offline.scenes.depth_camera import CAMERAS
from dexlite_ros.offline.scenes.sensor_errors import SensorErrors, smooth_noise

SQUARE = np.ones((3, 3), bool)


def errors_of(name: str, distance: float) -> np.ndarray:
    """Return the depth errors of a camera in front of a wall [m]."""
    wall = trimesh.creation.box((4, 4, 0.1)).apply_translation((0, 0, distance + 0.05))
    depth = CAMERAS[name].look([], np.eye(4), np.random.default_rng(0), [wall]).depth
    error = depth[np.isfinite(depth)] - distance
    assert len(error) > 0.99 * depth.size
    return error


@pytest.mark.parametrize('name, distance, expected', [
    ('kinect', 0.5, 1.2e-3 + 1.9e-3 * 0.1 ** 2), ('kinect', 1.0, 1.2e-3 + 1.9e-3 * 0.6 ** 2),
    ('stereo', 0.5, 0.5 ** 2 * 0.08 / (388 * 0.05)), ('stereo', 1.0, 0.08 / (388 * 0.05))])
def test_axial_noise_is_as_published(name, distance, expected):
    """Standard deviation of everything that was measured, outliers left out."""
    error = errors_of(name, distance)
    usual = error[np.abs(error) < 5 * expected]
    assert 1 - len(usual) / len(error) < 0.002
    assert usual.std() == pytest.approx(expected, rel=0.1)
    assert abs(usual.mean()) < 0.2 * expected


def test_grazing_light_makes_noise():
    """Nguyen's formula from 60 degrees on; below it the angle has no influence."""
    errors = CAMERAS['kinect'].errors
    depth = np.full(3, 0.64)
    found = errors.axial_deviation(depth, np.deg2rad([10.0, 59.0, 75.0]))
    flat = 0.0012 + 0.0019 * 0.24 ** 2
    steep = 0.0001 / 0.8 * (75.0 / 15.0) ** 2
    np.testing.assert_allclose(found, [flat, flat, flat + steep])
    np.testing.assert_allclose(
        errors.lateral_deviation(np.deg2rad([0.0, 45.0])), [0.8, 0.835])


def test_disparities_are_rounded():
    """Focal length times baseline over the depth is a multiple of the step."""
    errors = SensorErrors(baseline=0.075, disparity_step=1 / 8)
    depth = np.linspace(0.4, 1.0, 1000).reshape(20, 50)
    found = errors.measured_depth(depth, 0 * depth, 570.0, np.random.default_rng(0))
    steps = 570.0 * 0.075 / found * 8
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert np.abs(found - depth).max() < 0.0016 and len(np.unique(found)) < 600


@pytest.mark.parametrize('correlation', [0.0, 2.6, 12.0])
def test_noise_has_unit_variance_and_its_length(correlation):
    """The autocorrelation of smoothed noise is a Gaussian that is wider by the root of two."""
    noise = smooth_noise((480, 640), correlation, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1.0, abs=0.1)
    shift = max(1, round(2 * correlation))
    found = (noise[:, shift:] * noise[:, :-shift]).mean() / noise.var()
    expected = np.exp(-(shift / correlation) ** 2 / 4) if correlation else 0.0
    assert found == pytest.approx(expected, abs=0.1)


def test_outliers_are_few_and_bounded():
    """Their share and largest size are those of the numbers."""
    errors = SensorErrors(outliers=0.01, outlier_size=0.1)
    depth = np.full((300, 300), 0.7)
    off = errors.measured_depth(depth, 0 * depth, 570.0, np.random.default_rng(0)) / depth - 1
    assert (off != 0).mean() == pytest.approx(0.01, abs=0.002)
    assert 0.05 < np.abs(off).max() <= 0.1


def test_masks_are_wrong_by_whole_pixels():
    """Between eroded by one pixel and grown by three; different images differ; ragged."""
    errors = CAMERAS['kinect'].errors
    labels = np.zeros((120, 160), np.int64)
    labels[30:80, 40:90] = 1
    labels[40:70, 95:130] = 2
    truth = labels == 1
    least, most = binary_erosion(truth, SQUARE), binary_dilation(truth, SQUARE, 3)
    areas = []
    for seed in range(12):
        found = errors.masks(labels, np.random.default_rng(seed))
        assert set(np.unique(found)) == {0, 1, 2}
        mask = found == 1
        assert (mask | ~least).all() and (most | ~mask).all()
        assert not (found[truth] == 2).any(), 'a neighbour grows over the background only'
        areas.append(int(mask.sum()))
        assert len(set(mask.sum(axis=0)[45:85])) > 1, 'the edge is straight'
    assert min(areas) < truth.sum() and max(areas) > 1.1 * truth.sum()


def test_masks_of_a_perfect_camera_are_exact():
    """Also beside each other, and for bodies that are not in the image."""
    labels = np.zeros((40, 60), np.int64)
    labels[10:20, 10:20], labels[10:20, 20:30] = 3, 1
    found = SensorErrors().masks(labels, np.random.default_rng(0))
    np.testing.assert_array_equal(found, labels)

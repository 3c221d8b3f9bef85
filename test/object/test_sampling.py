# SPDX-License-Identifier: Apache-2.0
"""Sampled clouds lie on their mesh; cameras see the near side only."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.sampling import Camera, cast_rays, sample_mesh, view_mesh

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.05)
EYE = np.array([0.3, 0.2, 0.4])


def test_samples_lie_on_the_surface_uniformly() -> None:
    """Every face of a box gets points in proportion to its area."""
    size = np.array([0.04, 0.06, 0.1])
    points = sample_mesh(trimesh.creation.box(size), 20000, np.random.default_rng(0)).points
    wall = np.abs(np.abs(points) - 0.5 * size) < 1e-9  # (N, 3)
    assert wall.any(axis=1).all()
    area = size.prod() / size
    np.testing.assert_allclose(wall.mean(axis=0), area / area.sum(), atol=0.015)


def test_noise_has_the_deviation_asked_for() -> None:
    """The deviation is measured from the surface, per coordinate."""
    points = sample_mesh(BALL, 5000, np.random.default_rng(0), noise=0.002).points
    off = np.linalg.norm(points, axis=1) - 0.05
    assert np.std(off) == pytest.approx(0.002, rel=0.1)


def test_sampling_repeats_with_its_seed() -> None:
    """The same seed gives the same points, another seed others."""
    draw = [sample_mesh(BALL, 50, np.random.default_rng(seed)).points for seed in (3, 3, 4)]
    assert np.array_equal(draw[0], draw[1]) and not np.array_equal(draw[0], draw[2])


def test_a_camera_sees_the_near_side() -> None:
    """The points seen on a ball are in front of the horizon and on the surface."""
    camera = Camera(pixels=100, depth_noise=0.0)
    cloud = view_mesh(BALL, EYE, np.random.default_rng(0), camera)
    assert np.array_equal(cloud.viewpoint, EYE)
    assert np.abs(np.linalg.norm(cloud.points, axis=1) - 0.05).max() < 3e-4
    # At the horizon of a sphere the cosine of the angle to the eye is radius / distance.
    horizon = 0.05 * 0.05 / np.linalg.norm(EYE)
    assert (cloud.points @ EYE / np.linalg.norm(EYE)).min() > horizon - 1e-3


def test_a_camera_that_sees_nothing_says_so() -> None:
    """An object smaller than a pixel between the rays is not seen."""
    speck = trimesh.creation.box((1e-5, 1e-5, 1e-5))
    with pytest.raises(BadCloud, match='does not see'):
        view_mesh(speck, EYE, np.random.default_rng(0), Camera(pixels=10))


def test_rays_end_at_the_first_surface() -> None:
    """A ray through a ball's centre ends at distance minus radius; a ray past it never ends."""
    origins = np.array([[0.0, 0.0, 1.0], [0.2, 0.0, 1.0]])
    down = np.tile([0.0, 0.0, -1.0], (2, 1))
    depth = cast_rays(BALL, origins, down)
    assert depth[0] == pytest.approx(0.95, abs=1e-4) and np.isinf(depth[1])

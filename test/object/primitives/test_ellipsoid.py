# SPDX-License-Identifier: Apache-2.0
"""Balls and eggs."""

import pytest
from seen_parts import deviation, seen_part, standing
import trimesh

from dexlite_ros.object.primitives.ellipsoid import fit_ellipsoids, fit_spheres


def egg(axes: tuple[float, float, float], yaw: float) -> trimesh.Trimesh:
    """Return an ellipsoid on the table."""
    return standing(trimesh.creation.icosphere(subdivisions=4).apply_scale(axes), yaw, 0.03)


def test_a_ball():
    """The radius holds although a quarter is hidden and some points fly."""
    ball = standing(trimesh.creation.icosphere(subdivisions=4, radius=0.04), 0.0, 0.02, 0.03)
    part = seen_part(ball, noise=0.002, outliers=0.05,
                     hidden=lambda p: (p[:, 1] > 0.03) & (p[:, 2] < 0.04))
    [found] = fit_spheres(part, part.thinned(600))
    assert found.mesh.extents == pytest.approx([0.08] * 3, abs=0.001)
    assert found.mesh.center_mass == pytest.approx([0.02, 0.03, 0.04], abs=0.0007)
    assert found.free == 3 and found.mesh.is_watertight


def test_a_ball_above_the_table():
    """It need not touch, as in a bowl."""
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.04)
    part = seen_part(ball.apply_translation((0.0, 0.0, 0.08)), noise=0.001)
    [found] = fit_spheres(part, part.thinned(600))
    assert found.mesh.bounds[0, 2] == pytest.approx(0.04, abs=0.001)
    assert found.free == 4


@pytest.mark.parametrize('yaw', [0.0, 0.8, 1.6, 2.4])
def test_an_ellipsoid(yaw):
    """Its half axes and direction, though only one side is seen."""
    truth = egg((0.05, 0.03, 0.035), yaw)
    part = seen_part(truth, noise=0.001, outliers=0.03)
    [found] = fit_ellipsoids(part, part.thinned(600), part.height())
    assert deviation(found.mesh, truth) < 0.002
    assert found.mesh.volume == pytest.approx(truth.volume, rel=0.06)
    assert found.mesh.is_watertight


def test_an_ellipsoid_above_the_table():
    """Then it has one parameter more."""
    truth = egg((0.05, 0.03, 0.035), 0.5).apply_translation((0.0, 0.0, 0.04))
    part = seen_part(truth, noise=0.001)
    [found] = fit_ellipsoids(part, part.thinned(600), part.height())
    assert found.mesh.bounds[0, 2] == pytest.approx(0.04, abs=0.004)
    assert found.free == 7


def test_points_inside_a_solid_are_not_on_it():
    """Of the outside, only the side towards the camera can have been seen."""
    ball = standing(trimesh.creation.icosphere(subdivisions=4, radius=0.04))
    part = seen_part(ball, noise=0.001)
    hollow = type(part)(part.points * [-1, -1, 1], part.normals * [-1, -1, 1], part.eye, 0.001)
    for found in fit_spheres(hollow, hollow.thinned(600)):
        assert found.residual > 0.01

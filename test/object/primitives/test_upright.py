# SPDX-License-Identifier: Apache-2.0
"""Cans, cups and bottles have their true radii and heights."""

import numpy as np
import pytest
from seen_parts import deviation, EYE, seen_part, standing
import trimesh

from dexlite_ros.object.primitives.upright import fit_upright

CAN = standing(trimesh.creation.cylinder(0.033, 0.12, sections=96), 0.0, 0.05, 0.02)
CUP = standing(trimesh.creation.revolve(
    [(0, 0), (0.03, 0), (0.042, 0.1), (0, 0.1)], sections=96), 0.0, -0.03, 0.04)
BOTTLE = standing(trimesh.creation.revolve(
    [(0, 0), (0.036, 0), (0.036, 0.11), (0.014, 0.16), (0.014, 0.2), (0, 0.2)], sections=96),
    0.0, 0.01, 0.01)


def fits(part):
    """Return the fitted solids by kind; all are closed."""
    found = {each.kind: each for each in fit_upright(part, part.thinned(600), part.height())}
    assert all(each.mesh.is_watertight and each.mesh.volume > 0 for each in found.values())
    return found


def test_a_clean_can():
    """Radius, height and place."""
    can = fits(seen_part(CAN))['cylinder']
    assert can.mesh.extents == pytest.approx([0.066, 0.066, 0.12], abs=0.001)
    assert can.mesh.center_mass == pytest.approx(CAN.center_mass, abs=0.0007)
    assert can.residual < 0.0003 and can.free == 4


@pytest.mark.parametrize('hides', [
    lambda p: np.zeros(len(p), bool),
    lambda p: (p[:, 1] > 0.02) & (p[:, 2] < 0.09),
    lambda p: (p[:, 1] > 0.01) & (p[:, 2] < 0.09),
    lambda p: p[:, 2] < 0.05,
    lambda p: p[:, 2] > 0.115,
], ids=['nothing', 'half', 'more than half', 'the foot', 'the top'])
def test_a_can_with_noise_outliers_and_a_neighbour(hides):
    """The radius holds within 1.5 mm, the height where it can be seen."""
    can = fits(seen_part(CAN, noise=0.002, outliers=0.05, hidden=hides))['cylinder']
    assert can.mesh.extents[:2] == pytest.approx([0.066, 0.066], abs=0.003)
    assert can.mesh.extents[2] == pytest.approx(0.12, abs=0.007)


def test_a_frustum_tells_both_radii():
    """A cylinder fits it worse."""
    found = fits(seen_part(CUP, noise=0.001, outliers=0.03))
    cup = found['frustum'].mesh
    foot = cup.vertices[cup.vertices[:, 2] < 0.001]
    assert 0.5 * np.ptp(foot[:, 0]) == pytest.approx(0.03, abs=0.0015)
    assert 0.5 * np.ptp(cup.vertices[:, 0]) == pytest.approx(0.042, abs=0.0015)
    assert found['frustum'].residual < 0.6 * found['cylinder'].residual


def test_an_open_cup_is_fitted_from_its_outside():
    """The inner wall behind the rim, seen from above, does not move the outer one."""
    inner = trimesh.creation.revolve([(0, 0.01), (0.028, 0.01), (0.04, 0.11), (0, 0.11)],
                                     sections=96)
    inner.apply_translation((-0.03, 0.04, 0.0))
    open_cup = trimesh.boolean.difference([CUP, inner], engine='manifold')
    cup = fits(seen_part(open_cup, noise=0.001))['frustum'].mesh
    assert cup.extents == pytest.approx([0.084, 0.084, 0.1], abs=0.003)


def test_a_bottle_has_shoulders():
    """A free profile follows them, on the unseen side as well."""
    found = fits(seen_part(BOTTLE, noise=0.001, outliers=0.03))
    assert deviation(found['revolution'].mesh, BOTTLE) < 0.0015
    assert found['revolution'].residual < 0.5 * found['frustum'].residual


def test_a_hole_in_the_profile_is_bridged():
    """Nothing was measured of a ring around the bottle."""
    part = seen_part(BOTTLE, hidden=lambda p: (p[:, 2] > 0.04) & (p[:, 2] < 0.08))
    assert deviation(fits(part)['revolution'].mesh, BOTTLE) < 0.0015


def test_a_flat_face_is_no_large_cylinder():
    """A cylinder that is seen over less than four tenths of its width does not count."""
    wall = standing(trimesh.creation.box((0.05, 0.1, 0.15)))
    for found in fits(seen_part(wall, np.array([0.6, 0.0, 0.4]), noise=0.001)).values():
        assert found.mesh.extents[1] < 0.26


def test_the_result_moves_with_the_points():
    """A turn about the vertical and a shift of points and camera do the same to the can."""
    part = seen_part(CAN, noise=0.001)
    frame = trimesh.transformations.rotation_matrix(0.7, (0.0, 0.0, 1.0))
    frame[:2, 3] = 0.3, -0.2
    moved = type(part)(
        trimesh.transform_points(part.points, frame), part.normals @ frame[:3, :3].T,
        trimesh.transform_points(EYE[None], frame)[0], part.noise)
    here, there = fits(part), fits(moved)
    for kind in ('cylinder', 'frustum', 'revolution'):
        centre = trimesh.transform_points(here[kind].mesh.center_mass[None], frame)[0]
        assert there[kind].mesh.center_mass == pytest.approx(centre, abs=0.0005)
        assert there[kind].residual == pytest.approx(here[kind].residual, abs=1e-4)

# SPDX-License-Identifier: Apache-2.0
"""A solid obeys laws; each of them refuses what breaks it."""

from meshes import BALL, BOX, CORE, mixed, part, together, turned
import numpy as np
import pytest

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.solidity import broken_law, check_solid, winding_numbers

CORNERS = np.asarray(BOX.vertices)
INERTIA = np.asarray(BOX.moment_inertia)


@pytest.mark.parametrize(('mesh', 'law'), [
    (part(BOX, np.arange(12) > 0), 'open'),
    (mixed(BOX.subdivide(), 0.3), 'wound'),
    (turned(BOX), 'no volume'),
    (together(BALL, CORE, BOX.copy().apply_translation((0.1, 0.1, 0))), 'enclosed twice'),
    (together(BOX, BOX.copy().apply_scale(0.999)), 'more than that of its convex hull'),
])
def test_what_is_no_solid_is_refused(mesh, law):
    """By the law that it breaks."""
    with pytest.raises(BadMesh, match=law):
        check_solid(mesh)


def test_solids_pass():
    """Convex, hollow, of several bodies, small or far away."""
    for mesh in (BOX, BALL, together(BALL, turned(CORE)),
                 together(BOX, BOX.copy().apply_translation((0.1, 0, 0)))):
        check_solid(mesh)
        check_solid(mesh.copy().apply_scale(1e-2))
        check_solid(mesh.copy().apply_translation((100.0, 0, 0)))


def test_laws_of_mass():
    """Each property is tried with a value that no body in this hull can have."""
    centre = np.zeros(3)
    assert broken_law(BOX.volume, centre, INERTIA, CORNERS) == ''
    for volume, place, inertia, law in (
            (0.0, centre, INERTIA, 'no volume'),
            (-BOX.volume, centre, INERTIA, 'no volume'),
            (np.nan, centre, INERTIA, 'not a number'),
            (1.1 * BOX.volume, centre, INERTIA, 'hull'),
            (BOX.volume, np.array([0.03, 0, 0]), INERTIA, '10 mm outside'),
            (BOX.volume, centre, np.diag([1.0, 1.0, 2.1]), 'moments'),
            (BOX.volume, centre, np.diag([1.0, 1.0, -0.1]), 'moments')):
        assert law in broken_law(volume, place, inertia, CORNERS)
    assert 'flat' in broken_law(1.0, centre, INERTIA, CORNERS * [1, 1, 0])


def test_winding_numbers_count_the_surfaces_around_a_place():
    """One inside, none outside, minus one inside out, and a sum for several."""
    places = np.array([[0.0, 0, 0], [0.025, 0, 0], [0.1, 0, 0]])
    for mesh, expected in (
            (BALL, (1, 1, 0)), (turned(BALL), (-1, -1, 0)), (together(BALL, CORE), (2, 1, 0)),
            (together(BALL, turned(CORE)), (0, 1, 0))):
        np.testing.assert_allclose(
            winding_numbers(np.asarray(mesh.triangles), places), expected, atol=1e-9)

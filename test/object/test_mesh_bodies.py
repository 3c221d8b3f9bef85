# SPDX-License-Identifier: Apache-2.0
"""What bodies enclose together: unions, cavities, and nothing that depends on their order."""

from itertools import permutations

from meshes import BALL, BOX, CORE, moved, turned
import pytest

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.mesh_bodies import enclosed

KERNEL = CORE.copy().apply_scale(0.5)


@pytest.mark.parametrize('bodies', list(permutations([BALL, turned(CORE), KERNEL])))
def test_a_kernel_in_a_shell(bodies):
    """Solid, cavity, solid, from outside inwards, in any order."""
    mesh, notes = enclosed(list(bodies))
    assert mesh.is_volume and not notes
    assert mesh.volume == pytest.approx(BALL.volume - CORE.volume + KERNEL.volume)


def test_all_of_it_inside_out():
    """The same, with a note."""
    mesh, notes = enclosed([turned(BALL), CORE, turned(KERNEL)])
    assert mesh.volume == pytest.approx(BALL.volume - CORE.volume + KERNEL.volume)
    assert notes == ['2 of 3 bodies turned inside out']


def test_a_cavity_reaches_into_nothing_else():
    """A body that lies across the wall of a cavity is added to it."""
    rod = BOX.copy().apply_scale((0.1, 0.1, 0.25))
    assert abs(rod.bounds).max() < 0.02
    across = moved(rod, (0, 0, 0.02))
    mesh, notes = enclosed([BALL, turned(CORE), across])
    assert mesh.is_volume and 'united' in notes[-1]
    assert BALL.volume - CORE.volume < mesh.volume < BALL.volume - CORE.volume + rod.volume


def test_separate_bodies_keep_their_vertices():
    """Nothing is united that does not overlap."""
    bodies = [BALL, moved(BOX, (0.1, 0, 0))]
    mesh, notes = enclosed(bodies)
    assert not notes and len(mesh.vertices) == sum(len(body.vertices) for body in bodies)


def test_a_wall_without_thickness_is_no_wall():
    """Two surfaces that nearly coincide, one turned, are refused."""
    with pytest.raises(BadMesh, match='99.1%.*thin wall'):
        enclosed([BALL, turned(BALL.copy().apply_scale(0.997))])

# SPDX-License-Identifier: Apache-2.0
"""Bodies glued along edges come apart again, each closed, with the faces that were its own."""

from meshes import BOX, moved, together
import numpy as np
import pytest
import trimesh

from dexlite_ros.object.touching_bodies import taken_apart

CUBE = trimesh.creation.box((0.04,) * 3)


@pytest.mark.parametrize('shifts', [
    [(0.04, 0.04, 0)], [(0.04, 0, 0)], [(0.04, 0, 0), (0, 0.04, 0), (0.04, 0.04, 0)],
    [(0.04, 0.04, 0), (0, 0.04, 0.04)]],
    ids=['an edge', 'a face', 'four around an edge', 'a chain'])
def test_each_body_is_closed_again(shifts):
    """As many bodies as there were, each with its volume."""
    whole = together(CUBE, *(moved(CUBE, shift) for shift in shifts))
    assert not whole.is_watertight
    bodies = taken_apart(whole).split(only_watertight=False)
    assert len(bodies) == len(shifts) + 1
    for body in bodies:
        assert body.is_volume and body.volume == pytest.approx(CUBE.volume)


def test_a_mesh_without_crowded_edges_stays_as_it_is():
    """It is the same mesh, even if its bodies touch at a corner."""
    corner = together(CUBE, moved(CUBE, (0.04,) * 3))
    for mesh in (BOX, corner):
        assert taken_apart(mesh) is mesh


def test_a_body_that_touches_itself_stays_one_body():
    """A ring of boxes closed along one edge has its faces, no edge with more than two."""
    bricks = [trimesh.creation.box(bounds=bounds) for bounds in (
        [[0, 0, 0], [3, 1, 1]], [[0, 1, 0], [1, 2, 1]], [[2, 1, 0], [3, 2, 1]])]
    arch = trimesh.boolean.union(bricks, engine='manifold')
    tooth = trimesh.creation.box(bounds=[[1, 2, 0], [2, 3, 1]])
    whole = together(arch, tooth)
    apart = taken_apart(whole)
    assert apart.is_volume and len(apart.faces) == len(whole.faces)
    assert apart.volume == pytest.approx(arch.volume + tooth.volume)
    counts = np.unique(np.sort(apart.edges, axis=1), axis=0, return_counts=True)[1]
    assert (counts == 2).all()

# SPDX-License-Identifier: Apache-2.0
"""Holes are closed, shells get a wall, and what may be either is refused."""

from meshes import BOX, CAN, cup, moved, part
import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.mesh_openings import closed, walled
from dexlite_ros.object.solidity import check_solid


def pipe(radius: float, length: float, keep: float = 1.0) -> trimesh.Trimesh:
    """Return the side of a cylinder, or the share of it around the x axis."""
    mesh = trimesh.creation.cylinder(radius=radius, height=length, sections=48)
    angle = np.abs(np.arctan2(mesh.triangles_center[:, 1], mesh.triangles_center[:, 0]))
    return part(mesh, (np.abs(mesh.face_normals[:, 2]) < 0.5) & (angle < keep * np.pi))


@pytest.mark.parametrize('shell', [
    pipe(0.03, 0.12, 0.5), pipe(0.03, 0.1, 0.96), pipe(0.2, 0.1, 0.1), pipe(0.03, 0.02),
    part(BOX, np.abs(BOX.face_normals[:, 0]) < 0.5)],
    ids=['half a pipe', 'a pipe with a slit', 'a curved plate', 'a short pipe',
         'a box without two sides'])
def test_shells_get_a_wall(shell):
    """Its volume is area times thickness, its middle the shell, wherever the shell stands."""
    for mesh in (shell, moved(shell, (1.0, -2.0, 0.5))):
        solid, how = closed(mesh, [])
        check_solid(solid)
        assert solid.volume == pytest.approx(0.002 * shell.area, rel=0.03)
        _, distance, _ = trimesh.proximity.closest_point_naive(mesh, solid.vertices)
        assert distance.min() > 0.00099 and distance.max() < 0.002
        assert '2 mm' in how


def test_the_wall_of_a_box_is_that_of_a_box():
    """At its edges and corners as well: the walls stay 2 mm thick."""
    lidless = part(BOX, BOX.face_normals[:, 2] < 0.5)
    solid = walled(lidless, 0.002)
    check_solid(solid)
    outside, inside = np.prod([0.042, 0.062, 0.101]), np.prod([0.038, 0.058, 0.099])
    assert solid.volume == pytest.approx(outside - inside, rel=1e-6)


def test_a_jagged_edge_counts_as_the_opening_that_it_surrounds():
    """A scan ends in teeth; the lid over them is larger than the hole."""
    fine = CAN.subdivide().subdivide().subdivide()
    height = fine.triangles_center[:, 2]
    scan = part(fine, height > -0.045)
    with pytest.raises(BadMesh, match='1[0-9]% of its closed surface is missing'):
        closed(scan, [])


def test_openings_inside_another_body_are_closed():
    """However large they are: nobody sees them."""
    tube = moved(pipe(0.01, 0.05), (0, 0, 0.0))
    with pytest.raises(BadMesh, match='open'):
        closed(tube, [])
    solid, how = closed(tube, [CAN])
    check_solid(solid)
    assert how == '2 holes closed'
    assert solid.volume == pytest.approx(np.pi * 0.01**2 * 0.05, rel=0.01)


def test_a_cup_may_be_a_can_without_its_top():
    """So it is refused, with the remedy."""
    with pytest.raises(BadMesh, match='give its wall a thickness'):
        closed(cup(), [])


def test_three_faces_at_an_edge_are_no_shell():
    """They are refused."""
    fin = trimesh.Trimesh(
        [[0, 0, 0], [0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]],
        [[0, 1, 2], [0, 1, 3], [0, 1, 4]], process=False)
    with pytest.raises(BadMesh, match='more than two faces'):
        closed(fin, [])

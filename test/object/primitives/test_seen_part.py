# SPDX-License-Identifier: Apache-2.0
"""What is fitted to is checked, and what is fitted is judged from the camera's side."""

from dataclasses import replace

import numpy as np
import pytest
from seen_parts import EYE, seen_part, standing
import trimesh

from dexlite_ros.errors import BadCloud, InvalidRequest
from dexlite_ros.object.primitives.seen_part import FEWEST, primitive, SeenPart, silhouette

BALL = standing(trimesh.creation.icosphere(subdivisions=4, radius=0.04))


@pytest.mark.parametrize('points, normals, eye, noise', [
    (np.zeros((30, 2)), np.zeros((30, 2)), EYE, 0.001),
    (np.zeros((30, 3)), np.zeros((29, 3)), EYE, 0.001),
    (np.full((30, 3), np.nan), np.zeros((30, 3)), EYE, 0.001),
    (np.zeros((30, 3)), np.zeros((30, 3)), EYE[:2], 0.001),
    (np.zeros((30, 3)), np.zeros((30, 3)), EYE, 0.0),
])
def test_wrong_input_is_refused(points, normals, eye, noise):
    """Shapes, numbers that are not finite, no noise at all."""
    with pytest.raises(InvalidRequest):
        SeenPart(points, normals, eye, noise)


def test_few_points_are_refused():
    """With their number."""
    few = np.zeros((FEWEST - 1, 3))
    with pytest.raises(BadCloud, match=str(FEWEST - 1)):
        SeenPart(few, few, EYE, 0.001)


def test_the_height_is_that_of_the_top_face():
    """Neither outliers above it nor noise raise it."""
    part = seen_part(standing(trimesh.creation.box((0.06, 0.1, 0.15))), noise=0.002, outliers=0.05)
    high = part.points.copy()
    high[:10, 2] += 0.05
    assert SeenPart(high, part.normals, EYE, 0.002).height() == pytest.approx(0.15, abs=0.001)


def test_thinning_keeps_pairs_of_points_and_normals():
    """And does nothing to few points."""
    part = seen_part(BALL)
    few = part.thinned(100)
    outward = few.points - (0.0, 0.0, 0.04)
    assert len(few) == 100 and part.thinned(5000) is part
    assert np.einsum('ni,ni->n', outward, few.normals).min() > 0.03


def test_only_faces_towards_the_camera_explain_points():
    """Points on the far side of a solid are far from it, as those within it are."""
    part = seen_part(BALL)
    assert primitive('sphere', BALL, part, 3).residual < 1e-4
    back = SeenPart(part.points * [-1, -1, 1], part.normals, EYE, 0.001)
    assert primitive('sphere', BALL, back, 3).residual > 0.01


def test_an_open_mesh_is_no_solid():
    """Neither is one turned inside out, nor one that is not finite."""
    part = seen_part(BALL)
    torn = trimesh.Trimesh(BALL.vertices, BALL.faces[:-1])
    assert primitive('sphere', torn, part, 3) is None
    inside_out = trimesh.Trimesh(BALL.vertices, BALL.faces[:, ::-1])
    assert primitive('sphere', inside_out, part, 3) is None


def test_what_is_around_has_coordinates_too():
    """Points of other things are checked as those of the object are, and kept when thinned."""
    part = seen_part(BALL)
    other = replace(part, others=[[0.0, 0.1, 0.2]])
    assert other.thinned(100).others.shape == (1, 3)
    with pytest.raises(InvalidRequest, match='others'):
        replace(part, others=np.zeros((4, 2)))


def test_lines_of_sight_enclose_a_can():
    """Its axis and radius, from the points alone."""
    can = standing(trimesh.creation.cylinder(0.03, 0.1, sections=96), 0.0, 0.04, -0.02)
    part = seen_part(can)
    axis, radius = silhouette(part.points[part.points[:, 2] < 0.099], EYE)
    assert axis == pytest.approx([0.04, -0.02], abs=0.004)
    assert radius == pytest.approx(0.03, abs=0.003)

# SPDX-License-Identifier: Apache-2.0
"""The signed distance of a grid's nodes, and of points, to a mesh."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.mesh_distance import EXACT_BAND, mesh_distance, signed_distance
from dexlite_ros.object.mug import mug

SPACING = 0.002
RIM = 0.03


def _grid(mesh):
    """Return the origin, the shape and the nodes (X, Y, Z, 3) of a grid around a mesh."""
    origin = mesh.bounds[0] - RIM
    shape = np.ceil((np.ptp(mesh.bounds, axis=0) + 2 * RIM) / SPACING).astype(int) + 1
    nodes = origin + SPACING * np.stack(
        np.meshgrid(*map(np.arange, shape), indexing='ij'), axis=-1)
    return origin, shape, nodes


def test_distance_of_a_box_is_exact_near_it():
    """Its edges and diagonals run along the grid, where rays meet two faces at once."""
    half = np.full(3, 10 * SPACING)
    mesh = trimesh.creation.box(2 * half)
    origin, shape, nodes = _grid(mesh)
    found = mesh_distance(mesh.vertices, mesh.faces, origin, SPACING, shape)
    beyond = np.abs(nodes) - half
    true = np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)
    near = np.abs(true) < 0.9 * EXACT_BAND * SPACING
    np.testing.assert_allclose(found[near], true[near], atol=1e-6)
    clear = np.abs(true) > 1e-6
    np.testing.assert_array_equal((found < 0)[clear], (true < 0)[clear])
    assert np.abs(found - true).max() < 2 * SPACING


@pytest.mark.parametrize('turn', [0.0, 0.3])
def test_no_node_outside_the_bounding_box_is_inside(turn):
    """Rays along edges and through corners do not leak."""
    mesh = mug().apply_transform(trimesh.transformations.rotation_matrix(turn, (1, 2, 3)))
    origin, shape, nodes = _grid(mesh)
    found = mesh_distance(mesh.vertices, mesh.faces, origin, SPACING, shape)
    low, high = mesh.bounds
    assert (found[((nodes < low) | (nodes > high)).any(-1)] > 0).all()
    volume = np.count_nonzero(found < 0) * SPACING**3
    assert volume == pytest.approx(mesh.volume, rel=0.03)


def test_signed_distance_to_a_ball():
    """The distance from the middle less the radius: negative inside, and for no points none."""
    radius, middle = 0.04, np.array([0.3, -0.2, 0.1])
    ball = trimesh.creation.icosphere(subdivisions=5, radius=radius).apply_translation(middle)
    places = middle + np.random.default_rng(0).uniform(-0.1, 0.1, (2000, 3))
    found = signed_distance(ball.vertices, ball.faces, places)
    true = np.linalg.norm(places - middle, axis=1) - radius
    np.testing.assert_allclose(found, true, atol=5e-5)
    assert (found < 0).any() and (found > 0).any()
    assert signed_distance(ball.vertices, ball.faces, np.zeros((0, 3))).shape == (0,)

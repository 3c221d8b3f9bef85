# SPDX-License-Identifier: Apache-2.0
"""Pieces of thin shells: they follow the wall, and leave the hollow free."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull
import trimesh

from dexlite_ros.cache_folder import VARIABLE
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.objects.shell_pieces import (
    is_shell,
    MOST,
    shell_pieces,
    surface_depth,
    TOLERANCE,
)
from dexlite_ros.offline.physics.table_stability import table_stability

WALL = 0.003


def bowl(radius: float = 0.06) -> trimesh.Trimesh:
    """Return half a hollow ball, open at the top [m]."""
    angle = np.linspace(0, np.pi / 2, 16)
    outside = radius * np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    return trimesh.creation.revolve(
        np.concatenate([outside, outside[::-1] * (1 - WALL / radius)]), sections=32)


def cup() -> trimesh.Trimesh:
    """Return a cylinder with a bottom, open at the top [m]."""
    return trimesh.creation.revolve(
        [[0, 0], [0.035, 0], [0.035, 0.09], [0.032, 0.09], [0.032, WALL], [0, WALL]], sections=32)


def dish() -> trimesh.Trimesh:
    """Return a rectangular tray [m]."""
    return trimesh.boolean.difference([
        trimesh.creation.box((0.14, 0.09, 0.03)),
        trimesh.creation.box((0.136, 0.086, 0.03)).apply_translation((0, 0, 0.002))])


SHELLS = [bowl(), cup(), dish()]
NAMES = ['bowl', 'cup', 'dish']


@pytest.fixture(scope='module', autouse=True)
def no_cache():
    """Cut all pieces here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, '')
        yield


@pytest.mark.parametrize('mesh', SHELLS, ids=NAMES)
def test_the_surface_is_hardly_inside_of_pieces(mesh):
    """By about the tolerance in 95 of 100 points; all of it belongs to a piece."""
    pieces = convex_pieces(mesh)
    points, faces = trimesh.sample.sample_surface(mesh, 2000, seed=0)
    assert np.quantile(surface_depth(points, pieces), 0.95) < 1.5 * TOLERANCE
    assert len(pieces) <= MOST + 1
    inwards = points - 2e-4 * mesh.face_normals[faces]
    assert (surface_depth(inwards, pieces) > 0).mean() > 0.99
    volume = sum(ConvexHull(piece).volume for piece in pieces)
    assert mesh.volume * 0.99 < volume < mesh.volume * 1.5


def test_a_shell_stands_as_it_did():
    """Many pieces are one body in the simulation; coarse ones of a cup, as others take longer."""
    pieces = shell_pieces(SHELLS[NAMES.index('cup')], 0.002, 400)
    assert len(pieces) > 20 and table_stability(pieces, np.eye(4)).passed


def test_a_finer_tolerance_takes_more_pieces():
    """And its surface lies less deep."""
    points = np.asarray(trimesh.sample.sample_surface(SHELLS[0], 2000, seed=0)[0])
    coarse, fine = (shell_pieces(SHELLS[0], each, 400) for each in (0.002, 0.0006))
    assert len(fine) > len(coarse)
    assert surface_depth(points, fine).mean() < surface_depth(points, coarse).mean()


def test_only_thin_hollow_things_are_shells():
    """Neither bodies nor thick rings nor flat plates are; a shell twenty times larger is not."""
    assert all(is_shell(each) for each in SHELLS)
    for body in (
            trimesh.creation.icosphere(3, 0.03), trimesh.creation.box((0.1, 0.1, 0.004)),
            trimesh.creation.torus(0.05, 0.02)):
        assert not is_shell(body)
    assert not is_shell(SHELLS[0].copy().apply_scale(20))


def test_depth_is_that_inside_the_deepest_piece():
    """Of two boxes that overlap; outside it is 0."""
    boxes = [np.asarray(trimesh.creation.box((size,) * 3).vertices) for size in (0.02, 0.04)]
    points = np.array([[0, 0, 0], [0.015, 0, 0], [0.02, 0, 0], [0.03, 0, 0]])
    np.testing.assert_allclose(surface_depth(points, boxes), [0.02, 0.005, 0, 0], atol=1e-9)


def test_what_the_library_takes_for_no_solid_has_no_such_pieces():
    """Corners that are not shared between faces leave it without an inside."""
    apart = SHELLS[1].copy()
    apart.unmerge_vertices()
    assert shell_pieces(apart) == []

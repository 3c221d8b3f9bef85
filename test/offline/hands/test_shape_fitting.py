# SPDX-License-Identifier: Apache-2.0
"""A mesh becomes the simplest shape that is close to it, and never one that is far off."""

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.hand.description import Geom
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.offline.hands.fitting import fit_hull, fit_part
from dexlite_ros.offline.hands.robot_model import Part

TURN = trimesh.transformations.euler_matrix(0.4, -0.7, 1.1)
TURN[:3, 3] = 0.01, -0.02, 0.03


def mean_distance(one: trimesh.Trimesh, other: trimesh.Trimesh) -> float:
    """Return how far two surfaces are from each other on average, either way."""
    return max(float(distance_to(mesh, trimesh.sample.sample_surface(points, 1000, seed=1)[0])
                     .mean()) for mesh, points in ((one, other), (other, one)))


@pytest.mark.parametrize('geom', [
    Geom('capsule', (0.009, 0.02)), Geom('box', (0.02, 0.01, 0.03))], ids=lambda geom: geom.shape)
def test_primitives_are_recognised(geom: Geom):
    """The mesh of a turned capsule or box becomes one again, of the same size."""
    mesh = geom_mesh(geom).apply_transform(TURN)
    found = fit_hull(np.asarray(mesh.vertices))
    assert found.geom.shape == geom.shape and found.error < 0.5e-3
    np.testing.assert_allclose(sorted(found.geom.size), sorted(geom.size), atol=1e-3)
    assert mean_distance(geom_mesh(found.geom), mesh) < 0.7e-3


@pytest.mark.parametrize('seed', range(3))
def test_other_bodies_stay_hulls(seed: int):
    """A body like no primitive keeps its own shape; the error that is told is the true one."""
    points = np.random.default_rng(seed).normal(size=(400, 3)) * (0.006, 0.008, 0.015)
    found = fit_hull(points)
    true = mean_distance(geom_mesh(found.geom), trimesh.convex.convex_hull(points))
    assert found.geom.shape == 'hull' and true < 1e-6 and found.error < 1e-6


def test_smooth_hulls_are_thinned_without_harm():
    """Of thousands of vertices few are kept, and the surface stays where it was."""
    egg = trimesh.creation.icosphere(subdivisions=5).apply_scale((0.009, 0.012, 0.02))
    found = fit_hull(np.asarray(egg.vertices))
    assert found.geom.shape == 'hull' and len(found.geom.vertices) <= 160
    assert mean_distance(geom_mesh(found.geom), egg) < 0.5e-3


def test_hollow_meshes_are_cut_into_convex_pieces():
    """An angle is not filled up: its pieces together have its surface."""
    angle = trimesh.creation.box((0.06, 0.02, 0.01)).union(trimesh.creation.box(
        (0.01, 0.02, 0.06), trimesh.transformations.translation_matrix((0.025, 0, 0.025))))
    fits = fit_part(Part(TURN, vertices=np.asarray(angle.vertices), faces=np.asarray(angle.faces)))
    assert len(fits) >= 2
    volume = sum(geom_mesh(fit.geom).volume for fit in fits)
    assert volume == pytest.approx(angle.volume, rel=0.1)
    joined = trimesh.util.concatenate([geom_mesh(fit.geom) for fit in fits])
    surface = trimesh.sample.sample_surface(angle.apply_transform(TURN), 1000, seed=0)[0]
    assert distance_to(joined, surface).mean() < 1.5e-3


def test_discs_are_no_balls():
    """A cylinder much wider than high is a hull; one like a knuckle is kept."""
    disc, knuckle = (fit_part(Part(TURN, Geom('cylinder', size)))[0].geom
                     for size in ((0.045, 0.01), (0.009, 0.009)))
    assert disc.shape == 'hull' and knuckle.shape == 'cylinder'
    assert knuckle.position == pytest.approx((0.01, -0.02, 0.03))

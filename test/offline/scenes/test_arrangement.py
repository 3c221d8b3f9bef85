# SPDX-License-Identifier: Apache-2.0
"""Neighbours stand on the table, close by, and touch nothing."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.offline.scenes.arrangement import separation, stand, stand_beside

OBJECTS = [
    trimesh.creation.box((0.05, 0.12, 0.2)), trimesh.creation.cylinder(radius=0.04, height=0.1),
    trimesh.creation.box((0.2, 0.15, 0.03)), trimesh.creation.cylinder(radius=0.02, height=0.2),
    trimesh.creation.box((0.08, 0.08, 0.08)), trimesh.creation.icosphere(radius=0.04)]
EYE = np.array([0.5, 0.1, 0.5])


def test_objects_stand():
    """The lowest point is on the table, the middle above the origin, turned at random."""
    rng = np.random.default_rng(0)
    turns = []
    for _ in range(10):
        mesh = OBJECTS[0].copy().apply_translation((0.3, -0.2, 0.7))
        pose = stand(mesh, rng)
        np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)
        bounds = mesh.apply_transform(pose).bounds
        assert bounds[0, 2] == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(bounds.mean(axis=0)[:2], 0, atol=1e-9)
        turns.append(np.arctan2(pose[1, 0], pose[0, 0]))
    assert np.ptp(turns) > 1.0


def test_separation_is_that_of_outlines():
    """Exact for sides that face each other, negative for overlaps, never above the distance."""
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    beside = box.copy().apply_translation((0.13, 0.02, 0.0))
    assert separation(box, beside) == pytest.approx(0.03)
    assert separation(box, box.copy().apply_translation((0.09, 0.09, 0))) == pytest.approx(-0.01)
    assert separation(box, box.copy().apply_translation((0.02, 0, 0.3))) < 0, 'one above the other'
    across = box.copy().apply_translation((0.2, 0.2, 0))
    assert 0 < separation(box, across) <= np.hypot(0.1, 0.1)


@pytest.mark.parametrize('seed', range(6))
def test_neighbours_are_apart_and_close(seed):
    """At least 10 mm between any two surfaces, at most 0.25 m to the first, on the table."""
    rng = np.random.default_rng(seed)
    first = OBJECTS[seed].copy().apply_transform(stand(OBJECTS[seed], rng))
    standing = [mesh.copy().apply_transform(stand(mesh, rng)) for mesh in OBJECTS[:4]]
    found = stand_beside(first, standing, EYE, True, rng)
    assert len(found) == 4
    for mesh in found:
        assert mesh.bounds[0, 2] == pytest.approx(0.0, abs=1e-9)
        assert separation(first, mesh) <= 0.25
    clouds = [sample_mesh(mesh, 4000, rng).points for mesh in (first, *found)]
    for one, other in combinations(clouds, 2):
        assert cKDTree(one).query(other)[0].min() >= 0.01
    away = found[0].bounds.mean(axis=0)[:2] - first.bounds.mean(axis=0)[:2]
    towards = away @ EYE[:2] / np.linalg.norm(away) / np.linalg.norm(EYE[:2])
    assert towards > np.cos(np.deg2rad(21)), "the first one stands on the camera's side"


def test_neighbours_may_stand_on_any_side():
    """Unless they are wanted on the camera's."""
    first = OBJECTS[4].copy().apply_transform(stand(OBJECTS[4], np.random.default_rng(0)))
    middles = np.array([
        stand_beside(first, [first], EYE, False, np.random.default_rng(seed))[0].bounds.mean(0)
        for seed in range(16)])
    assert (middles[:, :2] @ EYE[:2] < 0).any() and (middles[:, :2] @ EYE[:2] > 0).any()


def test_what_has_no_place_is_left_out():
    """A neighbour that would reach the camera."""
    first = trimesh.creation.box((0.1, 0.1, 0.1)).apply_translation((0, 0, 0.05))
    eye = np.array([0.2, 0.0, 0.1])
    pole = trimesh.creation.box((0.3, 0.3, 0.3)).apply_translation((0, 0, 0.15))
    assert stand_beside(first, [pole], eye, True, np.random.default_rng(0)) == ()

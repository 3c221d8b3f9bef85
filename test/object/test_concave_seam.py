# SPDX-License-Identifier: Apache-2.0
"""A surface holds together least along concave edges and gaps."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.concave_seam import weakest_seam
from dexlite_ros.object.touching_objects import SEAM


def _seen(*meshes: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, normals, and the number of its mesh for each point of the upper sides."""
    rng = np.random.default_rng(0)
    sampled = [trimesh.sample.sample_surface(mesh, 3000, seed=0) for mesh in meshes]
    points = np.concatenate([places for places, _ in sampled])
    normals = np.concatenate([
        mesh.face_normals[faces] for mesh, (_, faces) in zip(meshes, sampled)])
    owner = np.repeat(np.arange(len(meshes)), 3000)
    up = normals @ [0.3, 0.4, 0.87] > 0.05
    return points[up] + 3e-4 * rng.standard_normal((up.sum(), 3)), normals[up], owner[up]


@pytest.mark.parametrize('aside', [0.08, 0.0805])
def test_the_seam_of_two_balls_is_between_them(aside: float) -> None:
    """Whether they touch or nearly do."""
    ball = trimesh.creation.icosphere(4, 0.04)
    points, normals, owner = _seen(ball, ball.copy().apply_translation((aside, 0, 0)))
    seam = weakest_seam(points, normals)
    assert seam.strength < 0.5 * SEAM
    share = np.mean(seam.first == (owner == 1))
    assert max(share, 1.0 - share) > 0.98


@pytest.mark.parametrize('mesh', [
    trimesh.creation.icosphere(4, 0.04), trimesh.creation.box((0.05, 0.08, 0.12)),
    trimesh.creation.cylinder(0.03, 0.14)])
def test_a_convex_thing_has_no_weak_seam(mesh: trimesh.Trimesh) -> None:
    """However few points were measured."""
    points, normals, _ = _seen(mesh)
    for step in (1, 4):
        assert weakest_seam(points[::step], normals[::step]).strength > 1.2 * SEAM


def test_sides_do_not_depend_on_the_frame() -> None:
    """The same cut after a rigid motion."""
    ball = trimesh.creation.icosphere(4, 0.04)
    points, normals, _ = _seen(ball, ball.copy().apply_translation((0.08, 0, 0)))
    turn = trimesh.transformations.random_rotation_matrix(np.array([0.2, 0.5, 0.8]))[:3, :3]
    one, other = (
        weakest_seam(*each)
        for each in ((points, normals), (points @ turn.T + 1.0, normals @ turn.T)))
    assert other.strength == pytest.approx(one.strength, abs=1e-4)
    share = np.mean(one.first == other.first)
    assert max(share, 1.0 - share) > 0.999

# SPDX-License-Identifier: Apache-2.0
"""Closed surfaces agree with the object's surface in any orientation."""

import numpy as np
from numpy.typing import NDArray
import pytest
from scipy.spatial.transform import Rotation
import trimesh

from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.fitting import is_closed
from dexlite_ros.object.orientation import estimate_noise, outward_normals, roll_ball
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.surface import close_surface, ObjectSurface, surface_from_mesh

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.04)
BOX = trimesh.creation.box((0.05, 0.07, 0.1))
RING = trimesh.creation.torus(major_radius=0.04, minor_radius=0.012)


def cloud_of(mesh: trimesh.Trimesh, noise: float = 0.0) -> PointCloud:
    """Return a clean cloud of 2 048 points."""
    return clean_cloud(sample_mesh(mesh, 2048, np.random.default_rng(0), noise)).cloud


def mesh_of(surface: ObjectSurface) -> trimesh.Trimesh:
    """Return the surface's triangles."""
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


def to_ball(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signed distance to the ball."""
    return np.linalg.norm(points, axis=1) - 0.04


def to_box(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signed distance to the box."""
    over = np.abs(points) - 0.5 * BOX.extents
    return np.linalg.norm(np.maximum(over, 0.0), axis=1) + np.minimum(over.max(axis=1), 0.0)


def to_ring(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signed distance to the ring."""
    across = np.hypot(points[:, 0], points[:, 1]) - 0.04
    return np.hypot(across, points[:, 2]) - 0.012


@pytest.mark.parametrize(
    ('mesh', 'distance', 'noise', 'limit'),
    [
        (BALL, to_ball, 0.0, 0.0002),
        (BOX, to_box, 0.0, 0.0005),
        (RING, to_ring, 0.0, 0.0004),
        (BALL, to_ball, 0.002, 0.001),
        (BOX, to_box, 0.002, 0.001),
    ],
)
def test_the_closed_surface_is_the_true_one(mesh, distance, noise, limit) -> None:
    """It is closed, has the right volume, and its mean distance error is below ``limit``."""
    surface = close_surface(cloud_of(mesh, noise))
    closed = mesh_of(surface)
    assert is_closed(closed)
    assert surface.method == 'full' and surface.seen_fraction > 0.99
    assert closed.volume == pytest.approx(mesh.volume, rel=0.03 if noise == 0 else 0.1)
    places = sample_mesh(closed, 3000, np.random.default_rng(1)).points
    assert np.abs(distance(places)).mean() < limit


def test_a_moved_cloud_gives_the_moved_surface() -> None:
    """They agree within half a millimetre after moving back."""
    turn = Rotation.from_rotvec([0.4, -0.8, 1.1]).as_matrix()
    cloud = cloud_of(BOX)
    moved = close_surface(PointCloud(cloud.points @ turn.T + [0.3, -0.2, 0.5]))
    back = (moved.vertices - [0.3, -0.2, 0.5]) @ turn
    assert np.abs(to_box(back)).mean() < 0.0005


def test_closing_is_repeatable() -> None:
    """The same cloud gives the same triangles."""
    first, second = (close_surface(cloud_of(RING)) for _ in range(2))
    assert np.array_equal(first.vertices, second.vertices)
    assert np.array_equal(first.faces, second.faces)


def test_normals_point_out_even_in_thin_walls() -> None:
    """This holds for a cup with walls thinner than the rolled ball."""
    outer = trimesh.creation.cylinder(radius=0.04, height=0.08)
    inner = trimesh.creation.cylinder(radius=0.036, height=0.08)
    inner.apply_translation([0.0, 0.0, 0.006])
    cup = trimesh.boolean.difference([outer, inner], engine='manifold')
    points, normals = outward_normals(cloud_of(cup).points, 0.0045, 0.0, 10)
    radial = points[:, :2] / np.linalg.norm(points[:, :2], axis=1, keepdims=True)
    radius = np.linalg.norm(points[:, :2], axis=1)
    middle = np.abs(points[:, 2] - 0.01) < 0.02
    outwards = np.einsum('ni,ni->n', radial, normals[:, :2])
    assert np.mean(outwards[middle & (radius > 0.0395)] > 0.5) > 0.97
    assert np.mean(outwards[middle & (radius < 0.0365)] < -0.5) > 0.97


def test_a_ball_stays_outside() -> None:
    """Its centre keeps the radius's distance from the surface and never gets inside."""
    free = roll_ball(cloud_of(BALL).points, 0.01, 0.002)
    assert free.at(np.array([[0.052, 0.0, 0.0]]))[0] < 0.003
    assert free.at(np.zeros((1, 3)))[0] == pytest.approx(0.05, abs=0.004)


def test_noise_is_estimated() -> None:
    """The estimate is close to the cloud's standard deviation."""
    assert estimate_noise(cloud_of(BOX).points) < 0.0005
    assert estimate_noise(cloud_of(BOX, 0.002).points) == pytest.approx(0.0018, abs=0.0005)


def test_a_closed_mesh_is_taken_as_it_is_and_an_open_one_closed() -> None:
    """The opening is bridged."""
    assert surface_from_mesh(BOX).method == 'mesh'
    lid = BALL.triangles_center[:, 2] > 0.038
    open_ball = trimesh.Trimesh(BALL.vertices, BALL.faces[~lid])
    surface = surface_from_mesh(open_ball)
    assert surface.method == 'full' and is_closed(mesh_of(surface))
    assert np.abs(to_ball(surface.vertices)).mean() < 0.0005

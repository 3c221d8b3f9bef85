# SPDX-License-Identifier: Apache-2.0
"""One-sided clouds are recognised and completed from what the view implies."""

import numpy as np
import open3d
import pytest
from scipy.spatial.transform import Rotation
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.depth_view import DepthView
from dexlite_ros.object.fitting import is_closed
from dexlite_ros.object.isometries import half_turns, IDENTITY, inversions, mirrors, rotations
from dexlite_ros.object.sampling import Camera, view_mesh
from dexlite_ros.object.support import fit_support, Plane
from dexlite_ros.object.surface import close_surface, ObjectSurface

EYE = np.array([0.35, 0.2, 0.42])
TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
CAMERA = Camera(pixels=250, depth_noise=0.0005)


def standing(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return the mesh moved onto the table."""
    mesh.apply_translation([0.0, 0.0, -mesh.bounds[0, 2]])
    return mesh


BALL = standing(trimesh.creation.icosphere(subdivisions=4, radius=0.04))
CAN = standing(trimesh.creation.cylinder(radius=0.033, height=0.11, sections=64))
BOX = standing(trimesh.creation.box((0.05, 0.09, 0.07)))


def seen(mesh: trimesh.Trimesh) -> PointCloud:
    """Return what a camera at EYE measures of the mesh."""
    return clean_cloud(view_mesh(mesh, EYE, np.random.default_rng(0), CAMERA)).cloud


def overlap(surface: ObjectSurface, mesh: trimesh.Trimesh) -> float:
    """Return the volume common to both over that of their union."""
    rng = np.random.default_rng(0)
    places = rng.uniform(mesh.bounds[0] - 0.02, mesh.bounds[1] + 0.02, (20000, 3))
    inside = []
    for vertices, faces in ((mesh.vertices, mesh.faces), (surface.vertices, surface.faces)):
        scene = open3d.t.geometry.RaycastingScene()
        scene.add_triangles(
            open3d.core.Tensor(np.array(vertices, np.float32)),
            open3d.core.Tensor(np.array(faces, np.uint32)),
        )
        where = open3d.core.Tensor(places.astype(np.float32))
        inside.append(scene.compute_occupancy(where).numpy() > 0.5)
    return float(np.sum(inside[0] & inside[1]) / np.sum(inside[0] | inside[1]))


def test_one_view_of_a_ball_is_completed_to_the_ball() -> None:
    """The error is below 1.5 mm on average, without a table, from less than half the surface."""
    surface = close_surface(seen(BALL))
    assert surface.method.startswith('view') and 0.4 < surface.seen_fraction < 0.8
    off = np.linalg.norm(surface.vertices - [0.0, 0.0, 0.04], axis=1) - 0.04
    assert np.abs(off).mean() < 0.0015


@pytest.mark.parametrize(
    ('mesh', 'table', 'least'),
    [(CAN, TABLE, 0.92), (CAN, None, 0.85), (BOX, TABLE, 0.9), (BOX, None, 0.8)],
)
def test_one_view_is_completed(mesh: trimesh.Trimesh, table: Plane | None, least: float) -> None:
    """A can and a box are completed, with and without a known table."""
    surface = close_surface(seen(mesh), table)
    assert is_closed(trimesh.Trimesh(surface.vertices, surface.faces, process=False))
    assert overlap(surface, mesh) > least


def test_a_thin_thing_on_a_table_is_closed_too() -> None:
    """The unseen bottom of a bar 8 mm thick is assumed on the table, not above it."""
    bar = standing(trimesh.creation.box((0.16, 0.03, 0.008)))
    surface = close_surface(seen(bar), TABLE)
    closed = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    assert is_closed(closed) and 0.0 < closed.volume < 2.5 * bar.volume


def test_completion_moves_with_the_scene() -> None:
    """Rotating cloud, viewpoint and table rotates the result."""
    turn = Rotation.from_rotvec([0.9, 0.3, -0.5]).as_matrix()
    cloud = seen(CAN)
    moved = PointCloud(cloud.points @ turn.T, viewpoint=turn @ EYE)
    surface = close_surface(moved, Plane(turn @ TABLE.normal, 0.0))
    back = ObjectSurface(surface.vertices @ turn, surface.faces, 1.0, surface.method)
    assert overlap(back, CAN) > 0.9


def test_the_shadow_is_behind_what_is_seen() -> None:
    """The depth is positive inside and behind the object, negative in front and beside."""
    view = DepthView.of(seen(BALL).points, EYE)
    centre = np.array([0.0, 0.0, 0.04])
    ray = (EYE - centre) / np.linalg.norm(EYE - centre)
    side = np.cross(ray, [0.0, 0.0, 1.0])
    places = centre + np.array([0.0, -0.1, 0.06])[:, None] * ray
    places = np.concatenate([places, centre[None] + 0.06 * side])
    depth = view.behind(places)
    assert depth[0] == pytest.approx(0.04, abs=0.003) and depth[1] > 0.03
    assert depth[2] == pytest.approx(-0.02, abs=0.003) and depth[3] < 0


def test_isometries_are_what_they_are_called() -> None:
    """Mirrors, half turns and inversions are involutions; determinants identify reflections."""
    points = np.random.default_rng(0).random((20, 3))
    feet = np.array([[0.3, 0.2, 0.1]])
    axis = np.array([0.0, 0.6, 0.8])
    mirror = mirrors(points, axis[None], 1.0)[:1]
    for move, sign in ((mirror, -1), (half_turns(axis, feet), 1), (inversions(feet), -1)):
        assert np.linalg.det(move.matrices[0]) == pytest.approx(sign)
        np.testing.assert_allclose(move.apply(move.apply(points)[0])[0], points, atol=1e-12)
        np.testing.assert_allclose(move.inverse().apply(move.apply(points)[0])[0], points)
    turns = rotations(axis, feet[0], np.array([0.5]), 'revolution')
    np.testing.assert_allclose(turns.apply(feet + 0.3 * axis)[0], feet + 0.3 * axis, atol=1e-12)
    frame = rotations(np.array([1.0, 0.0, 0.0]), feet[0], np.array([0.7]), 'frame')
    same = turns.conjugated(frame).apply(frame.apply(points)[0])[0]
    np.testing.assert_allclose(same, frame.apply(turns.apply(points)[0])[0], atol=1e-12)
    assert len(IDENTITY) == 1


def test_the_table_is_found_below_the_object() -> None:
    """It is found within a millimetre and a degree; far or slanted planes are ignored."""
    rng = np.random.default_rng(0)
    flat = rng.uniform(-0.3, 0.3, (3000, 3)) * [1.0, 1.0, 0.0]
    obstacles = flat + 0.001 * rng.standard_normal(flat.shape)
    plane = fit_support(obstacles, seen(CAN).points)
    assert plane is not None and plane.normal[2] > np.cos(np.deg2rad(1.0))
    assert abs(plane.offset) < 0.001
    assert fit_support(obstacles - [0.0, 0.0, 0.1], seen(CAN).points) is None
    assert fit_support(obstacles[:10], seen(CAN).points) is None
    assert fit_support(obstacles, np.zeros((0, 3))) is None


def test_a_plane_has_a_unit_normal() -> None:
    """Normals of any length are normalised; a zero vector is an error."""
    plane = Plane(np.array([0.0, 0.0, 2.0]), 0.5)
    assert plane.height(np.array([[1.0, 2.0, 0.35]]))[0] == pytest.approx(0.1)
    np.testing.assert_allclose(plane.project(np.array([[1.0, 2.0, 3.0]])), [[1.0, 2.0, 0.25]])
    with pytest.raises(InvalidRequest, match='normal'):
        Plane(np.zeros(3), 0.0)

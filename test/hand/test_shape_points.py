# SPDX-License-Identifier: Apache-2.0
"""Points cover the shapes of a hand: evenly, on their surface, and only outside of the link."""

import numpy as np
import open3d
import pytest
from scipy.spatial.distance import pdist
import trimesh

from dexlite_ros.hand.allegro_hand import ALLEGRO_RIGHT
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.hand.shape_points import PointSettings, sample_geom


def test_points_lie_on_or_in_their_shapes():
    """A surface point is on its shape; a sphere touches the shape's surface from inside."""
    for link in SHADOW_RIGHT.links:
        for geom in link.geoms:
            mesh = geom_mesh(geom)
            scene = open3d.t.geometry.RaycastingScene()
            scene.add_triangles(
                np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32))
            points, radius, _ = sample_geom(geom, PointSettings())
            distance = scene.compute_distance(np.array(points, np.float32)).numpy()
            # Meshes of round shapes are faceted: up to 0.45 mm inside the true surface.
            np.testing.assert_allclose(distance, radius, atol=4.5e-4)


def height_above(mesh: trimesh.Trimesh, points: np.ndarray) -> np.ndarray:
    """Return the height (P,) of points above the highest face of a convex mesh [m]."""
    ways = points[:, None] - mesh.triangles[:, 0]
    return (ways * mesh.face_normals).sum(2).max(1)


@pytest.mark.parametrize(
    'hand', [SHADOW_RIGHT, ALLEGRO_RIGHT, LEAP_RIGHT], ids=lambda hand: hand.name)
def test_points_of_boxes_are_apart_and_not_inside_the_link(hand):
    """Whatever else a link consists of, its boxes are covered evenly, and only outside."""
    own, found = HandGeometry(HandKinematics(hand)), 0
    for index, link in enumerate(hand.links):
        here = (own.point_link == index) & (own.point_radius == 0)
        points = own.points.local[:len(here)][here].double().numpy()
        heights = np.array([height_above(geom_mesh(geom), points) for geom in link.geoms])
        boxed = np.array([geom.shape == 'box' for geom in link.geoms])
        of_box = (np.abs(heights[boxed]) < 1e-6).any(0)
        found += of_box.sum()
        assert (heights[:, of_box] > -1e-5).all()
        assert (pdist(points[of_box]) > PointSettings().box_separation - 1e-6).all()
    assert found > 50

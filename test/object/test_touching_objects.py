# SPDX-License-Identifier: Apache-2.0
"""Two solids that touch are told from one that is not convex."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.support import fit_support
from dexlite_ros.object.touching_objects import are_two_objects
from dexlite_ros.offline.objects.procedural.families import make_shape
from dexlite_ros.offline.scenes.camera_pose import look_at
from dexlite_ros.offline.scenes.depth_camera import CAMERAS

TABLE = trimesh.creation.box((1.2, 1.2, 0.02)).apply_translation((0, 0, -0.01))
VIEW = look_at(np.array([0.5, -0.3, 0.45]), np.array([0.0, 0.0, 0.04]))
CAN = trimesh.creation.cylinder(0.033, 0.12).apply_translation((0, 0, 0.06))
BOX = trimesh.creation.box((0.06, 0.05, 0.15)).apply_translation((0.0, 0.058, 0.075))
BALL = trimesh.creation.icosphere(4, 0.04).apply_translation((-0.03, -0.066, 0.04))


def _two(*bodies: trimesh.Trimesh) -> bool:
    """Return what is said of bodies under one mask, seen by a Kinect."""
    rng = np.random.default_rng(1)
    image = CAMERAS['kinect'].look(bodies, VIEW, rng, [TABLE])
    points, measured = image.points(), np.isfinite(image.depth)
    cloud = PointCloud(points[measured & (image.labels > 0)], viewpoint=np.zeros(3))
    rest = points[measured & (image.labels == 0)]
    rest = rest[np.linalg.norm(rest - cloud.points.mean(axis=0), axis=1) < 0.35][::4]
    clean = clean_cloud(cloud, None, fit_support(rest, cloud.points), rest)
    assert clean.support is not None
    return are_two_objects(clean.cloud, clean.support, rest)


@pytest.mark.parametrize('bodies', [(CAN, BOX), (CAN, BALL)])
def test_two_solids_side_by_side_are_two(bodies: tuple[trimesh.Trimesh, ...]) -> None:
    """Each is a solid of its own."""
    assert _two(*bodies)


@pytest.mark.parametrize('family', ['bowl', 'cone', 'fruit', 'pebble', 'soap'])
def test_one_object_is_one(family: str) -> None:
    """Also one that is not convex; what is made of two solids is taken for two, as a spoon is."""
    mesh = make_shape(family, 0).mesh.copy()
    mesh.apply_translation([*-mesh.bounds.mean(axis=0)[:2], -mesh.bounds[0, 2]])
    assert not _two(mesh)

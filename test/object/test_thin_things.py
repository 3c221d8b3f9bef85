# SPDX-License-Identifier: Apache-2.0
"""Thin things on a table, as cameras see them, are neither cut off nor thickened."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.mesh_distance import signed_distance
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

WALL = 0.003


def cup() -> trimesh.Trimesh:
    """Return a cup with a wall of 3 mm."""
    side = trimesh.creation.annulus(0.036, 0.036 + WALL, 0.09)
    floor = trimesh.creation.cylinder(0.036 + WALL, 0.004).apply_translation([0.0, 0.0, -0.043])
    return trimesh.boolean.union([side, floor])


PLATE = trimesh.creation.box((0.12, 0.08, 0.003))
PEN = trimesh.creation.cylinder(0.003, 0.14)


@pytest.mark.parametrize('camera, error, off_by', [
    ('ideal', 0.0005, 0.001), ('kinect', 0.001, 0.0025)])
@pytest.mark.parametrize('mesh', [PLATE, PEN], ids=['plate', 'pen'])
def test_what_lies_flat_keeps_its_thickness(mesh, camera, error, off_by):
    """A plate of 3 mm and a pen of 6 mm: all of the true surface is near the closed one."""
    scene = table_scene(mesh, [], SceneSettings(camera), np.random.default_rng(1))
    closed = PlanningScene.build(scene.cloud, obstacles=scene.rest)
    truth = mesh.copy().apply_transform(np.linalg.inv(scene.camera) @ scene.object)
    places = trimesh.sample.sample_surface(truth, 2000, seed=0)[0]
    off = signed_distance(closed.surface.vertices, closed.surface.faces, places - closed.offset)
    assert np.abs(off).mean() < error
    extent = np.ptp(closed.surface.vertices @ scene.camera[:3, :3].T, axis=0)
    assert extent[2] == pytest.approx(mesh.extents.min(), abs=off_by)


def test_the_rim_of_a_cup_stays():
    """Points of the rim, which are few and at edges, are kept: the cup is as high as it is."""
    mesh = cup()
    scene = table_scene(mesh, [], SceneSettings('kinect'), np.random.default_rng(0))
    closed = PlanningScene.build(scene.cloud, obstacles=scene.rest)
    world = trimesh.transform_points(closed.surface.vertices + closed.offset, scene.camera)
    truth = mesh.copy().apply_transform(scene.object)
    assert -0.003 < world[:, 2].max() - truth.bounds[1, 2] < 0.008

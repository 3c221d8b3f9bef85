# SPDX-License-Identifier: Apache-2.0
"""Procedural objects are closed and of the size asked for, and cameras measure their surface."""

import numpy as np
import open3d
import pytest

from dexlite_ros.object.mug import mug
from dexlite_ros.object.sampling import view_mesh


def test_the_mug_is_one_closed_body_with_a_handle() -> None:
    """Its genus is 1: the handle makes a hole, the hollow does not."""
    mesh = mug()
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.body_count == 1
    assert mesh.euler_number == 0
    np.testing.assert_allclose(mesh.bounds[0], [-0.040, -0.040, 0.0], atol=1e-4)
    np.testing.assert_allclose(mesh.bounds[1, 1:], [0.040, 0.095], atol=1e-4)


@pytest.mark.parametrize('wall', [0.002, 0.0035, 0.006])
def test_the_mug_is_hollow(wall: float) -> None:
    """Its volume is that of bottom, wall and handle, which adds less than a tenth."""
    shell = np.pi * (0.04**2 * 0.095 - (0.04 - wall)**2 * (0.095 - 0.006))
    handle = mug(wall=wall).volume - shell
    assert 0.0 < handle < 0.25 * shell


def test_a_camera_measures_points_on_the_mug() -> None:
    """Without noise every point lies on the surface and faces the camera."""
    mesh, eye = mug(), np.array([0.3, -0.4, 0.3])
    seen = view_mesh(mesh, eye, np.random.default_rng(0)).points
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        open3d.core.Tensor(mesh.vertices.astype(np.float32)),
        open3d.core.Tensor(mesh.faces.astype(np.uint32)))
    distance = scene.compute_distance(open3d.core.Tensor(seen.astype(np.float32))).numpy()
    assert distance.mean() < 0.001 and distance.max() < 0.006
    assert len(seen) > 3000

# SPDX-License-Identifier: Apache-2.0
"""A rigid pose of an object is undone; anything else is refused."""

from hands import random_grasps
import numpy as np
import pytest
import roma
import torch

from dexlite_ros.offline.formats.object_pose import ObjectPoses


def rigid(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a random rotation (3, 3) and translation (3,) [m]."""
    generator = torch.Generator().manual_seed(seed)
    vector = torch.randn(3, generator=generator, dtype=torch.float64)
    return roma.rotvec_to_rotmat(vector), torch.randn(3, generator=generator).double()


def numbers(rotation: torch.Tensor, translation: torch.Tensor) -> np.ndarray:
    """Return position and quaternion wxyz."""
    quat = roma.rotmat_to_unitquat(rotation)[[3, 0, 1, 2]]
    return torch.cat([translation, quat]).numpy()


def matrix(rotation: torch.Tensor, translation: torch.Tensor) -> np.ndarray:
    """Return a homogeneous matrix."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, translation
    return pose


@pytest.mark.parametrize('layout', [numbers, matrix])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_a_rigid_pose_is_undone(layout, dtype):
    """Grasps moved along with their object come back to where they were."""
    grasps = random_grasps(4)
    for seed in range(3):
        pose = rigid(seed)
        read = ObjectPoses.read(layout(*pose).astype(dtype))
        found = ObjectPoses.cat([read] * 4).in_object_frame(grasps.transformed(*pose))
        for part, value in vars(found).items():
            torch.testing.assert_close(value, getattr(grasps, part), rtol=0, atol=1e-6)


ROTATION, SHIFT = rigid()
MIRROR = torch.diag(torch.tensor([-1.0, 1.0, 1.0])).double()
SHEAR = torch.eye(3).double() + torch.tensor([[0, 0.1, 0], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(('value', 'reason'), [
    (np.ones(7), 'not rigid'), (np.zeros(7), 'not rigid'),
    (numbers(ROTATION, SHIFT) * 1.05, 'not rigid'),
    (matrix(1.05 * ROTATION, SHIFT), 'not rigid'), (matrix(MIRROR @ ROTATION, SHIFT), 'not rigid'),
    (matrix(SHEAR @ ROTATION, SHIFT), 'not rigid'), (np.diag([1.0, 1, 1, 2]), 'not rigid'),
    (np.full(7, np.nan), 'neither'), (np.eye(3), 'neither'), (np.zeros(0), 'neither'),
    (None, 'not numbers|neither'), ({'x': 1}, 'not numbers'), ([[1], [2, 3]], 'inhomogeneous')])
def test_anything_else_is_refused(value, reason):
    """Scaled, sheared, mirrored, without length, of another shape, or no numbers at all."""
    with pytest.raises(ValueError, match=reason):
        ObjectPoses.read(value)

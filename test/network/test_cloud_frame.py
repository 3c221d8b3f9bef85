# SPDX-License-Identifier: Apache-2.0
"""Frames of clouds are right-handed, rotate with the cloud, and can be inverted exactly."""

from hands import random_grasps
import pytest
import roma
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.network.cloud_frame import CloudFrames


@pytest.fixture
def clouds() -> torch.Tensor:
    """Return two long clouds away from the origin."""
    generator = torch.Generator().manual_seed(0)
    shape = torch.tensor([0.02, 0.03, 0.05], dtype=torch.float64)
    return shape * torch.randn(2, 400, 3, generator=generator, dtype=torch.float64) + 0.3


def generator() -> torch.Generator:
    """Return a generator with a fixed seed."""
    return torch.Generator().manual_seed(1)


def test_principal_axes_are_a_frame(clouds):
    """Axes are right-handed; coordinates along them are uncorrelated, with growing variance."""
    frames = CloudFrames.along(clouds, 'principal', generator())
    assert torch.linalg.det(frames.rotation).allclose(torch.ones(2).double())
    seen = frames.seen(clouds)
    covariance = seen.mT @ seen / 400
    spread = covariance.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(covariance, torch.diag_embed(spread), atol=1e-12, rtol=0)
    assert (spread.diff(dim=1) > 0).all()


def test_turned_clouds_look_the_same(clouds):
    """In its principal frame a rotated cloud is the same as before, except for signs."""
    turn = roma.rotvec_to_rotmat(random_grasps(2).joints[:, :3])
    before = CloudFrames.along(clouds, 'principal', generator()).seen(clouds)
    turned = clouds @ turn.mT + 1.0
    after = CloudFrames.along(turned, 'principal', generator()).seen(turned)
    torch.testing.assert_close(after.abs(), before.abs(), atol=1e-9, rtol=0)


def test_all_four_frames_are_met(clouds):
    """The signs of the axes are random."""
    frames = CloudFrames.along(clouds[:1].expand(100, -1, -1), 'principal', generator())
    signs = (frames.rotation[:, :, :2] * frames.rotation[:1, :, :2]).sum(1).sign()
    assert len({tuple(each) for each in signs.tolist()}) == 4


def test_every_frame_is_there_once(clouds):
    """There are four different right-handed frames along the axes; only one for 'given'."""
    frames = CloudFrames.every(clouds[0], 'principal')
    assert torch.linalg.det(frames.rotation).allclose(torch.ones(4).double())
    relative = frames.rotation[:1].mT @ frames.rotation
    signs = relative.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(signs.abs(), torch.ones(4, 3).double())
    assert len({tuple(each) for each in signs.sign().tolist()}) == 4
    assert len(CloudFrames.every(clouds[0], 'given').centre) == 1


@pytest.mark.parametrize('kind', ['given', 'principal'])
def test_grasps_go_with_their_clouds(clouds, kind):
    """The round trip is the identity; points of hand and cloud transform in the same way."""
    frames = CloudFrames.along(clouds, kind, generator())
    cloud = torch.tensor([1, 0, 1])
    grasps = random_grasps(3)
    seen = frames.grasps_seen(grasps, cloud)
    back = frames.grasps_given(seen, cloud)
    for name, value in vars(grasps).items():
        torch.testing.assert_close(getattr(back, name), value)
    tip = torch.tensor([0.01, -0.02, 0.1], dtype=torch.float64)

    def placed(batch: GraspBatch) -> torch.Tensor:
        return batch.rotation @ tip + batch.translation

    for index, each in enumerate(cloud.tolist()):
        expected = (placed(grasps)[index] - frames.centre[each]) @ frames.rotation[each]
        torch.testing.assert_close(placed(seen)[index], expected)

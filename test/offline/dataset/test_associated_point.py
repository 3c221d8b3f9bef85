# SPDX-License-Identifier: Apache-2.0
"""The associated point of a grasp: on the ray from the palm between thumb and middle finger."""

from hands import geometry, random_grasps
import roma
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.offline.dataset.associated_point import (
    associated_points,
    nearest_to_rays,
    palm_rays,
)

KINEMATICS = geometry().kinematics


def test_the_near_side_of_an_object_wins():
    """The first point on the ray wins over points farther along, off the ray, or behind it."""
    origin, direction = torch.zeros(1, 3), torch.tensor([[0.0, 0.0, 1.0]])
    cloud = torch.tensor([[0, 0, 0.09], [0, 0, 0.05], [0.02, 0, 0.04], [0, 0, -0.06]])
    assert nearest_to_rays(origin, direction, cloud).item() == 1
    assert nearest_to_rays(origin, direction, cloud[2:]).item() == 0


def test_rays_pass_between_the_fingertips():
    """Rays start in the palm and pass midway between the tips of thumb and middle finger."""
    grasps = random_grasps(20)
    origin, direction = palm_rays(KINEMATICS, grasps)
    poses, names = KINEMATICS(grasps), KINEMATICS.description.link_names
    tips = torch.stack([
        poses.position[:, names.index(link)] + poses.rotation[:, names.index(link), :, 2] * length
        for link, length in (('rh_thdistal', 0.0275), ('rh_mfdistal', 0.026))])
    offset = tips.mean(0) - origin
    beside = offset - (offset * direction).sum(1, keepdim=True) * direction
    assert beside.norm(dim=1).max() < 1e-9
    local = (grasps.rotation.mT @ (origin - grasps.translation)[:, :, None]).squeeze(2)
    torch.testing.assert_close(local, local[:1].expand_as(local))


def test_points_go_with_the_scene():
    """Rotating and moving hand and cloud together changes nothing."""
    grasps = random_grasps(30)
    cloud = 0.1 * torch.randn(500, 3, generator=torch.Generator().manual_seed(1)).double()
    turn = roma.rotvec_to_rotmat(torch.tensor([0.3, -1.2, 0.4], dtype=torch.float64))
    shift = torch.tensor([0.1, 0.2, -0.3], dtype=torch.float64)
    moved = GraspBatch(
        grasps.translation @ turn.T + shift, turn @ grasps.rotation, grasps.joints)
    points = associated_points(KINEMATICS, grasps, cloud)
    assert torch.equal(associated_points(KINEMATICS, moved, cloud @ turn.T + shift), points)
    assert len(points.unique()) > 5

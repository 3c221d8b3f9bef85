# SPDX-License-Identifier: Apache-2.0
"""A network's proposals are about reachable points, valid, and determined by the seed."""

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.checkpoint import Checkpoint
from dexlite_ros.network.grasp_network import GraspNetwork, NetworkConfig
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.network_proposer import NetworkProposer
from dexlite_ros.proposal.reachable_points import reachable
from dexlite_ros.surface_points import spread_points

KINEMATICS = HandKinematics(SHADOW_RIGHT)


def surface(mesh: trimesh.Trimesh) -> ObjectSurface:
    """Return the surface of a mesh, as used by the planner."""
    return ObjectSurface(np.asarray(mesh.vertices), np.asarray(mesh.faces), 1.0, 'mesh')


@pytest.fixture(scope='module')
def proposer() -> NetworkProposer:
    """Return a proposer with an untrained network."""
    torch.manual_seed(0)
    network = GraspNetwork(
        SHADOW_RIGHT, NetworkConfig(channels=(16, 32), latent=8, num_points=128)).eval()
    return NetworkProposer(
        KINEMATICS, Checkpoint(network, 'untrained', '0' * 64, {}), torch.device('cpu'))


BOX_MESH = trimesh.creation.box((0.03, 0.05, 0.12))
BOX = surface(BOX_MESH)


def test_every_side_is_asked_for(proposer):
    """The first points lie on all six faces of a box, more of them on larger faces."""
    points, normals = spread_points(BOX_MESH, 128, 0)
    faces = np.abs(np.abs(points) - [0.015, 0.025, 0.06]).argmin(1) * 2 + (
        points[np.arange(128), np.abs(np.abs(points) - [0.015, 0.025, 0.06]).argmin(1)] > 0)
    counts = np.bincount(faces[:64], minlength=6)
    assert (counts > 0).all() and counts[:2].sum() > counts[4:].sum()
    assert ((points * normals).sum(1) > 0).all()


def test_the_inside_of_a_cup_is_not_reachable():
    """A palm has no room there, whereas a box is reachable from all sides."""
    outer = trimesh.creation.cylinder(0.03, 0.08)
    cup = outer.difference(trimesh.creation.cylinder(
        0.026, 0.08, transform=trimesh.transformations.translation_matrix((0, 0, 0.004))))
    points, normals = spread_points(cup, 256, 0)
    found = reachable(cup, points, normals)
    inside = (np.hypot(*points.T[:2]) < 0.0265) & (points[:, 2] < 0.03) & (points[:, 2] > -0.035)
    wall = inside & (np.abs(normals[:, 2]) < 0.5)
    assert wall.sum() > 20 and not wall[found].any()
    assert len(found) > 100
    assert len(reachable(BOX_MESH, *spread_points(BOX_MESH, 128, 0))) == 128


def test_proposals_are_legal_and_come_from_the_seed(proposer):
    """Joints and rotations are valid; the same seed gives the same grasps."""
    first, second, other = (
        proposer.propose(BOX, 50, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first.to_vector(), second.to_vector())
    assert not torch.equal(first.to_vector(), other.to_vector())
    assert (KINEMATICS.limit_margin(first.joints) >= -1e-6).all()
    pairs = torch.tensor(SHADOW_RIGHT.coupled_indices)
    torch.testing.assert_close(first.joints[:, pairs[:, 0]], first.joints[:, pairs[:, 1]])
    torch.testing.assert_close(
        first.rotation @ first.rotation.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5, rtol=0)


def test_proposals_are_about_their_points(proposer):
    """Because the points are spread over the object, so are the hands."""
    grasps = proposer.propose(BOX, 128, torch.Generator().manual_seed(0))
    spread = grasps.translation.std(0)
    assert spread[2] > 1.5 * spread[0]


def test_more_grasps_than_points(proposer):
    """Points are reused with other latent codes."""
    grasps = proposer.propose(BOX, 300, torch.Generator().manual_seed(0))
    assert len(grasps) == 300 and len(grasps.to_vector().unique(dim=0)) == 300

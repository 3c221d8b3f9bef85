# SPDX-License-Identifier: Apache-2.0
"""Rare places get more grasps, and moved grasps keep their pose relative to the surface."""

from dataclasses import replace

from hands import random_grasps
import numpy as np
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.checkpoint import Checkpoint
from dexlite_ros.network.grasp_network import GraspNetwork, NetworkConfig
from dexlite_ros.offline.dataset.associated_point import associated_points
from dexlite_ros.offline.dataset.coverage import choose_balanced, local_counts, NEIGHBOURHOOD
from dexlite_ros.offline.generation.expansion import (
    ExpansionProposer,
    ExpansionSettings,
    Parents,
)
from dexlite_ros.offline.generation.network_expansion import NetworkExpansion
from dexlite_ros.offline.objects.procedural.families import make_shape

KINEMATICS = HandKinematics(SHADOW_RIGHT)
STILL = {'position_noise': 0.0, 'rotation_noise': 0.0, 'joint_noise': 0.0}


def test_counts_are_of_neighbourhoods():
    """A grasp counts for all points within the radius and for no others."""
    line = np.column_stack([np.arange(50) * 0.002, np.zeros((50, 2))])
    counts = local_counts(line, np.array([10, 10, 40]))
    near = np.abs(line[:, 0] - line[10, 0]) <= NEIGHBOURHOOD + 1e-9
    np.testing.assert_array_equal(counts[:25], 2 * near[:25])
    assert local_counts(line, np.zeros(0, int)).sum() == 0


def test_choices_balance_places():
    """Ten candidates beside ninety at another place get twice their share of the choices."""
    places = np.repeat([[0.0, 0, 0], [1.0, 0, 0]], [90, 10], axis=0)
    first = np.array([
        choose_balanced(places, np.zeros(100), 12, np.random.default_rng(seed))[0]
        for seed in range(50)])
    assert 0.18 < (first >= 90).mean() < 0.3
    chosen, counts = choose_balanced(places, np.zeros(100), 200, np.random.default_rng(0))
    assert sorted(chosen) == list(range(100))
    # Each count is the number chosen earlier at the same place.
    seen = [np.arange((chosen >= 90).sum()), np.arange((chosen < 90).sum())]
    np.testing.assert_array_equal(counts[chosen >= 90], seen[0])
    np.testing.assert_array_equal(counts[chosen < 90], seen[1])


def test_known_grasps_count():
    """A place that already has many grasps is rarely chosen."""
    places = np.repeat([[0.0, 0, 0], [1.0, 0, 0]], 50, axis=0)
    known = np.repeat([99, 0], 50)
    chosen = np.concatenate([
        choose_balanced(places, known, 5, np.random.default_rng(seed))[0] for seed in range(40)])
    assert (chosen >= 50).mean() > 0.93


def _parents(cloud: np.ndarray, normals: np.ndarray) -> Parents:
    grasps = random_grasps(6).to(torch.float32)
    points = associated_points(KINEMATICS, grasps, torch.from_numpy(cloud)).numpy()
    return Parents(
        'test', cloud, normals, tuple('abcdef'), grasps, points, local_counts(cloud, points))


def test_staying_changes_nothing():
    """Without reach and noise, every proposal equals its parent in the frame of the surface."""
    mesh = make_shape('can', 0).mesh
    cloud, faces = trimesh.sample.sample_surface(mesh, 300, seed=0)
    parents = _parents(np.asarray(cloud), mesh.face_normals[faces])
    offset = np.array([0.1, 0.0, 0.0])
    proposer = ExpansionProposer(
        KINEMATICS, parents, offset, ExpansionSettings(reach=1e-9, **STILL))
    proposed = proposer.propose(None, 40, torch.Generator().manual_seed(0))
    origin = parents.grasps[torch.from_numpy(proposer.parent)]
    torch.testing.assert_close(
        proposed.translation + torch.from_numpy(offset).float(), origin.translation,
        atol=1e-6, rtol=0)
    torch.testing.assert_close(proposed.rotation, origin.rotation, atol=1e-6, rtol=0)
    assert set(proposer.parent) == set(range(6))


def test_carrying_keeps_the_hand_over_the_surface():
    """On a ball, the pose relative to point and normal is the same as that of the parent."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.04)
    cloud = np.asarray(ball.vertices)
    parents = _parents(cloud, cloud / 0.04)
    proposer = ExpansionProposer(
        KINEMATICS, parents, np.zeros(3), ExpansionSettings(reach=0.2, **STILL))
    proposed = proposer.propose(None, 60, torch.Generator().manual_seed(0)).to(torch.float64)
    origin = parents.grasps[torch.from_numpy(proposer.parent)].to(torch.float64)
    # Where the palm sees the centre of the ball.
    seen = [-(each.rotation.mT @ each.translation[:, :, None]) for each in (proposed, origin)]
    torch.testing.assert_close(*seen, atol=1e-5, rtol=0)
    assert (proposed.translation - origin.translation).norm(dim=1).max() > 0.02


def _checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    network = GraspNetwork(
        SHADOW_RIGHT, NetworkConfig(channels=(16, 32), latent=8)).eval()
    return Checkpoint(network, 'untrained', '0' * 64, {})


def test_the_network_expands_too():
    """Legal grasps of every parent, by seed; children of one parent differ."""
    mesh = make_shape('can', 0).mesh
    cloud, faces = trimesh.sample.sample_surface(mesh, 300, seed=0)
    parents = _parents(np.asarray(cloud), mesh.face_normals[faces])
    proposer = NetworkExpansion(
        KINEMATICS, parents, np.array([0.1, 0.0, 0.0]), _checkpoint(), torch.device('cpu'))
    first, second = (
        proposer.propose(None, 60, torch.Generator().manual_seed(0)).to_vector() for _ in 'ab')
    assert torch.equal(first, second) and len(first.unique(dim=0)) == 60
    assert set(proposer.parent) == set(range(6))
    assert (KINEMATICS.limit_margin(first[:, 6:]) >= -1e-6).all()


def test_a_network_decodes_about_the_point_it_is_given():
    """Hands of an untrained network are near the requested points, where they are anchored."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.1)
    cloud = np.asarray(ball.vertices)
    parents = _parents(cloud, cloud / 0.1)
    offset = np.array([0.1, 0.0, 0.0])
    proposer = NetworkExpansion(
        KINEMATICS, parents, offset, _checkpoint(), torch.device('cpu'),
        ExpansionSettings(reach=1e-9))
    proposed = proposer.propose(None, 60, torch.Generator().manual_seed(0))
    places = cloud[parents.points[proposer.parent]] - offset
    assert np.linalg.norm(proposed.translation.numpy() - places, axis=1).max() < 0.08


def test_expansion_prefers_what_is_rare():
    """Destinations lie where few grasps are known."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.04)
    cloud = np.asarray(ball.vertices)
    parents = _parents(cloud, cloud / 0.04)
    crowded = replace(parents, counts=np.where(cloud[:, 0] > 0, 1000, 0))
    proposer = ExpansionProposer(
        KINEMATICS, crowded, np.zeros(3), ExpansionSettings(reach=0.2, **STILL))
    proposed = proposer.propose(None, 100, torch.Generator().manual_seed(0))
    origin = crowded.grasps[torch.from_numpy(proposer.parent)]
    local = origin.rotation.mT @ (
        torch.from_numpy(cloud[crowded.points[proposer.parent]]).float()
        - origin.translation)[:, :, None]
    places = proposed.translation + (proposed.rotation @ local).squeeze(2)
    assert (places[:, 0] <= 1e-6).float().mean() > 0.95

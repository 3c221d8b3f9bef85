# SPDX-License-Identifier: Apache-2.0
"""Contact figures agree with known poses."""

import numpy as np
import pytest
import roma
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.physics.contact_figures import (
    contact_figures,
    diversity,
    link_distances,
    spread,
)
from dexlite_ros.offline.physics.simulation import GraspScene


@pytest.fixture(scope='module')
def scene() -> GraspScene:
    """Return a hand and a ball of 3 cm radius."""
    return GraspScene(SHADOW_RIGHT, convex_pieces(trimesh.creation.icosphere(4, 0.03)))


def palm_above(height: float) -> GraspBatch:
    """Return an open hand whose palm link is above the ball, looking down."""
    rotation = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
    return GraspBatch(torch.tensor([[0.0, -0.05, height]]), rotation, torch.zeros(1, 22))


def test_distances_follow_the_hand(scene):
    """Raised by 3 mm, the palm is 3 mm farther from the ball; far away all is at the cap."""
    low = 0.043
    scene.pose(palm_above(low), 0)
    first = link_distances(scene)['rh_palm']
    scene.pose(palm_above(low + 0.003), 0)
    assert link_distances(scene)['rh_palm'] - first == pytest.approx(0.003, abs=3e-4)
    scene.pose(palm_above(0.2), 0)
    assert set(link_distances(scene).values()) == {0.01}


def test_figures(scene):
    """In the air nothing touches; sunk by a known depth, that depth is the penetration."""
    air = contact_figures(scene, palm_above(0.2), 0)
    assert (air.penetration, air.links_in_contact, air.finger_spread) == (0, 0, 0)
    assert air.finger_distance == pytest.approx(0.01)
    scene.pose(palm_above(0.045), 0)
    gap = link_distances(scene)['rh_palm']
    sunk = contact_figures(scene, palm_above(0.045 - gap - 0.001), 0)
    assert sunk.penetration == pytest.approx(0.001, abs=3e-4)
    assert sunk.links_in_contact >= 1


def test_diversity():
    """Grasps along one line have one component; independent ones spread over all 28."""
    eye = torch.eye(3).expand(200, 3, 3)
    line = torch.linspace(0, 1, 200)[:, None]
    assert diversity(GraspBatch(line * torch.ones(3), eye, torch.zeros(200, 22))) == (
        pytest.approx(1.0))
    generator = torch.Generator().manual_seed(0)
    spread = GraspBatch(
        torch.randn(200, 3, generator=generator), eye,
        torch.randn(200, 22, generator=generator))
    assert 5 / 25 < diversity(spread) < 0.5
    assert np.isnan(diversity(spread[[0]]))


def test_spread():
    """Two palms have the given distance, angle and posture difference; one grasp gives NaN."""
    turn = roma.rotvec_to_rotmat(torch.tensor([[0.0, 0, 0], [0, 0, 0.5]]))
    pair = GraspBatch(
        torch.tensor([[0.0, 0, 0], [0.03, 0, 0.04]]), turn,
        torch.tensor([0.0, 0.2])[:, None].expand(2, 22))
    found = spread(pair)
    assert found['palm_distance'] == pytest.approx(0.05)
    assert found['palm_angle'] == pytest.approx(0.5) and found['joint_distance'] == (
        pytest.approx(0.2))
    assert all(np.isnan(value) for value in spread(pair[[0]]).values())

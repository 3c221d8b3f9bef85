# SPDX-License-Identifier: Apache-2.0
"""Fingers that a pattern does not use keep clear of the object."""

from fields import ball_field
import pytest
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.planner_settings import CLEAR
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.idle_fingers import (
    clear_idle_fingers,
    idle_fingers,
    MARGIN,
)
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import hand_details, Refinement, RefinementSettings, Round

KINEMATICS = HandKinematics(SHADOW_RIGHT)
DETAILS = hand_details(KINEMATICS)
RADIUS = 0.03


def gaps(grasps, links):
    """Return the distances (B, P) of some links to the ball [m]."""
    geometry = DETAILS['fine']
    hand = geometry(grasps)
    own = torch.tensor([name in links for name in SHADOW_RIGHT.link_names])[geometry.point_link]
    return (hand.points.norm(dim=2) - RADIUS - geometry.point_radius)[:, own]


def test_a_hand_has_its_fingers():
    """Five of the Shadow Hand, the thumb among them; a tripod leaves two idle, tips none."""
    assert [len(each) for each in SHADOW_RIGHT.fingers] == [4, 4, 4, 5, 5]
    assert [each[0] for each in idle_fingers(SHADOW_RIGHT, 'tripod')] == [
        'rh_rfknuckle', 'rh_lfmetacarpal']
    assert len(idle_fingers(SHADOW_RIGHT, 'pinch')) == 3
    assert not idle_fingers(SHADOW_RIGHT, 'tips')


@pytest.mark.parametrize('pattern', ['pinch', 'tripod', 'lateral'])
def test_an_idle_finger_keeps_clear(pattern):
    """Of refined grasps on a ball all idle fingers are clear, and the others touch."""
    ball = trimesh.creation.icosphere(radius=RADIUS)
    starts = hull_starts(KINEMATICS, ball.vertices, 24, torch.Generator().manual_seed(0))
    settings = RefinementSettings(
        (Round(OptimizerSettings(iterations=60, energy=CLEAR), 8.0),), {pattern: 1.0})
    found = Refinement(DETAILS, ball_field(RADIUS), settings).run(
        starts, 1, generator=torch.Generator().manual_seed(1)).grasps
    idle = sum(idle_fingers(SHADOW_RIGHT, pattern), ())
    assert len(found) == 8
    assert (gaps(found, idle).amin(1) > MARGIN - 0.001).float().mean() >= 0.75
    touching = gaps(found, SHADOW_RIGHT.contact_patterns[pattern]).amin(1)
    assert touching.median() < 0.004


def test_only_idle_fingers_move_and_only_as_far_as_they_must():
    """A finger that is clear already stays; those of the pattern stay always."""
    ball = trimesh.creation.icosphere(radius=RADIUS)
    starts = hull_starts(KINEMATICS, ball.vertices, 40, torch.Generator().manual_seed(2))
    energy = GraspEnergy(DETAILS['fine'], ball_field(RADIUS), CLEAR)
    moved = clear_idle_fingers(starts, 'tripod', energy)
    changed = (moved.joints - starts.joints).abs()
    names = [link.name for link, _ in SHADOW_RIGHT.moving_links]
    for links in SHADOW_RIGHT.fingers:
        own = changed[:, [names.index(name) for name in links if name in names]].amax(1)
        if links not in idle_fingers(SHADOW_RIGHT, 'tripod'):
            assert (own == 0).all()
        else:
            clear = gaps(starts, links).amin(1) > MARGIN + 0.001
            assert clear.any() and (own[clear] == 0).all()
            assert (own[~clear] > 0).any()
    assert torch.equal(moved.translation, starts.translation)

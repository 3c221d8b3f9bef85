# SPDX-License-Identifier: Apache-2.0
"""Starts about opposite points: thumb and fingers on either side of what is thin."""

from hands import geometry
import numpy as np
import torch
import trimesh

from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.opposite_proposer import OppositeProposer, OppositeSettings

KINEMATICS = geometry().kinematics
HAND = KINEMATICS.description


def starts(mesh: trimesh.Trimesh, count: int = 100, seed: int = 0):
    """Return starts on a mesh."""
    surface = ObjectSurface(np.asarray(mesh.vertices), mesh.faces, 1.0, 'mesh')
    return OppositeProposer(KINEMATICS).propose(
        surface, count, torch.Generator().manual_seed(seed))


def test_fingers_point_across_the_thin_side_of_a_plate():
    """Along it or against it, as thumb and fingers may change sides."""
    grasps = starts(trimesh.creation.box((0.12, 0.2, 0.01)))
    fingers = grasps.rotation @ torch.tensor(HAND.finger_direction)
    assert (fingers[:, 2].abs() > 0.8).float().mean() > 0.9
    assert (fingers[:, 2] > 0).any() and (fingers[:, 2] < 0).any()


def test_the_hand_closes_around_the_pair():
    """Its grasp centre is within a few centimetres of the plate, most palms turned to it."""
    grasps = starts(trimesh.creation.box((0.12, 0.2, 0.01)))
    centre = grasps.translation + grasps.rotation @ torch.tensor(HAND.grasp_centre)
    farthest = OppositeSettings().farthest
    assert (centre.abs() <= torch.tensor([0.06, 0.1, 0.005]) + farthest + 1e-6).all()
    palm = grasps.rotation @ torch.tensor(HAND.palmar_direction)
    inwards = -torch.nn.functional.normalize(centre, dim=1)
    assert (palm * inwards).sum(1).mean() > 0.2


def test_there_are_as_many_as_is_thin():
    """None on a large ball, all on a plate, fewer on a ball with a stick."""
    ball = trimesh.creation.icosphere(3, 0.08)
    stick = trimesh.creation.cylinder(0.01, 0.3).apply_translation((0.0, 0.0, 0.15))
    assert len(starts(ball)) == 0
    assert 5 < len(starts(trimesh.util.concatenate([ball, stick]))) < 50
    assert len(starts(trimesh.creation.box((0.12, 0.2, 0.01)))) > 80


def test_starts_are_legal_and_reproducible():
    """Joints are within limits, rotations proper, and the seed decides."""
    plate = trimesh.creation.box((0.12, 0.2, 0.01))
    grasps, again = starts(plate), starts(plate)
    assert torch.equal(grasps.to_vector(), again.to_vector())
    assert (grasps.joints >= KINEMATICS.lower).all() and (grasps.joints <= KINEMATICS.upper).all()
    torch.testing.assert_close(
        torch.linalg.det(grasps.rotation), torch.ones(len(grasps)), rtol=0, atol=1e-5)

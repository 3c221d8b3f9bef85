# SPDX-License-Identifier: Apache-2.0
"""Starts surround the object, face it, and depend only on their seed."""

from hands import geometry
import torch
import trimesh

from dexlite_ros.proposal.hull_proposer import hull_starts

KINEMATICS = geometry().kinematics
BOX = trimesh.creation.box(extents=(0.05, 0.08, 0.12))


def starts(count: int = 200, seed: int = 0):
    """Return starts around a box."""
    return hull_starts(KINEMATICS, BOX.vertices, count, torch.Generator().manual_seed(seed))


def test_palms_look_at_the_object():
    """All palms face inwards, most of them within 45 degrees."""
    grasps = starts()
    hand = KINEMATICS.description
    palm = grasps.rotation @ torch.tensor(hand.palmar_direction)
    centre = grasps.translation + grasps.rotation @ torch.tensor(hand.grasp_centre)
    inwards = -torch.nn.functional.normalize(centre, dim=1)
    cosine = (palm * inwards).sum(1)
    assert (cosine > 0).all() and (cosine > 0.7).float().mean() > 0.8


def test_hands_start_outside_and_near():
    """The grasp centre is 2 to 5 cm off the hull, and starts come from all sides."""
    grasps = starts()
    centre = grasps.translation + grasps.rotation @ torch.tensor(
        KINEMATICS.description.grasp_centre)
    outside = (centre.abs() - torch.tensor(BOX.extents / 2)).clamp(min=0).norm(dim=1)
    assert (outside > 0.01).all() and (outside < 0.051).all()
    assert (centre.amin(0) < -0.03).all() and (centre.amax(0) > 0.03).all()


def test_starts_are_legal_and_reproducible():
    """Rotations and joints are valid; the same seed gives the same starts, another seed others."""
    grasps = starts()
    eye = torch.eye(3).expand(200, 3, 3)
    torch.testing.assert_close(grasps.rotation @ grasps.rotation.mT, eye, rtol=0, atol=1e-5)
    assert (grasps.joints >= KINEMATICS.lower - 1e-6).all()
    assert (grasps.joints <= KINEMATICS.upper + 1e-6).all()
    assert torch.equal(starts().translation, grasps.translation)
    assert not torch.equal(starts(seed=1).translation, grasps.translation)

# SPDX-License-Identifier: Apache-2.0
"""Grasps keep their values in every representation."""

from dataclasses import replace

from hands import random_grasps
import torch

from dexlite_ros.grasp import GraspBatch


def test_vector_round_trip():
    """The vector of 28 numbers gives the same grasp, including the rotation."""
    grasps = random_grasps(50)
    vector = grasps.to_vector()
    again = GraspBatch.from_vector(vector)
    assert vector.shape == (50, 28)
    for name, value in vars(grasps).items():
        torch.testing.assert_close(getattr(again, name), value)


def test_vector_rotation_is_extrinsic_xyz():
    """Angles (a, b, c) mean Rz(c) Ry(b) Rx(a), as DexGraspNet stores them."""
    angles = torch.tensor([0.3, -0.5, 1.1], dtype=torch.float64)
    vector = torch.zeros(1, 28, dtype=torch.float64)
    vector[0, 3:6] = angles

    def turn(axis, angle):
        c, s = torch.cos(angle), torch.sin(angle)
        matrix = torch.eye(3, dtype=torch.float64)
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        matrix[i, i] = matrix[j, j] = c
        matrix[i, j], matrix[j, i] = -s, s
        return matrix

    expected = turn(2, angles[2]) @ turn(1, angles[1]) @ turn(0, angles[0])
    torch.testing.assert_close(GraspBatch.from_vector(vector).rotation[0], expected)


def test_quaternion_round_trip_and_order():
    """Quaternions are x, y, z, w with w >= 0, and give the same rotation."""
    grasps = random_grasps(50)
    quat = grasps.quat_xyzw()
    assert (quat[:, 3] >= 0).all()
    again = GraspBatch.from_quat_xyzw(grasps.translation, quat, grasps.joints)
    torch.testing.assert_close(again.rotation, grasps.rotation)
    half_turn_about_x = GraspBatch.from_quat_xyzw(
        torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0, 0.0]]), torch.zeros(1, 22))
    torch.testing.assert_close(
        half_turn_about_x.rotation[0], torch.diag(torch.tensor([1.0, -1.0, -1.0])))


def test_transforms_move_every_point_of_the_hand():
    """Points fixed to the palm are transformed too; the inverse restores the grasps."""
    grasps, turn = random_grasps(20), random_grasps(20, seed=1)
    local = torch.randn(20, 3, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def point(batch: GraspBatch) -> torch.Tensor:
        return (batch.rotation @ local)[..., 0] + batch.translation

    there = grasps.transformed(turn.rotation, turn.translation)
    expected = (turn.rotation @ point(grasps)[..., None])[..., 0] + turn.translation
    torch.testing.assert_close(point(there), expected)
    back = replace(there, translation=there.translation - turn.translation).transformed(
        turn.rotation.mT)
    torch.testing.assert_close(back.to_vector(), grasps.to_vector())
    one = grasps.transformed(turn.rotation[0], turn.translation[0])
    torch.testing.assert_close(one.translation[0], there.translation[0])


def test_perturbed_wrists_turn_about_themselves():
    """The palm's origin moves by the shift alone, whatever the rotation."""
    grasps, change = random_grasps(20), random_grasps(20, seed=1)
    moved = grasps.perturbed(change.translation, change.rotation)
    torch.testing.assert_close(moved.translation - grasps.translation, change.translation)
    torch.testing.assert_close(moved.rotation @ grasps.rotation.mT, change.rotation)


def test_where_chooses_grasp_by_grasp():
    """Each grasp is taken as a whole from one of the two batches."""
    first, second = random_grasps(4), random_grasps(4, seed=1)
    mask = torch.tensor([True, False, False, True])
    chosen = first.where(mask, second).to_vector()
    assert torch.equal(chosen[mask], first.to_vector()[mask])
    assert torch.equal(chosen[~mask], second.to_vector()[~mask])


def test_rows_are_replaced_and_those_that_are_no_numbers_found():
    """Only the rows of the index change; one number that is none spoils its row alone."""
    batch = GraspBatch(torch.zeros(3, 3), torch.eye(3).repeat(3, 1, 1), torch.zeros(3, 2))
    for name in ('translation', 'rotation', 'joints'):
        bad = torch.full_like(getattr(batch, name)[[1]], torch.nan)
        spoilt = batch.with_rows(torch.tensor([1]), replace(batch[[1]], **{name: bad}))
        assert spoilt.isfinite().tolist() == [True, False, True]
    assert batch.isfinite().all()

# SPDX-License-Identifier: Apache-2.0
"""Conversions of rotations, against those of roma."""

import pytest
import roma
import torch

from dexlite_ros import rotations

GENERATOR = torch.Generator().manual_seed(0)
ROTATIONS = roma.random_rotmat((4, 50), dtype=torch.float64, generator=GENERATOR)
HALF_TURNS = torch.diag_embed(torch.tensor(
    [[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]], dtype=torch.float64))


@pytest.mark.parametrize('matrices', [ROTATIONS, HALF_TURNS])
def test_quaternions_are_those_of_roma_and_return(matrices):
    """There and back, also for half turns and the identity."""
    quat = rotations.rotmat_to_unitquat(matrices)
    torch.testing.assert_close(quat, roma.rotmat_to_unitquat(matrices))
    torch.testing.assert_close(rotations.unitquat_to_rotmat(quat), matrices)


@pytest.mark.parametrize('size', [0.0, 1e-9, 1e-3, 1.0, 3.1])
def test_rotation_vectors_are_those_of_roma_with_their_gradient(size):
    """From no rotation to nearly a half turn."""
    vector = size * torch.randn(2, 20, 3, dtype=torch.float64, generator=GENERATOR)
    vector.requires_grad_()
    weight = torch.randn(2, 20, 3, 3, dtype=torch.float64, generator=GENERATOR)
    results = []
    for convert in (rotations.rotvec_to_rotmat, roma.rotvec_to_rotmat):
        matrix = convert(vector)
        results.append((matrix, *torch.autograd.grad((weight * matrix).sum(), vector)))
    torch.testing.assert_close(*results)


def test_gramschmidt_is_that_of_roma():
    """Two columns determine a rotation."""
    columns = torch.randn(30, 3, 2, generator=GENERATOR)
    torch.testing.assert_close(
        rotations.special_gramschmidt(columns), roma.special_gramschmidt(columns))

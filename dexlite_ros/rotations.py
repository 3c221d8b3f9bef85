# SPDX-License-Identifier: Apache-2.0
"""
Conversions of rotations that every plan needs, batched and differentiable.

They are those of roma, under its names. roma itself, which has many more, loads torch's compiler
with it, and that takes as long as torch.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SMALL = 1e-6
"""Angle below which a rotation is linear in its vector [rad]."""


def rotvec_to_rotmat(rotvec: Tensor) -> Tensor:
    """Return the matrices (..., 3, 3) of rotation vectors (..., 3) [rad]."""
    angle = rotvec.norm(dim=-1, keepdim=True)
    # Clamped, because a NaN in the branch that is not taken would still spoil the gradient.
    sine, versine = angle.sin(), 1 - angle.cos()
    axis = rotvec / angle.clamp(min=_SMALL)
    x, y, z = torch.where(angle < _SMALL, rotvec, sine * axis).unbind(-1)
    bent = torch.where(angle < _SMALL, 0.0, versine)[..., None] * (
        axis[..., :, None] * axis[..., None, :])
    zero = torch.zeros_like(x)
    linear = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    trace = bent.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    eye = torch.eye(3, dtype=rotvec.dtype, device=rotvec.device)
    rotation: Tensor = eye * (1 - trace) + bent + linear
    return rotation


def unitquat_to_rotmat(quat: Tensor) -> Tensor:
    """Return the matrices (..., 3, 3) of unit quaternions (..., 4), w last."""
    x, y, z, w = quat.unbind(-1)
    rotation: Tensor = torch.stack([
        x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), y * y - x * x - z * z + w * w, 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), z * z - x * x - y * y + w * w,
    ], -1).unflatten(-1, (3, 3))
    return rotation


def rotmat_to_unitquat(rotation: Tensor) -> Tensor:
    """
    Return unit quaternions (..., 4), w last, of matrices (..., 3, 3).

    Of four multiples of the quaternion, the longest is normalised (Markley 2008).
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in rotation.unbind(-2))
    multiples = torch.stack([
        1 + xx - yy - zz, xy + yx, xz + zx, zy - yz,
        xy + yx, 1 + yy - zz - xx, yz + zy, xz - zx,
        xz + zx, yz + zy, 1 + zz - xx - yy, yx - xy,
        zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz,
    ], -1).unflatten(-1, (4, 4))
    longest = multiples.diagonal(dim1=-2, dim2=-1).argmax(-1)[..., None, None]
    multiple: Tensor = multiples.take_along_dim(longest, -2).squeeze(-2)
    quat: Tensor = multiple / multiple.norm(dim=-1, keepdim=True)
    return quat


def special_gramschmidt(columns: Tensor) -> Tensor:
    """Return rotations (..., 3, 3) from their first two columns (..., 3, 2), made orthonormal."""
    first, second = columns.unbind(-1)
    first = first / first.norm(dim=-1, keepdim=True)
    second = second - (first * second).sum(-1, keepdim=True) * first
    second = second / second.norm(dim=-1, keepdim=True)
    return torch.stack([first, second, torch.linalg.cross(first, second)], -1)

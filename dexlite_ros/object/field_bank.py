# SPDX-License-Identifier: Apache-2.0
"""
Distance fields of many objects at once, for batches in which each grasp has its own object.

Used in training, where a batch has grasps on many objects. Letters: N objects, B grasps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn, Tensor

from dexlite_ros.object.distance_field import DistanceField


class FieldBank(nn.Module):
    """The grids of N distance fields, concatenated."""

    values: Tensor
    slopes: Tensor
    start: Tensor
    shape: Tensor
    spacing: Tensor
    origin: Tensor
    centre_of_mass: Tensor

    def __init__(self, fields: Sequence[DistanceField]) -> None:
        """
        Concatenate fields.

        :raises ValueError: if they have too many nodes for a 32-bit index
        """
        super().__init__()
        sizes = torch.tensor([field.values.numel() for field in fields])
        if sizes.sum() >= 2**31:
            raise ValueError(f'{int(sizes.sum())} nodes are too many for one bank of fields')
        tables = {
            'values': torch.cat([field.values for field in fields]),
            'slopes': torch.cat([field.slopes for field in fields]),
            'start': (sizes.cumsum(0) - sizes).int(),
            'shape': torch.tensor([field.shape for field in fields]).int(),
            'spacing': torch.tensor([float(field.spacing) for field in fields]),
            'origin': torch.stack([field.origin for field in fields]),
            'centre_of_mass': torch.stack([field.centre_of_mass for field in fields]),
        }
        for name, table in tables.items():
            self.register_buffer(name, table, persistent=False)

    def of(self, objects: Tensor, scale: Tensor) -> DistanceField:
        """
        Return a field in which each of B grasps has its own object, at its own scale.

        :param objects: (B,) indices of the objects
        :param scale: (B,) scale factor of each object relative to the bank's field
        """
        return _FieldOfEach(self, objects, scale)


class _FieldOfEach(DistanceField):
    """Evaluates points (..., B, P, 3), where row b queries the grid of its own object."""

    one_for_all = False

    def __init__(self, bank: FieldBank, objects: Tensor, scale: Tensor) -> None:
        nn.Module.__init__(self)  # The grids belong to the bank.
        self.values, self.slopes = bank.values, bank.slopes
        self._scale = scale[:, None]
        self._start = bank.start[objects][:, None]
        size_x, size_y, size_z = bank.shape[objects].T[..., None]  # (B, 1) each
        self.shape = (size_x, size_y, size_z)
        self.spacing = bank.spacing[objects][:, None] * self._scale
        self.origin = (bank.origin[objects] * self._scale).T[..., None]  # (3, B, 1)
        self.centre_of_mass = (bank.centre_of_mass[objects] * self._scale)[:, None]  # (B, 1, 3)
        self._strides = (size_y * size_z, size_z, torch.ones_like(size_z))
        steps = [
            x * size_y * size_z + y * size_z + z
            for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        self._corner_steps = torch.stack(steps, -1)  # (B, 1, 8)

    def _locate(self, points: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        first, part, overflow = super()._locate(points)
        return first + self._start, part, overflow

    def _corner_values(self, first: Tensor) -> list[Tensor]:
        rows = first[..., None] + self._corner_steps
        found = self.values.index_select(0, rows.flatten()).view(rows.shape)
        return list((found * self._scale[..., None]).unbind(-1))

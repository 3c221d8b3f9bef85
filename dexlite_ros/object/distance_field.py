# SPDX-License-Identifier: Apache-2.0
"""
Signed distance to an object's surface, on a grid, with gradients.

Distances are in metres, positive outside and negative inside, in the frame of the surface's
vertices. They are interpolated trilinearly between nodes; beyond the grid, the distance to the
grid is added.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
import torch
from torch import nn, Tensor

from dexlite_ros.object.mesh_distance import mesh_distance

PADDING = 0.03
"""Width of the grid's rim around the object [m]; wide enough for a finger in contact."""
MIN_SPACING = 0.0018
"""Smallest distance between nodes [m]; a fingertip then spans ten nodes."""
NODES_PER_AXIS = 90
SMOOTHING = 0.7
"""Width of the Gaussian that smooths the distance before normals are computed [spacings]."""
NORMAL_STEP = 0.004
"""Step of the central difference that gives the change of the normal [m]."""
CURVATURE_LIMIT = 200.0
"""Limit of the normal's derivative [1/m], the curvature of an edge of 5 mm radius."""


class DistanceField(nn.Module):
    """A signed distance grid with values, gradients and normals at any point."""

    one_for_all = True
    """Whether all points query the same grid."""
    values: Tensor
    """Signed distances at the nodes, one row [m]."""
    slopes: Tensor
    """(nodes, 3) gradient of the smoothed distance."""
    origin: Tensor
    """(3,) position of node (0, 0, 0) [m]."""
    centre_of_mass: Tensor
    """(3,) [m]"""
    spacing: float | Tensor
    """Distance between neighbouring nodes [m]; a tensor if each row has its own grid."""
    shape: tuple[int | Tensor, ...]
    """Nodes along each axis."""
    _strides: tuple[int | Tensor, ...]
    _corner_steps: Tensor

    def __init__(
        self,
        values: NDArray[np.floating],
        origin: NDArray[np.floating],
        spacing: float,
        *,
        normals: bool = True,
    ) -> None:
        """
        Use an existing grid.

        :param values: (X, Y, Z) signed distance at the nodes [m]
        :param origin: (3,) position of node (0, 0, 0) [m]
        :param spacing: distance between neighbouring nodes [m]
        :param normals: False saves time and memory where only distances are asked for
        """
        super().__init__()
        self.spacing = float(spacing)
        size_x, size_y, size_z = values.shape
        self.shape = (size_x, size_y, size_z)
        values = np.ascontiguousarray(values, dtype=np.float32)
        slopes = _slopes(values, self.spacing) if normals else np.zeros((0, 3), np.float32)
        centre = origin + spacing * _centre_of_mass(values / spacing)
        self._strides = (size_y * size_z, size_z, 1)
        self._corners = tuple(
            x * size_y * size_z + y * size_z + z
            for x in (0, 1) for y in (0, 1) for z in (0, 1))
        for name, buffer in (
            ('values', torch.from_numpy(values.reshape(-1))),
            ('slopes', torch.from_numpy(slopes)),
            ('origin', torch.as_tensor(origin, dtype=torch.float32)),
            ('_corner_steps', torch.tensor(self._corners, dtype=torch.int32)),
            ('centre_of_mass', torch.as_tensor(centre, dtype=torch.float32)),
        ):
            self.register_buffer(name, buffer, persistent=False)

    @classmethod
    def from_mesh(
        cls,
        vertices: NDArray[np.floating],
        faces: NDArray[np.integer],
        nodes_per_axis: int = NODES_PER_AXIS,
    ) -> DistanceField:
        """
        Return the field of a closed triangle mesh.

        :param vertices: (V, 3) [m]
        :param faces: (F, 3) indices into the vertices
        :param nodes_per_axis: approximate number of nodes along the longest side
        """
        lower, upper = vertices.min(0) - PADDING, vertices.max(0) + PADDING
        spacing = max(MIN_SPACING, float((upper - lower).max()) / nodes_per_axis)
        shape = np.ceil((upper - lower) / spacing).astype(int) + 1
        return cls(mesh_distance(vertices, faces, lower, spacing, shape), lower, spacing)

    def value_and_gradient(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """
        Return signed distance (...) [m] and its gradient (..., 3) at points (..., 3) [m].

        Inside the grid d is the trilinear interpolation of the eight nodes around a point, and the
        gradient its exact derivative. Beyond it d(p) = d(c) + |p - c|, c the nearest point of the
        grid. Not tracked by autograd.
        """
        with torch.no_grad():
            first, part, overflow = self._locate(points)
            corners = self._corner_values(first)
            v000, v001, v010, v011, v100, v101, v110, v111 = corners
            x, y, z = part
            # Interpolate along z, then y, then x; each slope is the difference before its axis.
            v00, v01 = torch.lerp(v000, v001, z), torch.lerp(v010, v011, z)
            v10, v11 = torch.lerp(v100, v101, z), torch.lerp(v110, v111, z)
            v0, v1 = torch.lerp(v00, v01, y), torch.lerp(v10, v11, y)
            slope_y = torch.lerp(v01 - v00, v11 - v10, x)
            slope_z = torch.lerp(
                torch.lerp(v001 - v000, v011 - v010, y), torch.lerp(v101 - v100, v111 - v110, y),
                x)
            # Beyond the grid the clamped coordinates are constant, and only the overflow grows.
            beyond = _length(overflow)
            scale = self.spacing / beyond.clamp(min=1e-9)
            gradient = [
                torch.where(o == 0, slope, o * scale) / self.spacing
                for o, slope in zip(overflow, (v1 - v0, slope_y, slope_z))]
            value = torch.lerp(v0, v1, x) + beyond * self.spacing
            # Stored by coordinate, as in LinkPoints.
            planes = torch.stack(gradient, max(points.dim() - 2, 0))
            return value, planes.mT if points.dim() > 1 else planes

    def value(self, points: Tensor) -> Tensor:
        """Return the signed distance (...) [m] at points (..., 3) [m]; not tracked by autograd."""
        with torch.no_grad():
            first, (x, y, z), overflow = self._locate(points)
            values = self._corner_values(first)
            for weight in (z, y, x):
                values = [torch.lerp(values[i], values[i + 1], weight)
                          for i in range(0, len(values), 2)]
            return values[0] + _length(overflow) * self.spacing

    def _corner_values(self, first: Tensor) -> list[Tensor]:
        return [
            self.values.index_select(0, (first + corner).flatten()).view(first.shape)
            for corner in self._corners]

    def _locate(self, points: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Return each point's cell (...), position in the cell, and overshoot beyond the grid."""
        part: list[Tensor] = []
        overflow: list[Tensor] = []
        steps: list[Tensor] = []
        planes = zip(points.unbind(-1), self.origin.unbind(), self.shape, self._strides)
        for coordinate, origin, size, stride in planes:
            grid = (coordinate - origin) / self.spacing
            held = grid.clamp(min=0).clamp(max=size - 1)
            cell = held.floor().clamp(max=size - 2)
            steps.append(cell * stride)
            part.append(held - cell)
            overflow.append(grid - held)
        # A NaN point has no cell; its value becomes NaN.
        first = steps[0] + steps[1] + steps[2]
        return first.nan_to_num(0.0).int(), part, overflow

    def forward(self, points: Tensor) -> Tensor:
        """Return the signed distance (...) [m] at points (..., 3) [m], differentiable."""
        distance: Tensor = _Distance.apply(points, self)  # type: ignore[no-untyped-call]
        return distance

    def normal(self, points: Tensor) -> Tensor:
        """
        Return unit normals (..., 3) out of the object at points (..., 3) [m], differentiable.

        The normal is the direction of the smoothed distance's gradient. Its derivative, the
        curvature, is a central difference, limited so that it stays finite at edges.
        """
        normal: Tensor = _Normal.apply(points, self)  # type: ignore[no-untyped-call]
        return normal

    def _normal(self, points: Tensor) -> Tensor:
        first, (x, y, z), _ = self._locate(points)
        rows = (first[..., None] + self._corner_steps).flatten()
        corner = self.slopes.index_select(0, rows).view(*first.shape, 8, 3)
        weight = torch.stack([1 - x, x], -1)[..., :, None, None]
        weight = weight * torch.stack([1 - y, y], -1)[..., None, :, None]
        weight = (weight * torch.stack([1 - z, z], -1)[..., None, None, :]).flatten(-3)
        slope = (weight[..., None, :] @ corner).squeeze(-2)
        return nn.functional.normalize(slope, dim=-1)


class _Distance(torch.autograd.Function):
    """The distance at points; its gradient is the slope of the field."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, field: DistanceField) -> Tensor:
        ctx.field = field
        ctx.save_for_backward(points)
        return field.value(points)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (points,) = ctx.saved_tensors
        if gradient.is_cuda or not ctx.field.one_for_all:
            # Selecting the points that need it would synchronise with the device, and lose the
            # association of points with grids.
            return gradient[..., None] * ctx.field.value_and_gradient(points)[1], None
        # Only the few points that touch or penetrate need their gradient.
        needed = gradient.nonzero(as_tuple=True)
        _, slope = ctx.field.value_and_gradient(points[needed])
        result = torch.zeros_like(points)
        result[needed] = gradient[needed][:, None] * slope
        return result, None


class _Normal(torch.autograd.Function):
    """The normal at points; its gradient is the curvature, from central differences."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, field: DistanceField) -> Tensor:
        ctx.field = field
        ctx.save_for_backward(points)
        return field._normal(points)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        # The Hessian H of a distance is symmetric: H v is the change of the normal along v.
        (points,) = ctx.saved_tensors
        length = gradient.norm(dim=-1, keepdim=True)
        step = NORMAL_STEP * gradient / length.clamp(min=1e-12)
        ahead, behind = ctx.field._normal(torch.stack([points + step, points - step]))
        change = (ahead - behind) / (2 * NORMAL_STEP)
        return change.clamp(-CURVATURE_LIMIT, CURVATURE_LIMIT) * length, None


def _length(planes: list[Tensor]) -> Tensor:
    x, y, z = planes
    return (x * x + y * y + z * z).sqrt()


def _slopes(values: NDArray[np.float32], spacing: float) -> NDArray[np.float32]:
    """Return the gradient (nodes, 3) of the smoothed distance."""
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    slopes: NDArray[np.float32] = np.stack(np.gradient(smooth, spacing), axis=-1, dtype=np.float32)
    return slopes.reshape(-1, 3)


def _centre_of_mass(distance: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the centre (3,) of the interior [nodes], from distances in node spacings."""
    # A node on the surface represents a cell that is half inside.
    filled = np.clip(0.5 - distance, 0.0, 1.0)
    if not filled.any():
        return (np.array(distance.shape) - 1) / 2
    return np.array(ndimage.center_of_mass(filled))

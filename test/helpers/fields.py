# SPDX-License-Identifier: Apache-2.0
"""Distance fields of shapes with known distance."""

import numpy as np
import torch

from dexlite_ros.object.distance_field import DistanceField


def ball_field(radius: float, spacing: float = 0.002) -> DistanceField:
    """Return a field with the exact distances to a ball about the origin."""
    half = radius + 0.03
    axis = np.arange(-half, half + spacing, spacing)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing='ij'), -1)
    values = np.linalg.norm(nodes, axis=-1) - radius
    return DistanceField(values, np.full(3, axis[0]), spacing)


def random_points(count: int, reach: float, seed: int = 0) -> torch.Tensor:
    """Return points (count, 3) in a cube of half side ``reach``, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return reach * (2 * torch.rand(count, 3, generator=generator, dtype=torch.float64) - 1)

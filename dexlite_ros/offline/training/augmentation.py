# SPDX-License-Identifier: Apache-2.0
"""
Augmentation of clouds to resemble sensor data: rotated, noisy, with holes, or one-sided.

Shapes: O clouds, P points of a stored cloud, Q points of an augmented one.
"""

from __future__ import annotations

from dataclasses import dataclass

import roma
import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest


@dataclass(frozen=True)
class Augmentation:
    """Augmentation applied to clouds before the network sees them."""

    turned: bool = True
    """Rotate each cloud, and its grasps with it, at random."""
    noise: float = 0.001
    """Maximum standard deviation of point coordinates; each cloud draws its own [m]."""
    hole: float = 0.01
    """Maximum radius of the hole in a cloud [m]."""
    one_sided: float = 0.1
    """Fraction of clouds that lack the side facing away from a camera."""

    def __post_init__(self) -> None:
        if not 0 <= self.one_sided <= 1:
            raise InvalidRequest('augmentation.one_sided', self.one_sided, 'a share from 0 to 1')

    @classmethod
    def none(cls) -> Augmentation:
        """Return an augmentation that only subsamples clouds."""
        return cls(turned=False, noise=0.0, hole=0.0, one_sided=0.0)


@dataclass(frozen=True)
class Turned:
    """O augmented clouds: ``points = stored @ rotation.T``, subsampled and perturbed."""

    points: Tensor
    """(O, Q, 3) [m]"""
    rotation: Tensor
    """(O, 3, 3)"""


def augment(
    points: Tensor,
    normals: Tensor,
    count: int,
    settings: Augmentation,
    generator: torch.Generator,
) -> Turned:
    """
    Return clouds of ``count`` points.

    :param points: (O, P, 3) [m]; repeated when fewer than ``count``
    :param normals: (O, P, 3), outwards
    :param generator: on the points' device
    """
    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=points.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=points.device)

    clouds, stored = points.shape[:2]
    # Points are taken in order of rank; those that a camera misses come last.
    rank = uniform(clouds, stored)
    camera = torch.nn.functional.normalize(normal(clouds, 3, 1), dim=1)
    hidden = (normals @ camera).squeeze(2) < 0
    rank = rank + 2.0 * (hidden & (uniform(clouds, 1) < settings.one_sided))
    centre = points[torch.arange(clouds), (uniform(clouds) * stored).long()]
    lost = (points - centre[:, None]).norm(dim=2) < settings.hole * uniform(clouds, 1)
    order = (rank + 1.0 * lost).argsort(1)
    present = ((rank < 2.0) & ~lost).sum(1, keepdim=True).clamp(min=1)
    # Where too few points are left, they are repeated.
    place = torch.arange(count, device=points.device).expand(clouds, count) % present
    kept = points.gather(1, order.gather(1, place)[..., None].expand(-1, -1, 3))
    kept = kept + settings.noise * uniform(clouds, 1, 1) * normal(clouds, count, 3)
    rotation = torch.eye(3).to(points).expand(clouds, 3, 3)
    if settings.turned:
        rotation = roma.unitquat_to_rotmat(
            torch.nn.functional.normalize(normal(clouds, 4), dim=1))
    return Turned(kept @ rotation.mT, rotation)

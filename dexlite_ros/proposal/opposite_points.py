# SPDX-License-Identifier: Apache-2.0
"""
Pairs of opposite points on a surface: where a thumb and a finger could press against each other.

Two points are opposite (antipodal) when the line between them lies within the friction cones at
both (Nguyen 1988); their distance is the local thickness of the object. Letters: N pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.sampling import first_hits

Points = NDArray[np.float64]
CONE = np.cos(np.arctan(0.6))
"""Smallest cosine between a normal and the line to the opposite point: friction 0.6, the usual
one of the tests."""
SPREAD = 0.3
"""Largest standard deviation of the rays' directions about the inward normal, as a tangent."""
THINNEST = 0.0005
"""Smallest thickness [m]; less is the next face at an edge."""
OFF = 1e-4
"""Distance inside the surface at which a ray begins [m]."""


@dataclass(frozen=True)
class OppositePoints:
    """N pairs of opposite points."""

    first: Points
    """(N, 3) [m]"""
    second: Points
    """(N, 3) [m]"""

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> OppositePoints:
        """Select pairs."""
        return OppositePoints(self.first[index], self.second[index])

    @property
    def middle(self) -> Points:
        """Points (N, 3) halfway between the two [m]."""
        return (self.first + self.second) / 2

    @property
    def axis(self) -> Points:
        """Unit vectors (N, 3) from the first to the second points."""
        return (self.second - self.first) / self.thickness[:, None]

    @property
    def thickness(self) -> Points:
        """Distances (N,) between the points of the pairs [m]."""
        return np.asarray(np.linalg.norm(self.second - self.first, axis=1))

    @classmethod
    def on(cls, mesh: trimesh.Trimesh, count: int, seed: int) -> OppositePoints:
        """
        Return the pairs that ``count`` rays from random points into the object find.

        :param mesh: closed surface [m]
        :param count: number of rays; many of them find no opposite point
        """
        points, faces = trimesh.sample.sample_surface(mesh, count, seed=seed)
        points, inward = np.asarray(points), -mesh.face_normals[faces]
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal(inward.shape)
        # Many rays nearly along the normal: others miss the far side of a plate's rim.
        spread = SPREAD * rng.random((count, 1)) ** 2
        rays = inward + spread * (noise - (noise * inward).sum(1, keepdims=True) * inward)
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        length, normals = first_hits(mesh, points + OFF * rays, rays)
        length = length + OFF
        opposite = np.isfinite(length) & (length > THINNEST)
        opposite &= ((inward * rays).sum(1) >= CONE) & ((normals * rays).sum(1) >= CONE)
        return cls(
            points[opposite], points[opposite] + length[opposite, None] * rays[opposite])

# SPDX-License-Identifier: Apache-2.0
"""
Batches of isometries: distance-preserving maps x -> R x + t.

G is the number of maps; N and P are numbers of points. Lengths are in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dexlite_ros.object.cloud import Points


@dataclass(frozen=True)
class Isometries:
    """G maps; as the symmetries of an object, they include the identity, which comes first."""

    matrices: Points
    """(G, 3, 3) orthogonal; determinant -1 for reflections."""
    offsets: Points
    """(G, 3) [m]."""
    name: str = 'none'
    """``none``, ``mirror``, ``half-turn``, ``inversion``, ``revolution``, or several with +."""

    def apply(self, points: Points) -> Points:
        """Return (G, N, 3) images of ``points`` (N, 3) [m]."""
        return self.turn(points) + self.offsets[:, None]

    def turn(self, vectors: Points) -> Points:
        """Return the images (G, N, 3) of N free vectors."""
        turned = self.matrices.reshape(-1, 3) @ vectors.T  # one product for all maps
        return turned.reshape(len(self), 3, -1).swapaxes(1, 2)

    def inverse(self) -> Isometries:
        """Return the inverse maps."""
        back = self.matrices.transpose(0, 2, 1)
        return Isometries(back, -np.einsum('gij,gj->gi', back, self.offsets), self.name)

    def __len__(self) -> int:
        return len(self.matrices)

    def __getitem__(self, index: slice | NDArray[np.integer]) -> Isometries:
        """Select maps."""
        return Isometries(self.matrices[index], self.offsets[index], self.name)

    def conjugated(self, frames: Isometries) -> Isometries:
        """Return F M F^-1 for every map M and every map F of ``frames``."""
        back = frames.inverse()
        matrices = np.einsum('fij,gjk,fkl->fgil', frames.matrices, self.matrices, back.matrices)
        inner = np.einsum('gij,fj->fgi', self.matrices, back.offsets) + self.offsets
        offsets = np.einsum('fij,fgj->fgi', frames.matrices, inner) + frames.offsets[:, None]
        return Isometries(matrices.reshape(-1, 3, 3), offsets.reshape(-1, 3), self.name)

    def with_identity(self) -> Isometries:
        """Return the identity followed by these maps."""
        return Isometries(
            np.concatenate([IDENTITY.matrices, self.matrices]),
            np.concatenate([IDENTITY.offsets, self.offsets]),
            self.name,
        )

    def then(self, other: Isometries) -> Isometries:
        """Return the compositions of every map with every one of ``other``."""
        matrices = np.einsum('hij,gjk->hgik', other.matrices, self.matrices)
        offsets = np.einsum('hij,gj->hgi', other.matrices, self.offsets) + other.offsets[:, None]
        return Isometries(
            matrices.reshape(-1, 3, 3), offsets.reshape(-1, 3), f'{self.name}+{other.name}'
        )


IDENTITY = Isometries(np.eye(3)[None], np.zeros((1, 3)))
"""The identity map."""


def mirrors(points: Points, normals: Points, step: float) -> Isometries:
    """
    Return reflections in planes with the given normals, at offsets that cover ``points``.

    :param points: (N, 3) [m].
    :param normals: (P, 3) unit.
    :param step: between offsets [m].
    """
    along = points @ normals.T
    low, high = along.min(axis=0), along.max(axis=0)
    pairs = [
        (n, d)
        for n, lo, hi in zip(normals, low, high, strict=True)
        for d in np.arange(lo + 0.3 * (hi - lo), hi + 0.2 * (hi - lo), step)
    ]
    n = np.array([p[0] for p in pairs])
    d = np.array([p[1] for p in pairs])
    return Isometries(np.eye(3) - 2.0 * n[:, :, None] * n[:, None], 2.0 * d[:, None] * n, 'mirror')


def half_turns(axis: Points, feet: Points) -> Isometries:
    """Return half turns about lines along ``axis`` (3,) through ``feet`` (P, 3) [m]."""
    matrix = np.broadcast_to(2.0 * np.outer(axis, axis) - np.eye(3), (len(feet), 3, 3))
    return Isometries(matrix, feet - feet @ matrix[0].T, 'half-turn')


def inversions(centres: Points) -> Isometries:
    """Return point reflections in ``centres`` (P, 3) [m]."""
    matrix = np.broadcast_to(-np.eye(3), (len(centres), 3, 3))
    return Isometries(matrix, 2.0 * centres, 'inversion')


def rotations(axis: Points, foot: Points, angles: NDArray[np.float64], name: str) -> Isometries:
    """Return rotations by ``angles`` (G,) [rad] about the line along ``axis`` through ``foot``."""
    matrices = Rotation.from_rotvec(angles[:, None] * axis).as_matrix()
    return Isometries(matrices, foot - matrices @ foot, name)

# SPDX-License-Identifier: Apache-2.0
"""Where the objects of a cell stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.offline.scenes.arrangement import stand, stand_beside

_NUMBER = 'number'
"""Key of an object's number in the metadata of its mesh, which copies keep."""


@dataclass(frozen=True)
class CellObject:
    """An object of a cell, in the world: z up, the table at z = 0."""

    name: str
    mesh: trimesh.Trimesh
    """As it stands [m]."""
    pieces: tuple[NDArray[np.float64], ...]
    """Corners (V, 3) of its convex pieces, as it stands [m]."""


def lay_out(
    targets: Sequence[Target], eye: NDArray[np.float64], rng: np.random.Generator
) -> tuple[CellObject, ...]:
    """
    Return objects that stand on a table, none touching another; the first about the origin.

    Each lies as it may come to rest, turned at random. Those without a free place within 25 cm of
    the first are left out.

    :param eye: (3,) position of the camera in the world [m]
    :raises FileError, UnusableObject: for an object that cannot be used
    """
    loaded = [load_target(target) for target in targets]
    if not targets:
        return ()
    standing = []
    for number, (mesh, _) in enumerate(loaded):
        standing.append(mesh.copy().apply_transform(stand(mesh, rng)))
        standing[-1].metadata[_NUMBER] = number
    placed = [*standing[:1], *stand_beside(standing[0], standing[1:], eye, False, rng)]
    found = []
    for mesh in placed:
        own, pieces = loaded[mesh.metadata[_NUMBER]]
        pose, _, _ = trimesh.registration.procrustes(
            own.vertices, mesh.vertices, reflection=False, scale=False)
        found.append(CellObject(
            targets[mesh.metadata[_NUMBER]].name, mesh,
            tuple(trimesh.transform_points(each, pose) for each in pieces)))
    return tuple(found)

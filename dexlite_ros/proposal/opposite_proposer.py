# SPDX-License-Identifier: Apache-2.0
"""
Starts that know the thickness: thumb and fingers on either side of a pair of opposite points.

For cartons across their thin side, plates at the rim and handles across. Letters: B grasps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.hull_proposer import starts_near, StartSettings
from dexlite_ros.proposal.opposite_points import OppositePoints


@dataclass(frozen=True)
class OppositeSettings:
    """Which pairs are taken, and where the hand is put about them."""

    thinnest: float = 0.003
    """Smallest thickness [m]; less is the other side of a thin shell, or noise."""
    thickest: float = 0.09
    """Largest thickness [m]; beyond, starts around the hull serve as well."""
    thin: float = 0.03
    """Thickness by which a pair is e times less likely than an infinitely thin one [m]."""
    near: float = 0.05
    """The same for the distance of a pair's middle from the object's centre [m]."""
    outward: float = 0.5
    """Weight of the direction from the centre, against a random one, in that of the palm."""
    farthest: float = 0.03
    """Largest distance between the hand's grasp centre and a pair's middle [m]."""
    rays: int = 6
    """Rays into the object for each start."""


class OppositeProposer:
    """Proposes starts around pairs of opposite points of any closed surface."""

    model_id = 'opposite-points'

    def __init__(
        self, kinematics: HandKinematics, settings: OppositeSettings = OppositeSettings()
    ) -> None:
        self._kinematics = kinematics
        self._settings = settings

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """
        Return at most ``count`` starts in the frame of the surface, on the CPU.

        As many as the share of rays into the object that found an opposite point within reach:
        none for a large ball, all for a plate.
        """
        seed = int(torch.randint(2**31, (1,), generator=generator))
        rng = np.random.default_rng(seed)
        pairs, outward = self._pairs(surface, count, seed, rng)
        # Thumb and fingers change sides at random, and with them the hand's roll.
        across = pairs.axis * rng.choice((-1.0, 1.0), (len(pairs), 1))
        back = _unit(rng.standard_normal((len(pairs), 3))) + self._settings.outward * outward
        back = _unit(back - (back * across).sum(1, keepdims=True) * across)
        middle, palm_side, along = (
            torch.from_numpy(each).float() for each in (pairs.middle, back, across))
        return starts_near(
            self._kinematics, middle, palm_side, along, generator,
            StartSettings(nearest=0.0, farthest=self._settings.farthest))

    def _pairs(
        self, surface: ObjectSurface, count: int, seed: int, rng: np.random.Generator
    ) -> tuple[OppositePoints, NDArray[np.float64]]:
        """Return the pairs of at most ``count`` starts, and unit vectors to them from inside."""
        settings = self._settings
        mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
        found = OppositePoints.on(mesh, settings.rays * count, seed)
        thick = found.thickness
        pairs = found[(thick > settings.thinnest) & (thick < settings.thickest)]
        outward = pairs.middle - mesh.bounds.mean(0)
        if not len(pairs):
            return pairs, outward
        count = min(count, int(np.ceil(len(pairs) / settings.rays)))
        far = np.linalg.norm(outward, axis=1)
        weight = np.exp(-pairs.thickness / settings.thin - far / settings.near)
        chosen = rng.choice(len(pairs), count, p=weight / weight.sum())
        return pairs[chosen], _unit(outward[chosen])

def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors (N, 3) with length 1; those of length 0 as they are."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(vectors, length, out=vectors.copy(), where=length > 0)
    return unit

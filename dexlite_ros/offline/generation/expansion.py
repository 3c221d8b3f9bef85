# SPDX-License-Identifier: Apache-2.0
"""
New grasps from old ones: a grasp that held at one point of an object is moved to another.

The motion rotates the surface normal at the first point onto that at the second. Points with few
grasps are preferred, both as origins and as destinations. Shapes: B grasps, N parents, P points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.offline.dataset.coverage import rarity
from dexlite_ros.rotations import rotvec_to_rotmat


@dataclass(frozen=True)
class Parents:
    """N grasps that held on an object at one scale, and the object's cloud."""

    source: str
    """Short hash of the dataset content that they come from."""
    cloud: NDArray[np.float64]
    """(P, 3) points of the object at that scale [m]."""
    normals: NDArray[np.float64]
    """(P, 3) outward unit normals of the cloud."""

    keys: tuple[str, ...]
    """(N,) keys of the grasps in their dataset."""
    grasps: GraspBatch
    points: NDArray[np.int64]
    """(N,) index of each one's associated point."""
    counts: NDArray[np.int64]
    """(P,) grasps that held in the neighbourhood of each point of the object's cloud."""

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class ExpansionSettings:
    """How far grasps are moved, and how much they are perturbed."""

    reach: float = 0.04
    """Maximum distance between the two points [m]."""
    position_noise: float = 0.005
    """Standard deviation of the noise on each palm coordinate [m]."""
    rotation_noise: float = 0.1
    """Standard deviation of the palm's rotation about each axis [rad]."""
    joint_noise: float = 0.1
    """Standard deviation of the noise on each joint angle [rad]."""


class ExpansionProposer:
    """Proposes grasps near those that held, and remembers the parent of each."""

    model_id = 'expansion'

    def __init__(
        self,
        kinematics: HandKinematics,
        parents: Parents,
        offset: NDArray[np.float64],
        settings: ExpansionSettings = ExpansionSettings(),
    ) -> None:
        """
        Prepare one object.

        :param offset: (3,) origin of the surface frame, expressed in the parents' frame [m]
        """
        self._kinematics = kinematics
        self._parents = parents
        self._offset = offset
        self._settings = settings
        self.parent = np.zeros(0, np.int64)
        """(B,) index of the parent of each proposal of the last call."""

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` proposals in the frame of the surface, on the CPU."""
        del surface  # The object is already known.
        seed = int(torch.randint(2**31, (1,), generator=generator))
        rng = np.random.default_rng(seed)
        parents = self._parents
        weight = rarity(parents.counts[parents.points])
        self.parent = rng.choice(len(parents), count, p=weight / weight.sum())
        origin = parents.points[self.parent]
        return self._moved(
            parents.grasps[torch.from_numpy(self.parent)], origin,
            self._destinations(origin, rng), generator)

    def _destinations(
        self, origin: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return (B,) a point within reach of each origin, sparsely covered points more often."""
        weight = rarity(self._parents.counts)
        reachable = cKDTree(self._parents.cloud).query_ball_point(
            self._parents.cloud[origin], self._settings.reach, return_sorted=True)
        return np.array([
            rng.choice(near, p=weight[near] / weight[near].sum()) for near in reachable])

    def _moved(
        self, grasps: GraspBatch, origin: NDArray[np.int64], target: NDArray[np.int64],
        generator: torch.Generator,
    ) -> GraspBatch:
        """Return grasps (B) moved from the points ``origin`` to the points ``target``."""
        return self._perturbed(self._carried(grasps, origin, target), generator)

    def _carried(
        self, grasps: GraspBatch, origin: NDArray[np.int64], target: NDArray[np.int64]
    ) -> GraspBatch:
        cloud, normals = (
            torch.from_numpy(each) for each in (self._parents.cloud, self._parents.normals))
        turn = _between(normals[origin], normals[target])
        about = replace(
            grasps.to(torch.float64), translation=grasps.translation.double() - cloud[origin])
        return about.transformed(
            turn, cloud[target] - torch.from_numpy(self._offset)).to(torch.float32)

    def _perturbed(self, grasps: GraspBatch, generator: torch.Generator) -> GraspBatch:
        settings, count = self._settings, len(grasps)
        shift, turn = (torch.randn(count, 3, generator=generator) for _ in range(2))
        noise = torch.randn(grasps.joints.shape, generator=generator)
        joints = self._kinematics.clamp(grasps.joints + settings.joint_noise * noise)
        moved = grasps.perturbed(
            settings.position_noise * shift,
            rotvec_to_rotmat(settings.rotation_noise * turn))
        return replace(moved, joints=self._kinematics.couple(joints))


def _between(first: Tensor, second: Tensor) -> Tensor:
    """Return the smallest rotations (B, 3, 3) that turn unit vectors (B, 3) into others."""
    axis = torch.linalg.cross(first, second)
    sine, cosine = axis.norm(dim=1, keepdim=True), (first * second).sum(1, keepdim=True)
    # The smallest rotation between opposite vectors is not unique; any perpendicular axis will do.
    across = torch.linalg.cross(first, first.roll(1, dims=1) + first.new_tensor([0.0, 0.0, 1e-3]))
    axis = torch.where(sine < 1e-9, across, axis)
    angle = torch.atan2(sine, cosine)
    return rotvec_to_rotmat(angle * torch.nn.functional.normalize(axis, dim=1))

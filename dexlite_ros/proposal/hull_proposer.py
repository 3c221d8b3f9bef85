# SPDX-License-Identifier: Apache-2.0
"""
Starts without a network: open hands near the object's convex hull, palms facing it.

The method follows DexGraspNet (Wang et al. 2023), with the hand closer and more randomised.
Letters: B grasps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.rotations import rotvec_to_rotmat


@dataclass(frozen=True)
class StartSettings:
    """Distribution of the starts."""

    nearest: float = 0.02
    """Smallest distance between the hand's grasp centre and the hull [m]."""
    farthest: float = 0.05
    """Largest such distance [m]."""
    radial: float = 0.3
    """Weight of the ray from the centre, added to the hull's normal to give the approach."""
    tilt: float = 0.1
    """Standard deviation of the palm's direction [rad]."""
    joint_noise: float = 0.05
    """Standard deviation of each joint, as a share of its range."""


class HullProposer:
    """Proposes starts around the convex hull of any surface."""

    model_id = 'hull-starts'

    def __init__(
        self, kinematics: HandKinematics, settings: StartSettings = StartSettings()
    ) -> None:
        self._kinematics = kinematics
        self._settings = settings

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` starts in the frame of the surface, on the CPU."""
        return hull_starts(
            self._kinematics, surface.vertices, count, generator, self._settings)


def hull_starts(
    kinematics: HandKinematics,
    vertices: NDArray[np.floating],
    count: int,
    generator: torch.Generator,
    settings: StartSettings = StartSettings(),
) -> GraspBatch:
    """
    Return B starts spread over the convex hull of an object's surface, on the CPU.

    :param vertices: (V, 3) of the surface [m]
    :param generator: a CPU generator; the same seed gives the same starts
    """
    import trimesh

    hull = trimesh.convex.convex_hull(vertices)
    seed = int(torch.randint(2**31, (1,), generator=generator))
    points, faces = trimesh.sample.sample_surface(hull, count, seed=seed)
    points = torch.from_numpy(np.asarray(points)).float()
    normal = torch.from_numpy(hull.face_normals[faces]).float()
    centre = torch.from_numpy(np.asarray(hull.center_mass)).float()
    outward = normal + settings.radial * torch.nn.functional.normalize(points - centre, dim=1)
    outward = torch.nn.functional.normalize(outward, dim=1)
    # A random roll.
    about = torch.nn.functional.normalize(torch.randn(outward.shape, generator=generator), dim=1)
    along = torch.nn.functional.normalize(torch.linalg.cross(outward, about), dim=1)
    return starts_near(kinematics, points, outward, along, generator, settings)


def starts_near(
    kinematics: HandKinematics,
    points: Tensor,
    outward: Tensor,
    along: Tensor,
    generator: torch.Generator,
    settings: StartSettings,
) -> GraspBatch:
    """
    Return B open hands near points (B, 3) [m], slightly tilted.

    :param outward: (B, 3) unit, from each point to its palm, which faces against it
    :param along: (B, 3) unit, across the former: where the fingers point
    """
    count, hand = len(points), kinematics.description
    back = -torch.tensor(hand.palmar_direction)
    fingers = torch.tensor(hand.finger_direction)
    local = torch.stack([back, fingers, torch.linalg.cross(back, fingers)], 1)
    world = torch.stack([outward, along, torch.linalg.cross(outward, along)], 2)
    tilt = settings.tilt * torch.randn(count, 3, generator=generator)
    rotation = rotvec_to_rotmat(tilt) @ (world @ local.T)
    reach = settings.nearest + (settings.farthest - settings.nearest) * torch.rand(
        count, 1, generator=generator)
    translation = points + reach * outward - rotation @ torch.tensor(hand.grasp_centre)
    return GraspBatch(translation, rotation, _open_joints(kinematics, count, settings, generator))


def _open_joints(
    kinematics: HandKinematics, count: int, settings: StartSettings, generator: torch.Generator
) -> Tensor:
    """Return joints (B, J) near the hand's open posture, within limits and coupled [rad]."""
    start = torch.tensor([joint.open for joint in kinematics.description.joints])
    lower, upper = kinematics.lower.cpu(), kinematics.upper.cpu()
    noise = settings.joint_noise * (upper - lower) * torch.randn(
        count, len(start), generator=generator)
    joints = (start + noise).clamp(lower, upper)
    return kinematics.couple(joints)

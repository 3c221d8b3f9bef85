# SPDX-License-Identifier: Apache-2.0
"""
Proposals of a trained network for a new object.

Letters: P points, B grasps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.network.checkpoint import Checkpoint
from dexlite_ros.network.cloud_frame import CloudFrames
from dexlite_ros.network.grasp_network import GraspNetwork, SeenClouds
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.reachable_points import reachable
from dexlite_ros.surface_points import spread_points

TEMPERATURE = 0.3
"""Low, for typical grasps; the points and frames provide variety."""


class NetworkProposer:
    """Proposes grasps about the reachable points of a surface, each from its own latent code."""

    def __init__(
        self,
        kinematics: HandKinematics,
        checkpoint: Checkpoint,
        device: torch.device,
        temperature: float = TEMPERATURE,
    ) -> None:
        """
        Wrap a trained network.

        :param kinematics: on any device; provides joint limits and couplings
        :param device: device of the network; proposals are returned on the CPU
        :param temperature: standard deviation of the latent codes; training uses 1
        """
        self.model_id = checkpoint.model_id
        self._network = checkpoint.network.to(device)
        self._device = device
        self._temperature = temperature
        self._kinematics = kinematics
        self._lower, self._upper = kinematics.lower.cpu(), kinematics.upper.cpu()

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps in the frame of the surface, on the CPU."""
        config = self._network.config
        seed = int(torch.randint(2**31, (1,), generator=generator))
        mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
        points, normals = spread_points(mesh, config.num_points, seed)
        about = torch.from_numpy(np.resize(reachable(mesh, points, normals), count))
        code = self._temperature * torch.randn(count, config.latent, generator=generator)
        with torch.inference_mode():
            seen = look_at(self._network, points, self._device)
            look = torch.arange(count, device=self._device) % len(seen.points)
            where = look, about.to(self._device)
            vector = self._network.decode(seen, *where, code.to(self._device))
            grasps = self._network.grasps(seen, *where, vector).to('cpu')
        joints = grasps.joints.clamp(self._lower, self._upper)
        return replace(grasps, joints=self._kinematics.couple(joints))


def look_at(
    network: GraspNetwork, points: NDArray[np.float64], device: torch.device
) -> SeenClouds:
    """Return one cloud (P, 3) as the network sees it in each of its frames."""
    cloud = torch.from_numpy(points).float().to(device)
    frames = CloudFrames.every(cloud, network.config.frame)
    return network.see(cloud.expand(len(frames.centre), -1, -1), frames)

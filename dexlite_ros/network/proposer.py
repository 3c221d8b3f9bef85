"""
Proposals of a trained network for an object it has never seen.

Letters: O looks at the cloud, P points, B grasps.
"""

from __future__ import annotations

import numpy as np
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import couple, HandKinematics
from dexlite_ros.network.checkpoint import Checkpoint
from dexlite_ros.network.cloud_frame import CloudFrames
from dexlite_ros.network.reachable import reachable, spread_points
from dexlite_ros.object.surface import ObjectSurface

LOOKS = 4
"""Frames along the principal axes in which the cloud is looked at."""


class NetworkProposer:
    """Proposes grasps about the reachable points of any surface, each from a code of its own."""

    def __init__(
        self, kinematics: HandKinematics, checkpoint: Checkpoint, device: torch.device
    ) -> None:
        """
        Take a trained network.

        :param kinematics: on any device; gives the joints' limits and couplings
        :param device: where the network computes; proposals come back to the CPU
        """
        self.model_id = checkpoint.model_id
        self._network = checkpoint.network.to(device)
        self._device = device
        self._coupled = torch.tensor(kinematics.description.coupled_indices)
        self._lower, self._upper = kinematics.lower.cpu(), kinematics.upper.cpu()

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps in the frame of the surface, on the CPU."""
        config = self._network.config
        seed = int(torch.randint(2**31, (1,), generator=generator))
        points, normals = spread_points(surface, config.num_points, seed)
        about = torch.from_numpy(np.resize(reachable(surface, points, normals), count))
        cloud = torch.from_numpy(points).float().expand(LOOKS, -1, -1)
        frames = CloudFrames.along(cloud, config.frame, generator)
        look = torch.arange(count) % LOOKS
        code = torch.randn(count, config.latent, generator=generator)
        with torch.inference_mode():
            vector = self._decoded(cloud, frames, look, about, code)
        joints = vector.joints.clamp(self._lower, self._upper)
        return GraspBatch(
            vector.translation, vector.rotation, couple(joints, self._coupled))

    def _decoded(
        self, cloud: torch.Tensor, frames: CloudFrames, look: torch.Tensor, about: torch.Tensor,
        code: torch.Tensor,
    ) -> GraspBatch:
        network, device = self._network, self._device
        seen = network.see(cloud.to(device), frames.to(device))
        where = look.to(device), about.to(device)
        vector = network.decode(seen, *where, code.to(device))
        return network.grasps(seen, *where, vector).to('cpu')

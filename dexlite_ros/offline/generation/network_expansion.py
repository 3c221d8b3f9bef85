# SPDX-License-Identifier: Apache-2.0
"""
New grasps from old ones, by the network: a grasp's latent code is decoded at another point.

This is the expansion of Dex1B (2025). The code is sampled from the encoder's distribution for the
known grasp, so one parent can have many children even at a single point. Shapes: B grasps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.network.checkpoint import Checkpoint
from dexlite_ros.offline.generation.expansion import (
    ExpansionProposer,
    ExpansionSettings,
    Parents,
)
from dexlite_ros.proposal.network_proposer import look_at


class NetworkExpansion(ExpansionProposer):
    """Proposes grasps that the network decodes from those that held."""

    def __init__(
        self,
        kinematics: HandKinematics,
        parents: Parents,
        offset: NDArray[np.float64],
        checkpoint: Checkpoint,
        device: torch.device,
        settings: ExpansionSettings | None = None,
    ) -> None:
        """
        Prepare one object.

        :param offset: (3,) origin of the surface frame, expressed in the parents' frame [m]
        :param device: device of the network
        :param settings: only the reach is used; the latent code provides the variation
        """
        super().__init__(kinematics, parents, offset, settings or ExpansionSettings())
        self.model_id = checkpoint.model_id
        self._network = checkpoint.network.to(device)
        self._device = device

    def _moved(
        self, grasps: GraspBatch, origin: NDArray[np.int64], target: NDArray[np.int64],
        generator: torch.Generator,
    ) -> GraspBatch:
        network, device = self._network, self._device
        first, second = (torch.from_numpy(points).to(device) for points in (origin, target))
        noise = torch.randn(len(grasps), network.config.latent, generator=generator).to(device)
        with torch.inference_mode():
            seen = look_at(network, self._parents.cloud, device)
            look = torch.arange(len(grasps), device=device) % len(seen.points)
            known = network.vectors(
                seen, look, first, grasps.to(device=device, dtype=torch.float32))
            latent = network.encode(seen, look, first, known)
            code = latent.mean + (0.5 * latent.log_variance).exp() * noise
            vector = network.decode(seen, look, second, code)
            moved = network.grasps(seen, look, second, vector).to('cpu')
        return replace(
            moved, translation=moved.translation - torch.from_numpy(self._offset).float(),
            joints=self._kinematics.couple(self._kinematics.clamp(moved.joints)))

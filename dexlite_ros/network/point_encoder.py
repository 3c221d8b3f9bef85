# SPDX-License-Identifier: Apache-2.0
"""
PointNet (Qi et al. 2017), of the same size as DexLite's: global and local features of clouds.

Letters: O clouds, P points, B grasps, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn, Tensor

CHANNELS = (64, 128, 1024, 256)


@dataclass(frozen=True)
class CloudFeatures:
    """Features of O clouds of P points."""

    whole: Tensor
    """(O, C) global feature: the maximum over all points."""
    local: Tensor
    """(O, P, C) feature of each point."""

    def condition(self, cloud: Tensor, point: Tensor) -> Tensor:
        """
        Return the conditions (B, 2 C) of B grasps: features of the cloud and of one of its points.

        :param cloud: (B,) index of each grasp's cloud
        :param point: (B,) index of each grasp's associated point in it
        """
        return torch.cat([self.whole[cloud], self.local[cloud, point]], dim=1)


class PointEncoder(nn.Module):
    """A perceptron shared by all points; its last layer has no activation."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, following in zip((3, *channels), channels):
            layers += [nn.Conv1d(width, following, 1), nn.BatchNorm1d(following), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])
        self.channels = channels[-1]

    def forward(self, points: Tensor) -> CloudFeatures:
        """Return features of clouds (O, P, 3), given in the unit and frame used in training."""
        local = self.layers(points.mT).mT
        return CloudFeatures(local.amax(1), local)

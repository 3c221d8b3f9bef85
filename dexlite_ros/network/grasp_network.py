# SPDX-License-Identifier: Apache-2.0
"""
The complete network: takes clouds and grasps in metres, returns grasps in metres.

Letters: O clouds, P points, B grasps; D and Z are the sizes of a grasp's vector and latent code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.network.cloud_frame import CloudFrames, FrameKind
from dexlite_ros.network.grasp_cvae import GraspCvae, LATENT, Latent
from dexlite_ros.network.point_encoder import CHANNELS, CloudFeatures, PointEncoder
from dexlite_ros.network.pose_code import LENGTH, PoseCode, Rotation


@dataclass(frozen=True)
class NetworkConfig:
    """Architecture and encoding of a network."""

    rotation: Rotation = '6d'
    """Encoding of the palm's rotation."""
    frame: FrameKind = 'principal'
    """Frame in which clouds are expressed."""
    anchor: Literal['centre', 'point'] = 'point'
    """Origin of the palm's position: the cloud's centre, or the associated point."""
    num_points: int = 1024
    """Points of a cloud."""
    channels: tuple[int, ...] = CHANNELS
    latent: int = LATENT

    def __post_init__(self) -> None:
        for name, known in (('rotation', ('euler', '6d')), ('frame', ('given', 'principal')),
                            ('anchor', ('centre', 'point'))):
            if getattr(self, name) not in known:
                raise ValueError(f'{name} is {getattr(self, name)!r}, not one of {known}')
        if min(self.num_points, self.latent, *self.channels) < 1:
            raise ValueError('num_points, latent and channels have to be positive')

    @classmethod
    def dexlite(cls) -> NetworkConfig:
        """Return DexLite's: 28 numbers relative to the cloud's centre, clouds of 2 048 points."""
        return cls(rotation='euler', frame='given', anchor='centre', num_points=2048)


@dataclass(frozen=True)
class SeenClouds:
    """O clouds as the network sees them."""

    frames: CloudFrames
    points: Tensor
    """(O, P, 3) in the frames, divided by ``LENGTH``."""
    features: CloudFeatures


class GraspNetwork(nn.Module):
    """Proposes grasps of one hand for clouds."""

    def __init__(self, hand: HandDescription, config: NetworkConfig = NetworkConfig()) -> None:
        super().__init__()
        self.config = config
        self.code = PoseCode(hand, config.rotation)
        self.encoder = PointEncoder(config.channels)
        self.cvae = GraspCvae(self.code.size, 2 * self.encoder.channels, config.latent)

    def see(self, points: Tensor, frames: CloudFrames, *, bf16: bool = False) -> SeenClouds:
        """Return clouds (O, P, 3) [m] with their features, computed in bfloat16 if ``bf16``."""
        seen = frames.seen(points) / LENGTH
        with torch.autocast(seen.device.type, torch.bfloat16, enabled=bf16):
            features = self.encoder(seen)
        return SeenClouds(
            frames, seen, CloudFeatures(features.whole.float(), features.local.float()))

    def vectors(
        self, seen: SeenClouds, cloud: Tensor, point: Tensor, grasps: GraspBatch
    ) -> Tensor:
        """
        Return (B, D) vectors, one per grasp.

        :param cloud: (B,) index of each grasp's cloud
        :param point: (B,) index of each grasp's associated point in its cloud
        :param grasps: B grasps in the clouds' own coordinates
        """
        vector = self.code.encode(seen.frames.grasps_seen(grasps, cloud))
        return torch.cat([vector[:, :3] - self._anchor(seen, cloud, point), vector[:, 3:]], 1)

    def grasps(
        self, seen: SeenClouds, cloud: Tensor, point: Tensor, vector: Tensor
    ) -> GraspBatch:
        """Return the grasps of vectors (B, D), in the clouds' own coordinates."""
        position = vector[:, :3] + self._anchor(seen, cloud, point)
        grasps = self.code.decode(torch.cat([position, vector[:, 3:]], 1))
        return seen.frames.grasps_given(grasps, cloud)

    def encode(self, seen: SeenClouds, cloud: Tensor, point: Tensor, vector: Tensor) -> Latent:
        """Return the latent distributions of vectors (B, D)."""
        return self.cvae.encode(vector, seen.features.condition(cloud, point))

    def decode(self, seen: SeenClouds, cloud: Tensor, point: Tensor, code: Tensor) -> Tensor:
        """Return the vectors (B, D) decoded from latent codes (B, Z)."""
        return self.cvae.decode(code, seen.features.condition(cloud, point))

    def _anchor(self, seen: SeenClouds, cloud: Tensor, point: Tensor) -> Tensor:
        if self.config.anchor == 'centre':
            return seen.points.new_zeros(3)
        return seen.points[cloud, point]

# SPDX-License-Identifier: Apache-2.0
"""Examples and settings small enough to train in a test."""

from dataclasses import replace
from functools import lru_cache

from datasets import excerpt
import torch

from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.hand.shape_points import PointSettings
from dexlite_ros.network.grasp_network import NetworkConfig
from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.batches import Batches, BatchSettings
from dexlite_ros.offline.training.examples import Examples
from dexlite_ros.offline.training.settings import TrainingSettings

CPU = torch.device('cpu')
SMALL = NetworkConfig(channels=(16, 64), latent=8, num_points=128)


@lru_cache
def coarse() -> HandGeometry:
    """Return the hand with few points."""
    return HandGeometry(HandKinematics(SHADOW_RIGHT), PointSettings.coarse())


@lru_cache
def examples(split: str = 'train') -> Examples:
    """Return the successful grasps on a few objects of the committed dataset."""
    return Examples.read(excerpt(), split, coarse(), CPU)


def small_settings(**changes: object) -> TrainingSettings:
    """Return settings with which an epoch takes about a second."""
    return replace(
        TrainingSettings(
            network=SMALL, batches=BatchSettings(grasps=32, grasps_per_cloud=8), epochs=4,
            average=0.5),
        **changes)


def batches(
    settings: BatchSettings | None = None, augmentation: Augmentation | None = None
) -> Batches:
    """Return the batches of the training examples; eight grasps share a cloud."""
    return Batches(
        examples(), settings or BatchSettings(32, 8), augmentation or Augmentation(), 128,
        'principal')

# SPDX-License-Identifier: Apache-2.0
"""Settings of training, and the named presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.network.grasp_network import NetworkConfig
from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.batches import BatchSettings
from dexlite_ros.offline.training.losses import LossSettings

SOFT_PHYSICS = EnergyWeights(
    equilibrium=1.0, contact_distance=10.0, penetration=10.0, self_penetration=1.0,
    joint_limits=0.1, obstacles=0.0)
"""A tenth of the optimiser's weights; at full weight the network learns safe poses, not grasps."""


@dataclass(frozen=True)
class TrainingSettings:
    """All settings that determine the trained network."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    batches: BatchSettings = field(default_factory=BatchSettings)
    augmentation: Augmentation = field(default_factory=Augmentation)
    losses: LossSettings = field(default_factory=lambda: LossSettings(
        divergence=0.01, physics=SOFT_PHYSICS, drawn=0.5, ramp=0.5))
    epochs: int = 80
    learning_rate: float = 1e-3
    final_rate: float = 0.02
    """Fraction of the learning rate left after cosine decay; 1 keeps it constant."""
    gradient_limit: float = 10.0
    """Maximum gradient norm; longer gradients are clipped."""
    average: float = 0.98
    """Decay per step of the moving average of the weights, which is the network that is kept."""
    patience: int = 25
    """Early stopping: epochs without a better validation loss before training ends."""
    bf16: bool = True
    """Encode clouds in bfloat16."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (
                ('epochs', self.epochs, 1), ('batch', self.batches.grasps, 2),
                ('grasps per cloud', self.batches.grasps_per_cloud, 1),
                ('patience', self.patience, 1), ('seed', self.seed, 0)):
            if value < least:
                raise InvalidRequest(name, value, f'{least} or more')
        if not 0 < self.learning_rate < 1:
            raise InvalidRequest('learning rate', self.learning_rate, 'between 0 and 1')

    @classmethod
    def dexlite(cls) -> TrainingSettings:
        """
        Return DexLite's settings: its losses, batches of 64, Adam at 1e-4, 2 048 points.

        Four grasps share a cloud, so that a hundred epochs take only hours. The penetration
        margin is 2 mm, so hands that merely touch are already penalised.
        """
        return cls(
            NetworkConfig.dexlite(), BatchSettings(64, 4),
            losses=LossSettings(margin=0.002), epochs=100, learning_rate=1e-4, final_rate=1.0)


TrainingPreset = Literal['default', 'dexlite']
PRESETS: dict[TrainingPreset, Callable[[], TrainingSettings]] = {
    'default': TrainingSettings, 'dexlite': TrainingSettings.dexlite}

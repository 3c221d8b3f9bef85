"""Everything that can be set about training, and what it is set to by name."""

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
"""A tenth of what the optimiser minimises: with all of it no grasp is learned, only safety."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides what a network becomes."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    batches: BatchSettings = field(default_factory=BatchSettings)
    augmentation: Augmentation = field(default_factory=Augmentation)
    losses: LossSettings = field(default_factory=lambda: LossSettings(
        divergence=0.01, physics=SOFT_PHYSICS, drawn=0.5, ramp=0.5))
    epochs: int = 80
    learning_rate: float = 1e-3
    final_rate: float = 0.02
    """Share of the rate left at the end of a cosine; 1 keeps it constant."""
    gradient_limit: float = 10.0
    """Longest gradient; a longer one is cut to this."""
    average: float = 0.98
    """Memory of the moving average of the weights, per step; the average is what is kept."""
    patience: int = 25
    """Epochs without a better validation after which training ends."""
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
        Return DexLite's: its losses and weights, batches of 64, Adam at 1e-4, 2 048 points.

        Four grasps share a cloud, so that a hundred epochs are hours, not a night. Hands that
        merely touch pay already: the margin of the penetration is 2 mm.
        """
        return cls(
            NetworkConfig.dexlite(), BatchSettings(64, 4),
            losses=LossSettings(margin=0.002), epochs=100, learning_rate=1e-4, final_rate=1.0)


TrainingPreset = Literal['default', 'dexlite']
PRESETS: dict[TrainingPreset, Callable[[], TrainingSettings]] = {
    'default': TrainingSettings, 'dexlite': TrainingSettings.dexlite}

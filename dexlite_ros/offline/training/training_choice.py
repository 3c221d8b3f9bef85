# SPDX-License-Identifier: Apache-2.0
"""Training as chosen on the command line: a preset and its overrides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.network.pose_code import Rotation
from dexlite_ros.offline.training.losses import LossSettings, PhysicsLoss
from dexlite_ros.offline.training.settings import PRESETS, TrainingPreset, TrainingSettings


@dataclass(frozen=True)
class TrainingChoice:
    """Options of a training; None: that of the preset."""

    preset: TrainingPreset = 'default'
    epochs: int | None = None
    """Maximum number of epochs."""
    patience: int | None = None
    """Epochs without a better validation loss before training ends."""
    rotation: Rotation | None = None
    """Rotation representation."""
    without: tuple[PhysicsLoss, ...] = ()
    """Physics losses to leave out."""
    balanced: bool = True
    """Sample grasps at rare places more often; False: sample all equally."""
    seed: int = 0

    def settings(self) -> TrainingSettings:
        """
        Return the preset with the overrides applied.

        :raises InvalidRequest: when a loss is left out that the preset does not have
        """
        usual = PRESETS[self.preset]()
        network, batches = usual.network, usual.batches
        return replace(
            usual,
            network=replace(network, rotation=self.rotation or network.rotation),
            batches=replace(batches, balanced=batches.balanced and self.balanced),
            losses=self._losses(usual.losses),
            epochs=usual.epochs if self.epochs is None else self.epochs,
            patience=usual.patience if self.patience is None else self.patience,
            seed=self.seed)

    def _losses(self, usual: LossSettings) -> LossSettings:
        for name in self.without:
            if not getattr(usual.physics, name):
                raise InvalidRequest('without', name, 'a loss that the preset has')
        return replace(
            usual, physics=replace(usual.physics, **dict.fromkeys(self.without, 0.0)))

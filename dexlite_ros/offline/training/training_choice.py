"""How to train a network, as named on the command line: a preset and changes to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.network.pose_code import Rotation
from dexlite_ros.offline.training.losses import LossSettings, PhysicsLoss
from dexlite_ros.offline.training.settings import PRESETS, TrainingPreset, TrainingSettings


@dataclass(frozen=True)
class TrainingChoice:
    """A training by its options; None: as the preset has it."""

    preset: TrainingPreset = 'default'
    epochs: int | None = None
    """At most so many."""
    patience: int | None = None
    """Epochs without a better validation after which training ends."""
    rotation: Rotation | None = None
    """How rotations are written."""
    without: tuple[PhysicsLoss, ...] = ()
    """Left out of the physics."""
    balanced: bool = True
    """Draw grasps at rare places more often; False: draw all equally."""
    seed: int = 0

    def settings(self) -> TrainingSettings:
        """
        Return the preset with what was asked for changed.

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

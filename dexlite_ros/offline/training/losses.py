"""
What the network is trained for: known grasps again, a tidy latent space, and sound physics.

The physics is that of the planner: the terms of ``mechanics.energy_terms``, on the objects as they
are, not on augmented clouds. Letters: B grasps, D numbers of a grasp's vector.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import get_args, Literal

import torch
from torch import nn, Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.mechanics.energy_terms import EnergyTerms, EnergyWeights, penetration
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.network.grasp_network import GraspNetwork
from dexlite_ros.object.field_bank import FieldBank
from dexlite_ros.offline.training.batches import Batch

PhysicsLoss = Literal[
    'force_closure', 'equilibrium', 'contact_distance', 'penetration', 'self_penetration',
    'joint_limits']
PHYSICS: tuple[PhysicsLoss, ...] = get_args(PhysicsLoss)
"""The energies that train."""


@dataclass(frozen=True)
class LossSettings:
    """Weights of the losses."""

    reconstruction: float = 1.0
    """Of the squared error, summed over the vector."""
    divergence: float = 0.001
    """Of the Kullback-Leibler divergence, summed over the latent code [1/nat]."""
    physics: EnergyWeights = field(default_factory=EnergyWeights.dexlite)
    margin: float = 0.0
    """Gap between hand and object below which penetration begins [m]."""
    drawn: float = 0.0
    """Weight of the physics of grasps decoded from drawn codes; known ones have weight 1."""
    ramp: float = 0.0
    """Share of the training in which the physics grows to its weight: it would hide the grasps."""

    def physics_share(self, progress: float) -> float:
        """Return how much of its weight the physics has after a share of the training."""
        return min(1.0, progress / self.ramp) if self.ramp else 1.0


class TrainingLoss(nn.Module):
    """The network and its losses: one module, so that processes can share its gradients."""

    def __init__(
        self, network: GraspNetwork, geometry: HandGeometry, settings: LossSettings
    ) -> None:
        super().__init__()
        self.network = network
        self.geometry = geometry
        self._settings = settings

    def forward(
        self,
        batch: Batch,
        bank: FieldBank,
        generator: torch.Generator,
        *,
        share: float = 1.0,
        bf16: bool = False,
    ) -> dict[str, Tensor]:
        """
        Return every loss by its name, unweighted, as means over the batch; 'total' is weighted.

        :param bank: fields of all objects
        :param generator: of latent codes, on the batch's device
        :param share: how much of its weight the physics has
        :param bf16: encode clouds in bfloat16
        """
        network, settings = self.network, self._settings
        seen = network.see(batch.points, batch.frames, bf16=bf16)
        where = batch.cloud, batch.point
        known = network.vectors(seen, *where, batch.grasps)
        latent = network.encode(seen, *where, known)
        decoded = network.decode(seen, *where, latent.draw(generator))
        losses = {
            'reconstruction': (decoded - known).square().sum(1),
            'divergence': latent.divergence()}
        total = (
            settings.reconstruction * losses['reconstruction']
            + settings.divergence * losses['divergence'])
        terms = self.physics(batch, bank, network.grasps(seen, *where, decoded))
        total = total + share * terms.total(settings.physics)
        losses |= {name: getattr(terms, name) for name in PHYSICS}
        if settings.drawn:
            code = torch.randn(
                latent.mean.shape, generator=generator, device=latent.mean.device)
            guess = network.grasps(seen, *where, network.decode(seen, *where, code))
            terms = self.physics(batch, bank, guess)
            total = total + share * settings.drawn * terms.total(settings.physics)
            losses |= {f'drawn_{name}': getattr(terms, name) for name in PHYSICS}
        losses['total'] = total
        return {name: loss.mean() for name, loss in losses.items()}

    def physics(self, batch: Batch, bank: FieldBank, grasps: GraspBatch) -> EnergyTerms:
        """Return the energies of grasps (B) given in the frames of the augmented clouds."""
        energy = GraspEnergy(
            self.geometry, bank.of(batch.object, batch.scale),
            EnergySettings(weights=self._settings.physics, margin=0.0))
        found = energy(batch.on_object(grasps), batch.active)
        return replace(
            found.terms, penetration=penetration(energy.gap(found.hand), self._settings.margin))

# SPDX-License-Identifier: Apache-2.0
"""
Losses of the network: reconstruction of known grasps, latent divergence, and physics.

The physics losses are the planner's ``mechanics.energy_terms``, evaluated on the original objects,
not on augmented clouds. Shapes: B grasps, D numbers of a grasp's vector.
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
"""The energies used as losses."""


@dataclass(frozen=True)
class LossSettings:
    """Weights of the losses."""

    reconstruction: float = 1.0
    """Weight of the squared error, summed over the vector."""
    divergence: float = 0.001
    """Weight of the Kullback-Leibler divergence, summed over the latent code [1/nat]."""
    physics: EnergyWeights = field(default_factory=EnergyWeights.dexlite)
    margin: float = 0.0
    """Distance between hand and object below which penetration is penalised [m]."""
    drawn: float = 0.0
    """Weight of the physics of grasps decoded from sampled codes; known grasps have weight 1."""
    ramp: float = 0.0
    """Fraction of the training over which physics ramps up; full physics would mask the grasps."""

    def physics_share(self, progress: float) -> float:
        """Return the factor on the physics weight after a fraction of the training."""
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
        Return the unweighted batch mean of every loss by name; 'total' is the weighted sum.

        :param bank: fields of all objects
        :param generator: generator of latent codes, on the batch's device
        :param share: factor on the weight of the physics
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

# SPDX-License-Identifier: Apache-2.0
"""The losses: values at known grasps, gradients, and effect of the weights."""

from dataclasses import replace

import pytest
import torch
from training import batches, coarse, examples, SMALL

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.network.grasp_network import GraspNetwork
from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.losses import LossSettings, PHYSICS, TrainingLoss

NOTHING = EnergyWeights(**dict.fromkeys(vars(EnergyWeights()), 0.0))
DEXLITE = LossSettings()


def network(rotation: str = '6d') -> GraspNetwork:
    """Return a small network, always the same."""
    torch.manual_seed(0)
    return GraspNetwork(SHADOW_RIGHT, replace(SMALL, rotation=rotation))


def losses(settings: LossSettings, share: float = 1.0) -> dict[str, torch.Tensor]:
    """Return the losses of the first batch."""
    loss = TrainingLoss(network(), coarse(), settings)
    batch = next(iter(batches().epoch(0, 0)))
    return loss(batch, examples().bank, torch.Generator().manual_seed(0), share=share)


def test_the_weights_of_the_original():
    """Reconstruction 1, divergence 0.001, then 1, 100, 100, 10, 1."""
    physics = EnergyWeights.dexlite()
    assert (DEXLITE.reconstruction, DEXLITE.divergence) == (1.0, 0.001)
    assert [getattr(physics, name) for name in PHYSICS] == [1.0, 0.0, 100.0, 100.0, 10.0, 1.0]


def test_known_grasps_have_little_physics_to_lose():
    """They touch, do not overlap and are legal, however their clouds are turned."""
    batch = next(iter(batches(augmentation=Augmentation()).epoch(0, 0)))
    loss = TrainingLoss(network(), coarse(), LossSettings(physics=EnergyWeights()))
    terms = loss.physics(batch, examples().bank, batch.grasps)
    assert terms.contact_distance.mean() < 0.03 and terms.penetration.mean() < 0.002
    assert terms.self_penetration.mean() < 0.002 and terms.joint_limits.max() < 1e-4
    assert terms.equilibrium.median() < 0.05


def test_the_total_is_the_weighted_sum():
    """Of reconstruction, divergence and the physics of known and of drawn codes."""
    settings = LossSettings(2.0, 0.3, EnergyWeights(obstacles=0.0), drawn=0.5)
    found = losses(settings, share=0.25)
    weights = vars(settings.physics)
    physics = sum(
        weights[name] * (found[name] + 0.5 * found[f'drawn_{name}']) for name in PHYSICS)
    expected = 2.0 * found['reconstruction'] + 0.3 * found['divergence'] + 0.25 * physics
    torch.testing.assert_close(found['total'], expected)


def test_the_margin_makes_touching_count_as_overlap():
    """More penetration with it than without, and nothing else changes."""
    without, with_margin = (losses(LossSettings(margin=margin)) for margin in (0.0, 0.002))
    assert with_margin['penetration'] > without['penetration']
    for name in set(PHYSICS) - {'penetration'}:
        assert torch.equal(with_margin[name], without[name])


@pytest.mark.parametrize('rotation', ['euler', '6d'])
def test_the_physics_reaches_the_rotation(rotation):
    """Its slope along every number of a rotation is the finite difference."""
    net = network(rotation).eval()
    loss = TrainingLoss(net, coarse(), LossSettings(physics=EnergyWeights.dexlite()))
    batch = next(iter(batches().epoch(0, 0)))
    seen = net.see(batch.points, batch.frames)
    vector = net.vectors(seen, batch.cloud, batch.point, batch.grasps).detach()
    vector = vector + 0.05 * torch.randn(
        vector.shape, generator=torch.Generator().manual_seed(0))

    def physics(vector: torch.Tensor) -> torch.Tensor:
        grasps = net.grasps(seen, batch.cloud, batch.point, vector)
        return loss.physics(batch, examples().bank, grasps).penetration

    leaf = vector.clone().requires_grad_()
    (slope,) = torch.autograd.grad(physics(leaf).sum(), leaf)
    with torch.no_grad():
        for column in range(3, net.code.size - 22):
            step = torch.zeros_like(vector)
            step[:, column] = 1e-3
            expected = (physics(vector + step) - physics(vector - step)) / 2e-3
            agreement = torch.corrcoef(torch.stack([slope[:, column], expected]))[0, 1]
            assert agreement > 0.98 and expected.abs().max() > 0.01


def test_physics_can_be_left_out():
    """Nothing of it is left in the gradient."""
    found = losses(LossSettings(physics=NOTHING))
    torch.testing.assert_close(
        found['total'], found['reconstruction'] + 0.001 * found['divergence'])


def test_the_physics_grows_over_the_first_epochs():
    """From nothing to all of it; at once without a ramp."""
    assert [LossSettings(ramp=0.4).physics_share(done) for done in (0, 0.1, 0.4, 0.9)] == [
        0.0, 0.25, 1.0, 1.0]
    assert LossSettings().physics_share(0) == 1.0

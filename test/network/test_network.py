# SPDX-License-Identifier: Apache-2.0
"""The network's parts: their invariances, round trips and gradients."""

from hands import random_grasps
import pytest
import torch

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.grasp_cvae import GraspCvae, Latent
from dexlite_ros.network.point_encoder import PointEncoder
from dexlite_ros.network.pose_code import PoseCode


@pytest.fixture
def clouds() -> torch.Tensor:
    """Return three clouds of a hundred points."""
    return torch.randn(3, 100, 3, generator=torch.Generator().manual_seed(0))


def test_the_order_of_points_does_not_matter(clouds):
    """Global features stay the same; local features follow their points."""
    encoder = PointEncoder().eval()
    order = torch.randperm(100, generator=torch.Generator().manual_seed(1))
    features, shuffled = encoder(clouds), encoder(clouds[:, order])
    torch.testing.assert_close(shuffled.whole, features.whole)
    torch.testing.assert_close(shuffled.local, features.local[:, order])
    assert features.whole.shape == (3, 256) and features.local.shape == (3, 100, 256)


def test_the_size_is_that_of_the_paper():
    """3-64-128-1024-256 with batch normalisation; 512 numbers of condition; a code of 256."""
    widths = [(3, 64), (64, 128), (128, 1024), (1024, 256)]
    expected = sum(a * b + b + 2 * b for a, b in widths)
    assert sum(part.numel() for part in PointEncoder().parameters()) == expected
    model = GraspCvae(28, 512)
    shapes = [tuple(layer.weight.shape) for layer in model.encoder[::2]]
    assert shapes == [(256, 540), (512, 256), (256, 512), (512, 256)]
    shapes = [tuple(layer.weight.shape) for layer in model.decoder[::2]]
    assert shapes == [(256, 768), (512, 256), (256, 512), (28, 256)]


def test_the_condition_is_the_cloud_and_the_point(clouds):
    """Each grasp gets the features of its own cloud and of its own point."""
    features = PointEncoder().eval()(clouds)
    condition = features.condition(torch.tensor([2, 0]), torch.tensor([7, 99]))
    torch.testing.assert_close(condition[0, :256], features.whole[2])
    torch.testing.assert_close(condition[1, 256:], features.local[0, 99])


@pytest.mark.parametrize('rotation', ['euler', '6d'])
def test_codes_are_the_grasps(rotation):
    """The round trip is the identity, joints span -1 to 1, and the vector has the right size."""
    code = PoseCode(SHADOW_RIGHT, rotation).double()
    grasps = random_grasps(50)
    vector = code.encode(grasps)
    assert vector.shape == (50, code.size) and code.size == {'euler': 28, '6d': 31}[rotation]
    again = code.decode(vector)
    for name in ('translation', 'rotation', 'joints'):
        torch.testing.assert_close(getattr(again, name), getattr(grasps, name))
    assert vector[:, -22:].abs().max() <= 1 + 1e-9


@pytest.mark.parametrize('rotation', ['euler', '6d'])
def test_gradients_reach_the_rotation(rotation):
    """A loss on the decoded rotation has a gradient for every number that encodes it."""
    code = PoseCode(SHADOW_RIGHT, rotation).double()
    weights = torch.randn(50, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    vector = code.encode(random_grasps(50)).requires_grad_()

    def loss(vector: torch.Tensor) -> torch.Tensor:
        return (weights * code.decode(vector).rotation).sum((1, 2))

    (gradient,) = torch.autograd.grad(loss(vector).sum(), vector)
    for column in range(3, code.size - 22):
        step = torch.zeros_like(vector)
        step[:, column] = 1e-6
        slope = (loss(vector + step) - loss(vector - step)) / 2e-6
        torch.testing.assert_close(gradient[:, column], slope, atol=1e-6, rtol=1e-5)
        assert slope.abs().mean() > 1e-2


def test_divergence_is_that_of_normal_distributions():
    """It agrees with torch and is zero only for the standard normal distribution."""
    generator = torch.Generator().manual_seed(0)
    latent = Latent(*torch.randn(2, 5, 8, generator=generator))
    normal = torch.distributions.Normal(latent.mean, (0.5 * latent.log_variance).exp())
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(latent.divergence(), expected.sum(1))
    assert Latent(torch.zeros(1, 8), torch.zeros(1, 8)).divergence().item() == 0


def test_draws_follow_their_distribution():
    """Draws have the given mean and spread, depend on the seed, and are differentiable."""
    mean, log_variance = torch.full((20000, 1), 2.0), torch.full((20000, 1), -1.0)
    mean.requires_grad_(), log_variance.requires_grad_()
    draws = Latent(mean, log_variance).draw(torch.Generator().manual_seed(0))
    assert draws.mean().item() == pytest.approx(2.0, abs=0.02)
    assert draws.std().item() == pytest.approx(torch.tensor(-0.5).exp().item(), rel=0.03)
    again = Latent(mean, log_variance).draw(torch.Generator().manual_seed(0))
    assert torch.equal(draws, again)
    draws.sum().backward()
    assert mean.grad.abs().sum() > 0 and log_variance.grad.abs().sum() > 0

"""
A conditional variational auto-encoder of grasps, in the size of DexLite.

Letters: B grasps, D numbers of a grasp's vector, C of its condition, Z of its latent code.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn, Tensor

LATENT = 256
HIDDEN = (256, 512, 256)


@dataclass(frozen=True)
class Latent:
    """Normal distributions of B latent codes."""

    mean: Tensor
    """(B, Z)"""
    log_variance: Tensor
    """(B, Z)"""

    def draw(self, generator: torch.Generator | None = None) -> Tensor:
        """Return one code (B, Z) of each, differentiable in the distributions."""
        noise = torch.randn(
            self.mean.shape, generator=generator, dtype=self.mean.dtype, device=self.mean.device)
        return self.mean + noise * (0.5 * self.log_variance).exp()

    def divergence(self) -> Tensor:
        """Return the Kullback-Leibler divergence (B,) from the standard normal distribution."""
        return 0.5 * (
            self.mean.square() + self.log_variance.exp() - 1 - self.log_variance).sum(1)


class GraspCvae(nn.Module):
    """Encodes grasps under a condition, and decodes codes under one."""

    def __init__(self, size: int, condition: int, latent: int = LATENT) -> None:
        """
        Build both halves.

        :param size: D
        :param condition: C
        """
        super().__init__()
        self.latent = latent
        self.encoder = _perceptron(size + condition, 2 * latent)
        self.decoder = _perceptron(latent + condition, size)

    def encode(self, vector: Tensor, condition: Tensor) -> Latent:
        """Return the latent distributions of vectors (B, D) under conditions (B, C)."""
        return Latent(*self.encoder(torch.cat([vector, condition], 1)).chunk(2, 1))

    def decode(self, code: Tensor, condition: Tensor) -> Tensor:
        """Return vectors (B, D) of codes (B, Z) under conditions (B, C)."""
        vector: Tensor = self.decoder(torch.cat([code, condition], 1))
        return vector


def _perceptron(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width, following in zip((inputs, *HIDDEN), HIDDEN):
        layers += [nn.Linear(width, following), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN[-1], outputs))

# SPDX-License-Identifier: Apache-2.0
"""
A conditional variational auto-encoder of grasps, of the same size as DexLite's.

Letters: B grasps; D, C and Z are the sizes of a grasp's vector, condition and latent code.
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
        """Return one code (B, Z) drawn from each, differentiable in mean and variance."""
        noise = torch.randn(
            self.mean.shape, generator=generator, dtype=self.mean.dtype, device=self.mean.device)
        return self.mean + noise * (0.5 * self.log_variance).exp()

    def divergence(self) -> Tensor:
        """Return (B,) Kullback-Leibler divergences from the standard normal distribution."""
        return 0.5 * (
            self.mean.square() + self.log_variance.exp() - 1 - self.log_variance).sum(1)


class GraspCvae(nn.Module):
    """Encodes grasp vectors, and decodes latent codes, given a condition."""

    def __init__(self, size: int, condition: int, latent: int = LATENT) -> None:
        """
        Build encoder and decoder.

        :param size: D, length of a grasp's vector
        :param condition: C, length of a condition
        :param latent: Z, length of a latent code
        """
        super().__init__()
        self.latent = latent
        self.encoder = _perceptron(size + condition, 2 * latent)
        self.decoder = _perceptron(latent + condition, size)

    def encode(self, vector: Tensor, condition: Tensor) -> Latent:
        """Return the latent distributions of vectors (B, D) given conditions (B, C)."""
        return Latent(*self.encoder(torch.cat([vector, condition], 1)).chunk(2, 1))

    def decode(self, code: Tensor, condition: Tensor) -> Tensor:
        """Return the vectors (B, D) decoded from codes (B, Z) given conditions (B, C)."""
        vector: Tensor = self.decoder(torch.cat([code, condition], 1))
        return vector


def _perceptron(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width, following in zip((inputs, *HIDDEN), HIDDEN):
        layers += [nn.Linear(width, following), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN[-1], outputs))

# SPDX-License-Identifier: Apache-2.0
"""
Fit the networks of the success model.

Each network is fitted to the same examples with other weights of the objects, drawn at random
(Bayesian bootstrap, Rubin 1981): where they differ, few objects speak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
from tqdm import tqdm

from dexlite_ros.offline.calibration.examples import Examples
from dexlite_ros.ranking.success_model import SuccessModel

USUAL_PER_SCENE = 100.0
"""Scenes with more examples weigh more, but only as the square root."""


@dataclass(frozen=True)
class FitSettings:
    """How the networks are fitted."""

    networks: int = 5
    hidden: int = 32
    epochs: int = 25
    batch: int = 512
    step_size: float = 3e-3
    weight_decay: float = 1.0
    dropout: float = 0.1
    seed: int = 0


def fit(
    examples: Examples, settings: FitSettings = FitSettings(), progress: bool = False
) -> SuccessModel:
    """Return a model fitted to all examples, without a description of them."""
    generator = torch.Generator().manual_seed(settings.seed)
    inputs = torch.from_numpy(examples.inputs.astype(np.float32))
    held = torch.from_numpy(examples.held.astype(np.float32))
    mean, scale = inputs.mean(0), inputs.std(0).clamp(min=1e-6)
    shares = torch.from_numpy(_shares(examples, settings).astype(np.float32))
    weights = _start(inputs.shape[1], settings, generator)
    optimizer = torch.optim.AdamW(
        list(weights.values()), settings.step_size, weight_decay=settings.weight_decay)
    batches = -(-len(inputs) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.step_size, settings.epochs * batches)
    model = SuccessModel({'mean': mean, 'scale': scale, **weights}, {})
    scaled = model.scaled(inputs)
    for _ in tqdm(range(settings.epochs), 'fit', unit='epoch', disable=not progress):
        for part in torch.randperm(len(inputs), generator=generator).split(settings.batch):
            logits = model.logits(scaled[part], settings.dropout, generator)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, held[part].expand_as(logits), reduction='none')
            optimizer.zero_grad()
            (loss * shares[:, part]).mean(1).sum().backward()
            optimizer.step()
            schedule.step()
    return SuccessModel({name: value.detach() for name, value in model.weights.items()}, {})


def _start(inputs: int, settings: FitSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """Return the weights to start from, which require gradients."""
    sizes = {'first': (inputs, settings.hidden), 'second': (settings.hidden, settings.hidden),
             'last': (settings.hidden, 1)}
    weights = {}
    for name, (rows, columns) in sizes.items():
        bound = rows ** -0.5
        shape = settings.networks, rows, columns
        weights[name] = bound * (2 * torch.rand(shape, generator=generator) - 1)
        weights[f'{name}_bias'] = torch.zeros(settings.networks, 1, columns)
    return {name: value.requires_grad_() for name, value in weights.items()}


def _shares(examples: Examples, settings: FitSettings) -> NDArray[np.float64]:
    """Return the weight (M, N) of each example in each network's fit; the mean is 1."""
    rng = np.random.default_rng(settings.seed)
    names, owner = np.unique(examples.object, return_inverse=True)
    drawn = rng.exponential(size=(settings.networks, len(names)))
    _, scene, count = np.unique(examples.scene, return_inverse=True, return_counts=True)
    shares = drawn[:, owner] * examples.weight * np.sqrt(USUAL_PER_SCENE / count[scene])
    normal: NDArray[np.float64] = shares / shares.mean(1, keepdims=True)
    return normal

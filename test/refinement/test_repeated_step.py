# SPDX-License-Identifier: Apache-2.0
"""Steps that are repeated give what a plain loop gives, on every device of this machine."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from dexlite_ros.refinement.repeated_step import repeated

DEVICES = ['cpu', *(['cuda'] if torch.cuda.is_available() else [])]


@dataclass(frozen=True)
class Pair:
    """Two numbers and nothing else."""

    first: Tensor
    second: Tensor
    nothing: Tensor | None = None


@dataclass(frozen=True)
class Count:
    """A pair within a state, and the number of steps."""

    pair: Pair
    steps: Tensor


def fibonacci(state: Count) -> Count:
    """Return the next two Fibonacci numbers."""
    pair = state.pair
    return Count(Pair(pair.second, pair.first + pair.second), state.steps + 1)


@pytest.mark.parametrize('device', DEVICES)
def test_every_step_follows_the_one_before(device):
    """Twenty steps give the numbers F(20) and F(21), also where both begin as one tensor."""
    one = torch.ones(1, dtype=torch.long, device=device)
    step = repeated(fibonacci, Count(Pair(one, one), torch.zeros_like(one)))
    seen = []
    for _ in range(20):
        step()
        seen.append(int(step.state.pair.first))
    assert seen[:6] == [1, 2, 3, 5, 8, 13]
    assert (seen[-1], int(step.state.pair.second), int(step.state.steps)) == (10946, 17711, 20)
    assert step.state.pair.nothing is None


@pytest.mark.parametrize('device', DEVICES)
def test_the_start_is_left_as_it_was(device):
    """The tensors that a search begins with belong to its caller."""
    one = torch.ones(1, dtype=torch.long, device=device)
    step = repeated(fibonacci, Count(Pair(one, one), torch.zeros_like(one)))
    for _ in range(8):
        step()
    assert int(one) == 1

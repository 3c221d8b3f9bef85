# SPDX-License-Identifier: Apache-2.0
"""
A step of tensors, taken many times: on a GPU it is recorded once and replayed as one CUDA graph.

A step of the refinement is some hundred small kernels. To launch them one by one from Python takes
longer than to compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

State = TypeVar('State')
StateOut = TypeVar('StateOut', covariant=True)

WARM_UP = 3
"""Steps taken before the recording, in which libraries set up what cannot be recorded."""


class RepeatedStep(Protocol[StateOut]):
    """Takes one step at each call."""

    @property
    def state(self) -> StateOut:
        """The state after the steps taken so far."""

    def __call__(self) -> None:
        """Take a step."""


def repeated(step: Callable[[State], State], start: State) -> RepeatedStep[State]:
    """
    Return what takes ``step`` from ``start`` on, again and again.

    :param step: a function of the state alone; on a GPU it must do the same operations each time,
        on tensors of the same shapes, without waiting for a result
    :param start: a tensor, or a dataclass of states and None; at least one tensor
    """
    on_gpu = next(_tensors(start)).is_cuda
    return _Recorded(step, start) if on_gpu else _Called(step, start)


class _Called(Generic[State]):
    def __init__(self, step: Callable[[State], State], start: State) -> None:
        self._step = step
        self.state = start

    def __call__(self) -> None:
        self.state = self._step(self.state)


class _Recorded(Generic[State]):
    """Replays a CUDA graph that reads the state and writes the next one in its place."""

    def __init__(self, step: Callable[[State], State], start: State) -> None:
        self._step = step
        self.state = _copied(start)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._stream = torch.cuda.Stream(next(_tensors(self.state)).device)
        self._taken = 0

    def __call__(self) -> None:
        self._taken += 1
        if self._graph is not None:
            self._graph.replay()
        elif self._taken <= WARM_UP:
            self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
            with torch.cuda.stream(self._stream):
                self._advance()
            torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)
        else:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(
                    self._graph, stream=self._stream, capture_error_mode='thread_local'):
                self._advance()
            self._graph.replay()
        # A caller that looks at the clock between steps must not run ahead of them.
        torch.cuda.current_stream(self._stream.device).synchronize()

    def _advance(self) -> None:
        for old, new in zip(_tensors(self.state), _tensors(self._step(self.state))):
            old.copy_(new)


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif is_dataclass(state):
        for each in fields(state):
            yield from _tensors(getattr(state, each.name))


def _copied(state: Any) -> Any:
    """Return the state with tensors of its own, none of which appears twice."""
    if isinstance(state, Tensor):
        return state.clone()
    if is_dataclass(state) and not isinstance(state, type):
        return type(state)(*(_copied(getattr(state, each.name)) for each in fields(state)))
    return state

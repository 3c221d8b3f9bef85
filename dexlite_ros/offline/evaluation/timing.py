# SPDX-License-Identifier: Apache-2.0
"""Wall times of repeated runs, and memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import resource
import statistics
import time

import numpy as np
import torch

SLOW = 10.0
"""A case that takes longer than this [s] is run once after the warm-up, whatever was asked for."""


@dataclass(frozen=True)
class Case:
    """Something to be timed."""

    name: str
    grasps: int
    """Grasps that one run yields."""
    run: Callable[[], object]
    series: str = ''
    """Curve that the case is a point of; empty: none."""
    place: float = 0.0
    """Position of that point along the curve."""


@dataclass(frozen=True)
class Timing:
    """Repeated runs of one case."""

    case: str
    runs: int
    median: float
    """Median time [s]."""
    p95: float
    """95th percentile of the time [s]."""
    rate: float
    """Grasps per second at the median."""
    series: str = ''
    place: float = 0.0


def measure(case: Case, runs: int) -> Timing:
    """Return the timing of a case: one warm-up run, then ``runs`` timed runs, one if slow."""
    begin = time.perf_counter()
    case.run()
    if time.perf_counter() - begin > SLOW:
        runs = 1
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        case.run()
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds)
    return Timing(
        case.name, runs, median, float(np.quantile(seconds, 0.95)), case.grasps / median,
        case.series, case.place)


def peak_memory(device: torch.device) -> float:
    """Return the peak memory of this process, on the GPU or in RAM [MiB]."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

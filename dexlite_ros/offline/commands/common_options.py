# SPDX-License-Identifier: Apache-2.0
"""Options shared by several commands; a command inherits those it needs."""

from __future__ import annotations

from dataclasses import dataclass
import math

from dexlite_ros.errors import InvalidRequest


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Format of the printed output."""

    json: bool = False
    """Print JSON instead of text."""


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Number of worker processes, and the time that one task may take."""

    workers: int = 0
    """Worker processes; 0: one per CPU."""
    time_limit: float = 1800.0
    """Time after which a single task is ended and left out, while the others go on [s];
    0: unlimited."""

    def __post_init__(self) -> None:
        if not 0 <= self.time_limit < math.inf:
            raise InvalidRequest('time-limit', self.time_limit, 'seconds, or 0 for no limit')


@dataclass(frozen=True, kw_only=True)
class OnDevice:
    """Device of the tensors."""

    device: str = 'auto'
    """One of auto, cpu, cuda, cuda:N."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Selection of objects from a folder."""

    split: str | None = None
    """Split in the folder's manifest.csv, such as dev; None: all."""
    tier: str | None = None
    """Tier in the folder's manifest.csv, such as core; None: all."""
    limit: int | None = None
    """Maximum number of objects, in order; None: all."""

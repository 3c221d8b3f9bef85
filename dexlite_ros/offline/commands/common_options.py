"""Options that several commands have; a command inherits those it needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Printed:
    """The printed output."""

    json: bool = False
    """Print JSON instead of text."""


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Worker processes."""

    workers: int = 0
    """Processes; 0: one per CPU."""


@dataclass(frozen=True, kw_only=True)
class OnDevice:
    """Where to compute."""

    device: str = 'auto'
    """One of auto, cpu, cuda, cuda:N."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Which objects of a folder to take."""

    split: str | None = None
    """Split in the folder's manifest.csv, such as dev; None: all."""
    tier: str | None = None
    """Tier in the folder's manifest.csv, such as core; None: all."""
    limit: int | None = None
    """Take the first so many objects; None: all."""

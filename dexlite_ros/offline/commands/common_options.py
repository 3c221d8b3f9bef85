# SPDX-License-Identifier: Apache-2.0
"""Options shared by several commands; a command inherits those it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dexlite_ros.hand.known_hands import DEFAULT_HAND, from_anywhere
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.objects.piece_cache import choose_cache


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Format of the printed output."""

    json: bool = False
    """Print JSON instead of text."""


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Number of worker processes, and the time that one task may take."""

    workers: Annotated[int, AT_LEAST_0] = 0
    """Worker processes; 0: one per CPU."""
    time_limit: Annotated[float, AT_LEAST_0] = 1800.0
    """Time after which a single task is ended and left out, while the others go on [s];
    0: unlimited."""


@dataclass(frozen=True, kw_only=True)
class Cached:
    """Place of the convex pieces that meshes are cut into."""

    cache: Path | None = None
    """Folder that keeps convex pieces for the next time; None: the variable DEXLITE_CACHE,
    else dexlite_ros in XDG_CACHE_HOME or ~/.cache. Where none can be written to, meshes are cut
    anew each time."""

    def choose_cache(self) -> None:
        """Use the folder in this process and its workers; say once if there can be none."""
        choose_cache(self.cache)


@dataclass(frozen=True, kw_only=True)
class OnDevice:
    """Device of the tensors."""

    device: str = 'auto'
    """One of auto, cpu, cuda, cuda:N. auto: the CPU for planning, which is faster there; for
    training and generating, the first GPU if there is one."""


@dataclass(frozen=True, kw_only=True)
class OfHand:
    """Which hand it is about."""

    hand: str = DEFAULT_HAND
    """Name of a hand, or path of a hand profile (.yaml). One without weights does without the
    network."""

    def known_hand(self) -> str:
        """
        Return the hand as worker processes find it, too.

        :raises UnsupportedHand, FileError: when there is none
        """
        return from_anywhere(self.hand)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Selection of objects from a folder."""

    split: str | None = None
    """Split in the folder's manifest.csv, such as dev; None: all."""
    tier: str | None = None
    """Tier in the folder's manifest.csv, such as core; None: all."""
    limit: Annotated[int | None, AT_LEAST_1] = None
    """Maximum number of objects, in order; None: all."""

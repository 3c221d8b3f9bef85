# SPDX-License-Identifier: Apache-2.0
"""Warnings about the input of a node in the node's log, without repeating them every second."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import threading
import time
from typing import Protocol

PERIOD = 60.0
"""Shortest time between two entries of the same code [s]."""


class Warned(Protocol):
    """A warning, such as a PlanWarning, that writes itself as one line."""

    @property
    def code(self) -> str:
        """What kind it is."""


class WarningLog:
    """Logs each code at most once per period; may be used by several threads."""

    def __init__(
        self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Start with no entries.

        :param write: writes one line, such as ``node.get_logger().warning``
        :param clock: returns seconds
        """
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def log(self, warnings: Iterable[Warned]) -> None:
        """Log the warnings whose code was not logged within the last period."""
        for warning in warnings:
            with self._lock:
                now = self._clock()
                if now - self._last.get(warning.code, -PERIOD) < PERIOD:
                    continue
                self._last[warning.code] = now
            self._write(str(warning))

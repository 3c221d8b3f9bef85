"""One call of the planner: what is wanted, by when, and whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import time

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import Cancelled, InvalidRequest, PlanningTimeout
from dexlite_ros.plan import StageTimes


@dataclass(frozen=True)
class PlanRequest:
    """One call of ``GraspPlanner.plan`` with all defaults filled in; checked when made."""

    num_candidates: int
    max_grasps: int
    min_score: float
    approach_direction: NDArray[np.float64] | None
    """(3,) any length; None: no wish."""
    approach_tolerance: float
    """[rad]"""
    optimize: bool
    seed: int
    timeout: float
    """[s]; infinite: no limit."""
    should_stop: Callable[[], bool] | None
    started: float = field(default_factory=time.monotonic)
    """Reading of ``time.monotonic`` when the call came in."""

    def __post_init__(self) -> None:
        for name in ('num_candidates', 'max_grasps'):
            if getattr(self, name) < 1:
                raise InvalidRequest(name, getattr(self, name), '1 or more')
        if not self.timeout > 0:
            raise InvalidRequest('timeout', self.timeout, 'more than 0 s')
        if self.approach_direction is not None:
            direction = np.asarray(self.approach_direction, dtype=np.float64)
            length = float(np.linalg.norm(direction))
            if direction.shape != (3,) or not 1e-6 < length < np.inf:
                raise InvalidRequest(
                    'approach_direction', direction.tolist(), 'a finite vector that is not zero')
            object.__setattr__(self, 'approach_direction', direction / length)

    def check_cancelled(self) -> None:
        """Raise when the caller wants to stop."""
        if self.should_stop is not None and self.should_stop():
            raise Cancelled()

    def check(self) -> None:
        """Raise when the caller wants to stop or the budget is spent."""
        self.check_cancelled()
        if time.monotonic() > self.deadline:
            raise PlanningTimeout(self.timeout)

    @property
    def deadline(self) -> float:
        """Reading of ``time.monotonic`` when the budget ends."""
        return self.started + self.timeout


class StopWatch:
    """Times the steps of one plan."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """End the step of this name."""
        now = time.monotonic()
        self._laps[name], self._last = now - self._last, now

    def times(self) -> StageTimes:
        """Return the time of every step so far [s]."""
        return StageTimes(**self._laps, total=time.monotonic() - self._start)

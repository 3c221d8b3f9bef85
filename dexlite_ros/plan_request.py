# SPDX-License-Identifier: Apache-2.0
"""One call of the planner: what is requested, the deadline, and cancellation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math
import time

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import Cancelled, InvalidRequest, PlanningTimeout
from dexlite_ros.plan import StageTimes


@dataclass(frozen=True, eq=False)
class PlanRequest:
    """The arguments of one call of ``GraspPlanner.plan``, checked on construction."""

    num_candidates: int | None = None
    """Grasps to propose; None: the planner's setting."""
    max_grasps: int | None = None
    """Grasps to return at most; None: the planner's setting."""
    min_score: float | None = None
    """Lowest score to return; None: the planner's setting."""
    approach_direction: NDArray[np.float64] | None = None
    """(3,) unit vector that the palm should face along, in the cloud's frame; None: any."""
    approach_tolerance: float = math.pi
    """Largest angle between that vector and the palm's direction [rad]."""
    optimize: bool = True
    """False: rank the proposals without refinement and without the quality filters."""
    seed: int = 0
    """The same seed, device and input give the same result."""
    timeout: float = math.inf
    """Time budget [s]; the best grasps so far are returned when it is spent."""

    def __post_init__(self) -> None:
        for name in ('num_candidates', 'max_grasps'):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidRequest(name, value, '1 or more')
        if not self.timeout > 0:
            raise InvalidRequest('timeout', self.timeout, 'more than 0 s')
        if self.approach_direction is not None:
            object.__setattr__(self, 'approach_direction', _unit(self.approach_direction))


def _unit(direction: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return a direction normalised to length 1 in double precision."""
    vector: NDArray[np.float64] = np.asarray(direction, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    # NaN compares false.
    if vector.shape != (3,) or not abs(length - 1.0) < 0.01:
        raise InvalidRequest('approach_direction', vector.tolist(), 'a unit vector')
    return vector / length


STEPS = {'surface': 0.0, 'propose': 0.2, 'refine': 0.25, 'stage': 0.9, 'rank': 0.95}
"""The steps of a plan in order, and the share of the work that is done when each begins."""


@dataclass(frozen=True)
class PlanProgress:
    """How far a plan is."""

    stage: str
    """One of ``STEPS``."""
    share: float
    """Share of the work that is done, in [0, 1]."""
    best_score: float = math.nan
    """Score of the best grasp so far; NaN before any was scored."""


class PlanClock:
    """Measures the steps of one plan, tells which one runs, and enforces the deadline."""

    def __init__(
        self,
        timeout: float = math.inf,
        should_stop: Callable[[], bool] | None = None,
        progress: Callable[[PlanProgress], None] | None = None,
    ) -> None:
        """
        Start the clock.

        :param timeout: time budget of the plan [s]
        :param should_stop: polled; returns true when the plan is no longer wanted
        :param progress: called with the progress at and within each step
        """
        self._progress = progress
        self._timeout = timeout
        self._start = self._last = time.monotonic()
        self._laps: dict[str, float] = {}
        self.should_stop = should_stop

    def lap(self, name: str) -> None:
        """End the current step and record its time under this name."""
        now = time.monotonic()
        self._laps[name], self._last = now - self._last, now

    def report(self, step: str, within: float = 0.0, best_score: float = math.nan) -> None:
        """
        Tell how far the plan is.

        :param step: the step that runs
        :param within: share of this step that is done
        :param best_score: of the grasps that are scored
        """
        if self._progress is not None:
            begin, *later = [share for name, share in STEPS.items() if share >= STEPS[step]]
            end = later[0] if later else 1.0
            self._progress(PlanProgress(step, begin + within * (end - begin), best_score))

    def times(self) -> StageTimes:
        """Return the times of the steps so far [s]."""
        return StageTimes(**self._laps, total=time.monotonic() - self._start)

    def deadline(self, share: float = 1.0) -> float:
        """Return the ``time.monotonic`` value at which this share of the budget is spent."""
        return self._start + share * self._timeout

    def check(self, ahead: float = 0.0) -> None:
        """
        Raise an error if planning has to end.

        :param ahead: time that the next step takes and during which nothing can end it [s]
        :raises Cancelled: when the caller cancelled the plan
        :raises PlanningTimeout: when the budget is spent, or would be by then
        """
        self.check_cancelled()
        if time.monotonic() + ahead > self.deadline():
            raise PlanningTimeout(self._timeout)

    def check_cancelled(self) -> None:
        """
        Raise an error if the plan is no longer wanted.

        :raises Cancelled: when the caller cancelled the plan
        """
        if self.should_stop is not None and self.should_stop():
            raise Cancelled()

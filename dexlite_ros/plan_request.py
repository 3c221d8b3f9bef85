"""One call of the planner: what is wanted, by when, and whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math
import time

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import Cancelled, InvalidRequest, PlanningTimeout
from dexlite_ros.plan import StageTimes


@dataclass(frozen=True)
class PlanRequest:
    """What one call of ``GraspPlanner.plan`` asks for; checked when made."""

    num_candidates: int | None = None
    """Grasps to propose; None: the planner's setting."""
    max_grasps: int | None = None
    """Grasps to return at most; None: the planner's setting."""
    min_score: float | None = None
    """Lowest score to return; None: the planner's setting."""
    approach_direction: NDArray[np.float64] | None = None
    """(3,) unit vector along which the palm should look, in the cloud's frame; None: any."""
    approach_tolerance: float = math.pi
    """Largest angle between it and the palm's direction [rad]."""
    optimize: bool = True
    """False ranks proposals as they are, without the filters on quality."""
    seed: int = 0
    """Same seed, device and input: same result."""
    timeout: float = math.inf
    """Budget [s]; the best so far is returned when it ends."""

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
    """Return a direction at length 1 to the last digit."""
    vector: NDArray[np.float64] = np.asarray(direction, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    # NaN compares false.
    if vector.shape != (3,) or not abs(length - 1.0) < 0.01:
        raise InvalidRequest('approach_direction', vector.tolist(), 'a unit vector')
    return vector / length


class PlanClock:
    """Times the steps of one plan, and knows when it has to end."""

    def __init__(
        self, timeout: float = math.inf, should_stop: Callable[[], bool] | None = None
    ) -> None:
        """
        Start the clock.

        :param timeout: budget of the plan [s]
        :param should_stop: polled; true means that nobody waits for the plan any more
        """
        self._timeout = timeout
        self._start = self._last = time.monotonic()
        self._laps: dict[str, float] = {}
        self.should_stop = should_stop

    def lap(self, name: str) -> None:
        """End the step of this name."""
        now = time.monotonic()
        self._laps[name], self._last = now - self._last, now

    def times(self) -> StageTimes:
        """Return the time of every step so far [s]."""
        return StageTimes(**self._laps, total=time.monotonic() - self._start)

    def deadline(self, share: float = 1.0) -> float:
        """Return the reading of ``time.monotonic`` when so much of the budget is spent."""
        return self._start + share * self._timeout

    def check(self) -> None:
        """
        Look whether to go on.

        :raises Cancelled: when the caller wants to stop
        :raises PlanningTimeout: when the budget is spent
        """
        self.check_cancelled()
        if time.monotonic() > self.deadline():
            raise PlanningTimeout(self._timeout)

    def check_cancelled(self) -> None:
        """
        Look whether the caller still waits.

        :raises Cancelled: when it wants to stop
        """
        if self.should_stop is not None and self.should_stop():
            raise Cancelled()

# SPDX-License-Identifier: Apache-2.0
"""Requests are checked on construction; the clock enforces the deadline of a plan."""

import math
import time

import numpy as np
import pytest

from dexlite_ros.errors import Cancelled, InvalidRequest, PlanningTimeout
from dexlite_ros.plan_request import PlanClock, PlanProgress, PlanRequest, STEPS


@pytest.mark.parametrize(('name', 'value'), [
    ('max_grasps', 0), ('num_candidates', -1), ('timeout', -1.0), ('timeout', math.nan),
    ('approach_direction', np.zeros(3)), ('approach_direction', np.array([np.nan] * 3)),
    ('approach_direction', np.array([0.0, 0.0, 2.0])), ('approach_direction', np.ones(2)),
])
def test_bad_values_are_named(name, value):
    """Each is rejected by name before anything is computed."""
    with pytest.raises(InvalidRequest, match=name):
        PlanRequest(**{name: value})


def test_directions_are_of_unit_length():
    """A direction with a rounding error is normalised to length 1."""
    direction = PlanRequest(approach_direction=np.array([0.6, 0.0, -0.801])).approach_direction
    assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-12)


def test_the_clock_knows_when_to_end():
    """A spent budget and a cancellation end the plan; the cancellation takes precedence."""
    PlanClock().check()
    with pytest.raises(PlanningTimeout):
        PlanClock(1e-9).check()
    with pytest.raises(Cancelled):
        PlanClock(1e-9, lambda: True).check()
    PlanClock(1e-9).check_cancelled()


def test_a_step_that_cannot_end_in_time_is_not_begun():
    """With nine seconds left, one of five is; one of twenty is not."""
    clock = PlanClock(10.0)
    clock.check(ahead=5.0)
    with pytest.raises(PlanningTimeout):
        clock.check(ahead=20.0)


def test_deadlines_are_shares_of_the_budget():
    """Half of ten seconds is five seconds from now; half of no limit is no limit."""
    assert PlanClock(10.0).deadline(0.5) - time.monotonic() == pytest.approx(5.0, abs=0.5)
    assert PlanClock().deadline(0.5) == math.inf


def test_laps_add_up():
    """Every step has its time, and they add up to the total."""
    clock = PlanClock()
    for name in ('surface', 'propose', 'refine', 'stage', 'rank'):
        clock.lap(name)
    times = vars(clock.times()).copy()
    assert times.pop('total') == pytest.approx(sum(times.values()), abs=0.01)


def test_progress_grows_from_step_to_step():
    """From 0 to 1, with no step going back; without a listener nothing happens."""
    told: list[PlanProgress] = []
    clock = PlanClock(progress=told.append)
    for step in STEPS:
        for within in (0.0, 0.5, 1.0):
            clock.report(step, within)
    shares = [each.share for each in told]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0.0, 1.0)
    assert [each.stage for each in told[::3]] == list(STEPS)
    assert all(math.isnan(each.best_score) for each in told)
    PlanClock().report('refine', 0.5, 0.9)

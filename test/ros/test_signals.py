# SPDX-License-Identifier: Apache-2.0
"""The planner node ends in time and answers every call, whenever a signal comes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

import rclpy
from signal_trials import IN_TIME, run_trial, summary

COUNT = 4
"""More by ``python test/helpers/signal_trials.py --count 100``."""


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    """Initialise rclpy for the clients."""
    rclpy.init()
    yield
    rclpy.try_shutdown()


def test_signals_at_random_moments(tmp_path: Path) -> None:
    """While the node starts, is configured, and during calls that run and wait."""
    with ThreadPoolExecutor(2) as pool:
        trials = list(pool.map(lambda index: run_trial(index, tmp_path, seed=7), range(COUNT)))
    # Within two seconds, unless the machine is busy with other things as well.
    assert all(trial.seconds < 2 * IN_TIME for trial in trials), summary(trials)
    planning = [trial for trial in trials if trial.phase == 'planning']
    assert {trial.status for trial in planning} == {0}, summary(trials)
    codes = [code for trial in trials for code in trial.codes]
    # At least one call each was in flight, and none was left without an answer.
    assert len(codes) >= len(planning) and None not in codes, summary(trials)

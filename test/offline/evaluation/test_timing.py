# SPDX-License-Identifier: Apache-2.0
"""Timings are of the public interface, warmed up, and say how many grasps per second they are."""

import pytest
import torch

from dexlite_ros.offline.evaluation.judge_timing import judge_cases
from dexlite_ros.offline.evaluation.timing import measure, peak_memory, refine_cases


def test_a_case_is_warmed_up_and_run(monkeypatch):
    """One run more than counts, median and rate of those that do."""
    clock = iter([0.0, 3.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr('time.perf_counter', lambda: next(clock))
    calls = []
    timing = measure('case', 10, lambda: calls.append(None), runs=3)
    assert len(calls) == 4
    assert (timing.case, timing.runs, timing.median) == ('case', 3, 2.0)
    assert timing.rate == pytest.approx(5.0) and 2.0 < timing.p95 <= 3.0


def test_cases_name_their_grasps():
    """One case for each size of batch, and memory is counted."""
    cases = refine_cases(torch.device('cpu'), 0, (1, 3))
    assert [(name.split(',')[0], count) for name, count, _ in cases] == [
        ('refine 1 grasps', 1), ('refine 3 grasps', 3)]
    assert peak_memory(torch.device('cpu')) > 50


def test_cases_of_the_judge():
    """The quick and the full pair of tests, on the same grasps."""
    (quick, count, run), (full, same, _) = judge_cases(0, 2)
    assert ('quick' in quick, 'full' in full, count, same) == (True, True, 2, 2)
    assert 0 <= run() <= 2

# SPDX-License-Identifier: Apache-2.0
"""Timings are of the public interface, warmed up, and say how many grasps per second they are."""

import numpy as np
import pytest
import torch

from dexlite_ros.object.mug import mug
from dexlite_ros.offline.evaluation.judge_timing import judge_cases
from dexlite_ros.offline.evaluation.timing import Case, measure, peak_memory
from dexlite_ros.offline.evaluation.timing_cases import refine_cases, table_view


def test_a_case_is_warmed_up_and_run(monkeypatch):
    """One run more than counts, median and rate of those that do."""
    clock = iter([0.0, 9.0, 0.0, 3.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr('time.perf_counter', lambda: next(clock))
    calls = []
    timing = measure(Case('case', 10, lambda: calls.append(None)), runs=3)
    assert len(calls) == 4
    assert (timing.case, timing.runs, timing.median) == ('case', 3, 2.0)
    assert timing.rate == pytest.approx(5.0) and 2.0 < timing.p95 <= 3.0


def test_a_slow_case_runs_once(monkeypatch):
    """Whatever was asked for."""
    clock = iter([0.0, 30.0, 40.0, 65.0])
    monkeypatch.setattr('time.perf_counter', lambda: next(clock))
    assert measure(Case('case', 1, lambda: None), runs=5).runs == 1


def test_cases_name_backend_threads_and_grasps():
    """One case for each backend, number of threads and size of batch; memory is counted."""
    cases = list(refine_cases(torch.device('cpu'), 0, (1, 3), ('fused', 'torch'), (1, 2)))
    assert [case.name.removeprefix('refine ') for case in cases] == [
        f'{count} grasps, {label}'
        for label in ('fused, 1 thread', 'fused, 2 threads', 'torch, 1 thread')
        for count in (1, 3)]
    assert [case.grasps for case in cases] == [1, 3] * 3
    cases[0].run()
    assert peak_memory(torch.device('cpu')) > 50


def test_the_table_is_below_the_mug():
    """The camera sees one side of the mug, and the table around it."""
    seen, table = table_view(np.random.default_rng(0))
    mesh = mug()
    assert len(seen) > 500 and np.ptp(seen.points[:, 2]) < mesh.extents[2] + 0.01
    assert abs(table[:, 2] - mesh.bounds[0, 2]).max() < 0.01
    assert np.hypot(*table[:, :2].T).min() > mesh.extents[:2].max() / 2 - 0.01


def test_cases_of_the_judge():
    """The quick and the full pair of tests, on the same grasps."""
    quick, full = judge_cases(0, 2)
    assert 'quick' in quick.name and 'full' in full.name
    assert quick.grasps == full.grasps == 2 and 0 <= quick.run() <= 2

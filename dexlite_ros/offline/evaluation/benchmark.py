# SPDX-License-Identifier: Apache-2.0
"""One report of all timing cases and the machine they ran on."""

from __future__ import annotations

from dataclasses import asdict
import datetime
import os
import platform
from typing import Any

import torch
from tqdm import tqdm

from dexlite_ros.device import describe_device, resolve_device
from dexlite_ros.offline.evaluation.timing import (
    BATCHES,
    CLOUD_SIZES,
    measure,
    peak_memory,
    plan_cases,
    refine_cases,
)


def benchmark(
    device: str, seed: int, runs: int, *, quick: bool = False, peer: bool = False
) -> dict[str, Any]:
    """
    Time planning and refinement, and return the report as plain data.

    :param device: auto, cpu, cuda or cuda:N
    :param runs: timed runs per case, after one warm-up run
    :param quick: run small cases only
    :param peer: also time the package Dex1B on the same hand, cloud and steps
    """
    resolved = resolve_device(device)
    cases = [
        *plan_cases(device, seed, CLOUD_SIZES[:2] if quick else CLOUD_SIZES),
        *refine_cases(resolved, seed, BATCHES[:2] if quick else BATCHES)]
    timings = [
        measure(name, grasps, run, runs)
        for name, grasps, run in tqdm(cases, unit='case', disable=None)]
    report = {
        'date': datetime.date.today().isoformat(),
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, one thread',
        'device': describe_device(resolved),
        'torch': torch.__version__,
        'timings': [asdict(timing) for timing in timings],
        'peak_memory_MiB': peak_memory(resolved),
    }
    if peer:
        from dexlite_ros.offline.evaluation.dex1b_timing import compare

        report['peer'] = compare(resolved, seed, runs)
    return report

# SPDX-License-Identifier: Apache-2.0
"""One report of all timing cases, their ratios, and the machine they ran on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
import datetime
from pathlib import Path
import platform
import tempfile
from typing import Any

import joblib
import torch
from tqdm import tqdm

from dexlite_ros.device import describe_device, planning_device
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.evaluation.judge_timing import judge_cases
from dexlite_ros.offline.evaluation.timing import Case, measure, peak_memory, Timing
from dexlite_ros.offline.evaluation.timing_cases import (
    BATCHES,
    command_case,
    growth_cases,
    hand_cases,
    hand_label,
    plan_cases,
    refine_cases,
    refine_label,
)
from dexlite_ros.refinement.backend import Backend, chosen_backend

QUICK_BATCHES = (1, 256)


def benchmark(
    device: str, seed: int, runs: int, *, backend: Backend = 'auto', threads: tuple[int, ...] = (),
    hands: tuple[str, ...] = (), quick: bool = False, growth: bool = False, peer: bool = False,
) -> dict[str, Any]:
    """
    Time planning and refinement, and return the report as plain data.

    :param device: auto, cpu, cuda or cuda:N
    :param runs: timed runs per case, after one warm-up run
    :param backend: of the plans; of the refinement too, unless it is 'auto': then all that can
        compute on the device
    :param threads: numbers of threads of the compiled refinement; empty: one, and one per core
    :param hands: names of further hands to plan for, or paths of their profiles
    :param quick: run few cases only
    :param growth: also plan with more candidates, more points and for larger objects
    :param peer: also time the package Dex1B on the same hand, cloud and steps
    """
    resolved = planning_device(device)
    cores = joblib.cpu_count()
    known = _backends(backend, resolved)
    numbers = threads or tuple(dict.fromkeys((1, cores)))
    with tempfile.TemporaryDirectory() as folder:
        cases = list(_cases(
            device, seed, backend, known, numbers, Path(folder), hands, quick=quick,
            growth=growth))
        timings = [measure(case, runs) for case in tqdm(cases, unit='case', disable=None)]
    report = {
        'date': datetime.date.today().isoformat(),
        'machine': f'{platform.machine()}, {cores} cores',
        'device': describe_device(resolved),
        'torch': torch.__version__,
        'timings': [asdict(timing) for timing in timings],
        'ratios': _ratios(timings, numbers) | _hand_ratios(timings, hands),
        'peak_memory_MiB': peak_memory(resolved),
    }
    if peer:
        from dexlite_ros.offline.evaluation.dex1b_timing import compare

        report['peer'] = compare(resolved, seed, runs)
    return report


def _backends(backend: Backend, device: torch.device) -> tuple[Backend, ...]:
    chosen = chosen_backend(backend, device)
    if backend == 'auto' and chosen != 'torch':
        return chosen, 'torch'
    return (chosen,)


def _cases(
    device: str, seed: int, backend: Backend, known: tuple[Backend, ...],
    threads: tuple[int, ...], folder: Path, hands: tuple[str, ...], *, quick: bool, growth: bool,
) -> Iterator[Case]:
    yield from plan_cases(device, seed, backend, quick=quick)
    if hands:
        yield from hand_cases(device, seed, backend, (DEFAULT_HAND, *hands))
    yield from refine_cases(
        planning_device(device), seed, QUICK_BATCHES if quick else BATCHES, known, threads)
    yield from judge_cases(seed)
    if growth:
        yield from growth_cases(device, seed, backend)
    if not quick:
        yield command_case(folder, seed)


def _ratios(timings: list[Timing], threads: tuple[int, ...]) -> dict[str, float]:
    """Return how many times as fast as torch the compiled backend refines each batch."""
    rate = {(each.series, each.place): each.rate for each in timings}
    ratios = {}
    for number in threads:
        label = refine_label('fused', number)
        for series, place in rate:
            reference = rate.get((f'refine, {refine_label("torch", 1)}', place))
            if series == f'refine, {label}' and reference:
                ratios[f'refine {place:.0f} grasps: {label} to torch'] = (
                    rate[series, place] / reference)
    return ratios


def _hand_ratios(timings: list[Timing], hands: Sequence[str]) -> dict[str, float]:
    """Return how many times as fast as for the default hand the others are planned for."""
    rate = {each.case: each.rate for each in timings}
    names = [find_hand(hand).name for hand in hands]
    return {f'plan for {name} to {DEFAULT_HAND}':
            rate[hand_label(name)] / rate[hand_label(DEFAULT_HAND)] for name in names}

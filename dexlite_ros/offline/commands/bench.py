"""``dexlite bench``: how long planning takes, through the public interface."""

from __future__ import annotations

import argparse
from dataclasses import asdict
import datetime
import json
import os
from pathlib import Path
import platform

import torch
from tqdm import tqdm

from dexlite_ros.device import describe_device, resolve_device
from dexlite_ros.files import replaced
from dexlite_ros.offline.evaluation.timing import (
    BATCHES,
    CLOUD_SIZES,
    measure,
    peak_memory,
    plan_cases,
    refine_cases,
)


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite bench``."""
    parser = argparse.ArgumentParser(
        prog='dexlite bench', description='Time planning and refining on a procedural mug. '
        'Every case is run once to warm up and then --runs times.')
    parser.add_argument('--runs', type=int, default=5, help='runs per case (5)')
    parser.add_argument('--device', default='auto')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--quick', action='store_true', help='small cases only')
    parser.add_argument('--peer', action='store_true', help="also time the package Dex1B's "
                        'post_optimize on the same hand, cloud and steps')
    parser.add_argument('--output', type=Path, help='write the figures as JSON here')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite bench``."""
    args = parser().parse_args(argv)
    device = resolve_device(args.device)
    cases = [
        *plan_cases(args.device, args.seed, CLOUD_SIZES[:2] if args.quick else CLOUD_SIZES),
        *refine_cases(device, args.seed, BATCHES[:2] if args.quick else BATCHES)]
    timings = [
        measure(name, grasps, run, args.runs)
        for name, grasps, run in tqdm(cases, unit='case', disable=None)]
    report = {
        'date': datetime.date.today().isoformat(),
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, one thread',
        'device': describe_device(device),
        'torch': torch.__version__,
        'timings': [asdict(timing) for timing in timings],
        'peak_memory_MiB': peak_memory(device),
    }
    if args.peer:
        from dexlite_ros.offline.evaluation.dex1b_timing import compare

        report['peer'] = compare(device, args.seed, args.runs)
    print(json.dumps(report, indent=1) if args.json else table(report))
    if args.output:
        with replaced(args.output) as temporary:
            temporary.write_text(json.dumps(report, indent=1) + '\n')
    return 0


def table(report: dict) -> str:
    """Return the report as text."""
    lines = [
        f'{report["device"]}, {report["machine"]}, torch {report["torch"]}, {report["date"]}',
        f'{"case":<44} {"median [s]":>10} {"p95 [s]":>9} {"grasps/s":>9}']
    lines += [
        f'{row["case"]:<44} {row["median"]:10.3f} {row["p95"]:9.3f} {row["rate"]:9.1f}'
        for row in report['timings']]
    lines.append(f'peak memory {report["peak_memory_MiB"]:.0f} MiB')
    if 'peer' in report:
        peer = report['peer']
        lines.append(
            f'Dex1B post_optimize, {peer["grasps"]} grasps, {peer["steps"]} steps: '
            f'{peer["peer_seconds"]:.2f} s; ours {peer["our_seconds"]:.2f} s: '
            f'{peer["ratio"]:.1f} times as fast')
    return '\n'.join(lines)

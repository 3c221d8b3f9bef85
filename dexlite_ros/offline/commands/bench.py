# SPDX-License-Identifier: Apache-2.0
"""``dexlite bench``: time planning through the public interface."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated, Any

import tyro

from dexlite_ros.files import replaced
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import OnDevice, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.evaluation.benchmark import benchmark
from dexlite_ros.offline.evaluation.growth_curves import draw_growth
from dexlite_ros.refinement.backend import Backend


@dataclass(frozen=True, kw_only=True)
class Bench(OnDevice, Printed):
    """
    Time planning and refinement on a procedural mug: seen from all sides, and on a table.

    Every case runs once to warm up and then --runs times; once if it takes over 10 s.
    """

    runs: Annotated[int, AT_LEAST_1] = 5
    """Runs per case."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the cloud and of the starts."""
    backend: Backend = 'auto'
    """What computes the refinement of the plans. auto: the compiled one on the CPU, else torch,
    and batches of grasps are refined with each that can compute on the device."""
    threads: Annotated[
        tuple[int, ...] | None, AT_LEAST_1, tyro.conf.arg(metavar='N [N ...]')] = None
    """Numbers of threads of the compiled refinement; None: 1, and one per core."""
    hands: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar='HAND [HAND ...]')] = None
    """Further hands to plan for, to compare with the right Shadow Hand: names, or paths of hand
    profiles (.yaml); None: none."""
    quick: bool = False
    """Time few cases only."""
    plot: Path | None = None
    """Draw how the times grow with grasps, candidates, points and the object's size here (PNG)."""
    peer: bool = False
    """Also time the package Dex1B's post_optimize on the same hand, cloud and steps."""
    output: Path | None = None
    """Write the figures as JSON here."""


def main(argv: list[str]) -> int:
    """Run ``dexlite bench``."""
    options = parse(Bench, 'dexlite bench', argv)
    report = benchmark(
        options.device, options.seed, options.runs, backend=options.backend,
        threads=options.threads or (), hands=options.hands or (), quick=options.quick,
        growth=options.plot is not None, peer=options.peer)
    text = json.dumps(report, indent=1)
    if options.output:
        with replaced(options.output) as temporary:
            temporary.write_text(f'{text}\n')
    if options.plot:
        draw_growth(report, options.plot)
    print(text if options.json else _table(report))
    return 0


def _table(report: dict[str, Any]) -> str:
    lines = [
        f'{report["device"]}, {report["machine"]}, torch {report["torch"]}, {report["date"]}',
        f'{"case":<52} {"median [s]":>10} {"p95 [s]":>9} {"grasps/s":>9}']
    lines += [
        f'{row["case"]:<52} {row["median"]:10.3f} {row["p95"]:9.3f} {row["rate"]:9.1f}'
        for row in report['timings']]
    lines += [f'{name}: {ratio:.1f} times as fast' for name, ratio in report['ratios'].items()]
    lines.append(f'peak memory {report["peak_memory_MiB"]:.0f} MiB')
    if 'peer' in report:
        peer = report['peer']
        lines.append(
            f'Dex1B post_optimize, {peer["grasps"]} grasps, {peer["steps"]} steps: '
            f'{peer["peer_seconds"]:.2f} s; ours {peer["our_seconds"]:.2f} s: '
            f'{peer["ratio"]:.1f} times as fast')
    return '\n'.join(lines)

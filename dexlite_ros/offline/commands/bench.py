# SPDX-License-Identifier: Apache-2.0
"""``dexlite bench``: time planning through the public interface."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated, Any

from dexlite_ros.files import replaced
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import OnDevice, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.evaluation.benchmark import benchmark


@dataclass(frozen=True, kw_only=True)
class Bench(OnDevice, Printed):
    """
    Time planning and refinement on a procedural mug.

    Every case runs once to warm up and then --runs times.
    """

    runs: Annotated[int, AT_LEAST_1] = 5
    """Runs per case."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the cloud and of the starts."""
    quick: bool = False
    """Time small cases only."""
    peer: bool = False
    """Also time the package Dex1B's post_optimize on the same hand, cloud and steps."""
    output: Path | None = None
    """Write the figures as JSON here."""


def main(argv: list[str]) -> int:
    """Run ``dexlite bench``."""
    options = parse(Bench, 'dexlite bench', argv)
    report = benchmark(
        options.device, options.seed, options.runs, quick=options.quick, peer=options.peer)
    text = json.dumps(report, indent=1)
    if options.output:
        with replaced(options.output) as temporary:
            temporary.write_text(f'{text}\n')
    print(text if options.json else _table(report))
    return 0


def _table(report: dict[str, Any]) -> str:
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

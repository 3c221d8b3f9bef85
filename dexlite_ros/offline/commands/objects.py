# SPDX-License-Identifier: Apache-2.0
"""``dexlite objects``: prepare objects, report their properties, and draw them."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import tyro

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Listed, Parallel, Printed
from dexlite_ros.offline.objects.overview import facts, write_overview
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.workers.processes import run_tasks


@dataclass(frozen=True, kw_only=True)
class Objects(Listed, Parallel, Cached, Printed):
    """
    Prepare objects as dexlite generate does, and show them.

    This covers mesh repair, convex pieces, mass, and resting poses in MuJoCo.
    """

    objects: tyro.conf.Positional[str]
    """Such as 'procedural:27', 'household:24', 'random_urdfs:20', or a folder of meshes."""
    unit: float = 1.0
    """Metres per unit of mesh files; 0.001: millimetres."""
    picture: Path | None = None
    """Write a PNG of all objects here."""


def main(argv: list[str]) -> int:
    """Run ``dexlite objects``; the exit code is 1 when some cannot be used."""
    options = parse(Objects, 'dexlite objects', argv)
    options.choose_cache()
    targets = find_objects(
        options.objects, options.split, options.tier, options.unit)[:options.limit]
    found = {
        target.name: row for target, row in run_tasks(
            facts, targets, workers=options.workers, unit='object', limit=options.time_limit,
            late=lambda _, why: {'error': why})}
    rows = {target.name: found[target.name] for target in targets}
    usable = [each for each in targets if 'error' not in rows[each.name]]
    if options.picture and usable:
        write_overview(options.picture, usable)
    print(json.dumps(rows, allow_nan=False) if options.json else _table(rows))
    return 0 if len(usable) == len(rows) else 1


def _table(rows: dict[str, dict[str, Any]]) -> str:
    width = max(len(name) for name in rows)
    lines = [f'{"object":<{width}}  {"size [mm]":>15}  {"volume [ml]":>11}  {"pieces":>6}  '
             f'{"split":5}  on a table']
    for name, row in rows.items():
        if 'error' in row:
            lines.append(f'{name:<{width}}  {row["error"]}')
            continue
        size = ' x '.join(f'{1e3 * side:.0f}' for side in row['size'])
        lines.append(
            f'{name:<{width}}  {size:>15}  {1e6 * row["volume"]:>11.0f}  {row["pieces"]:>6}  '
            f'{row["split"]:5}  {", ".join(row["poses"]) or "no resting pose"}')
        lines += [f'{"":<{width}}  mended: {each}' for each in row['mended']]
    usable = [row for row in rows.values() if 'error' not in row]
    lines.append(f'{sum(row["rests"] for row in usable)} of {len(usable)} objects rest on a table')
    return '\n'.join(lines)

# SPDX-License-Identifier: Apache-2.0
"""``dexlite stability``: which objects rest stably on a table, in one physics engine or two."""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.files import plain, write_json
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Listed, Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_1, POSITIVE
from dexlite_ros.offline.objects.mesh_folder import list_objects
from dexlite_ros.offline.objects.rest_trials import not_tried, RestTrial, Stability, try_object
from dexlite_ros.offline.physics.table_stability import Engine
from dexlite_ros.offline.workers.processes import run_tasks


@dataclass(frozen=True, kw_only=True)
class RestOnTable(Listed, Parallel, Cached, Printed):
    """
    Place objects on a table in their most likely resting poses.

    Reports which have moved less than 5 cm and turned less than 7 degrees after 2 s.
    """

    objects: tyro.conf.Positional[Path]
    """Folder of meshes, or folder with a manifest.csv."""
    engine: Annotated[tuple[Engine, ...], tyro.conf.arg(metavar='ENGINE [ENGINE]')] = ('mujoco',)
    """Physics engine, mujoco or pybullet; give both to compare them."""
    scale: Annotated[float, POSITIVE] = 1.0
    """Factor that converts the meshes to metres."""
    poses: Annotated[int, AT_LEAST_1] = 1
    """Poses per object, most likely first."""
    output: Path | None = None
    """Write the verdicts as JSON here."""


def main(argv: list[str]) -> int:
    """Run ``dexlite stability``."""
    options = parse(RestOnTable, 'dexlite stability', argv)
    options.choose_cache()
    objects = list_objects(options.objects, options.split, options.tier)[:options.limit]
    trials = [RestTrial(each, options.engine, options.poses, options.scale) for each in objects]
    results = {
        trial.target.name: result for trial, result in run_tasks(
            try_object, trials, workers=options.workers, unit='object', limit=options.time_limit,
            late=not_tried)}
    content = plain({name: asdict(results[name]) for name in sorted(results)})
    if options.output:
        write_json(options.output, content)
    print(json.dumps(content, allow_nan=False) if options.json
          else _table(results, options.engine))
    return 0


def _table(results: dict[str, Stability], engines: tuple[Engine, ...]) -> str:
    width = max(len(name) for name in results)
    lines = [f'{"object":<{width}}  ' + '  '.join(f'{engine:<28}' for engine in engines)]
    for name in sorted(results):
        cells = [', '.join(each.reason for each in results[name].verdicts[engine])
                 or results[name].error for engine in engines]
        lines.append(f'{name:<{width}}  ' + '  '.join(f'{cell:<28}' for cell in cells).rstrip())
        lines += [f'{"":<{width}}  mended: {each}' for each in results[name].mended]
    for engine in engines:
        rows = [each.verdicts[engine] for each in results.values()]
        stable = sum(any(each.passed for each in row) for row in rows)
        lines.append(f'{engine}: {stable} of {len(rows)} objects rest in a pose that was tried')
    if len(engines) > 1:
        alike = sum(each.agree() for each in results.values())
        lines.append(f'the engines agree on {alike} of {len(results)} objects')
    return '\n'.join(lines)

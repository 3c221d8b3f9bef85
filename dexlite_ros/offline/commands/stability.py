"""``dexlite stability``: which objects stay where they are put down, in one engine or two."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
import json
from pathlib import Path

from dexlite_ros.errors import DexliteError
from dexlite_ros.files import plain, write_json
from dexlite_ros.offline.objects.mesh_folder import list_objects, load_pieces, ObjectFile
from dexlite_ros.offline.physics.protocols import Verdict
from dexlite_ros.offline.physics.table_stability import ENGINES, resting_poses, table_stability
from dexlite_ros.offline.workers.processes import run_tasks


@dataclass(frozen=True)
class StabilityTask:
    """One object, and how it is tried."""

    target: ObjectFile
    engines: tuple[str, ...]
    poses: int
    scale: float


@dataclass(frozen=True)
class Stability:
    """Verdicts on one object."""

    verdicts: dict[str, list[Verdict]]
    """By engine, one for each pose, the likeliest first."""
    error: str = ''

    def agree(self) -> bool:
        """Tell whether all engines say the same about every pose; False without verdicts."""
        if self.error:
            return False
        answers = [[each.passed for each in row] for row in self.verdicts.values()]
        return all(each == answers[0] for each in answers)


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite stability``."""
    parser = argparse.ArgumentParser(
        prog='dexlite stability', description='Put objects down in their likeliest resting poses '
        'and tell which have moved less than 5 cm and turned less than 7 degrees after 2 s.')
    parser.add_argument('objects', help='folder of meshes, or with a manifest.csv')
    parser.add_argument('--split', help='of the manifest')
    parser.add_argument('--tier', help='of the manifest')
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--engine', nargs='+', choices=ENGINES, default=['mujoco'],
                        help='one, or both to compare them (mujoco)')
    parser.add_argument('--scale', type=float, default=1.0, help='factor to metres (1)')
    parser.add_argument('--poses', type=int, default=1, help='per object, likeliest first (1)')
    parser.add_argument('--workers', type=int, default=0, help='processes (0: one per CPU)')
    parser.add_argument('--output', type=Path, help='write the verdicts as JSON here')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite stability``."""
    args = parser().parse_args(argv)
    objects = list_objects(args.objects, args.split, args.tier)[:args.limit]
    tasks = [StabilityTask(each, tuple(args.engine), args.poses, args.scale) for each in objects]
    results = {
        task.target.name: result
        for task, result in run_tasks(try_object, tasks, workers=args.workers, unit='object')}
    content = plain({name: asdict(results[name]) for name in sorted(results)})
    if args.output:
        write_json(args.output, content)
    print(json.dumps(content, allow_nan=False) if args.json else _table(results, args.engine))
    return 0


def try_object(task: StabilityTask) -> Stability:
    """Return the verdicts on one object; workers call it."""
    try:
        mesh, pieces = load_pieces(task.target, task.scale)
        poses = resting_poses(mesh, task.poses)
        return Stability({
            engine: [table_stability(pieces, pose, engine) for pose in poses]
            for engine in task.engines})
    except DexliteError as error:
        return Stability({engine: [] for engine in task.engines}, str(error))


def _table(results: dict[str, Stability], engines: list[str]) -> str:
    width = max(len(name) for name in results)
    lines = [f'{"object":<{width}}  ' + '  '.join(f'{engine:<28}' for engine in engines)]
    for name in sorted(results):
        cells = [', '.join(each.reason for each in results[name].verdicts[engine])
                 or results[name].error for engine in engines]
        lines.append(f'{name:<{width}}  ' + '  '.join(f'{cell:<28}' for cell in cells).rstrip())
    for engine in engines:
        rows = [each.verdicts[engine] for each in results.values()]
        stable = sum(any(each.passed for each in row) for row in rows)
        lines.append(f'{engine}: {stable} of {len(rows)} objects rest in a pose that was tried')
    if len(engines) > 1:
        alike = sum(each.agree() for each in results.values())
        lines.append(f'the engines agree on {alike} of {len(results)} objects')
    return '\n'.join(lines)

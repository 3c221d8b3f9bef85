"""``dexlite validate``: does the hand hold the object, grasp by grasp."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import sys
import time

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import plain
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.offline.objects.mesh_folder import load_pieces, ObjectFile
from dexlite_ros.offline.physics.judge import find_test, judge, TESTS
from dexlite_ros.offline.physics.protocols import Verdict
from dexlite_ros.offline.physics.verdict_file import read_verdicts, Verdicts, write_verdicts
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.plan_file import GraspSet, read_grasps

CHUNK = 5
"""Grasps in a task: few, so that little is lost, enough to be worth a scene."""
SAVE_EVERY = 5.0
"""Time between writings of the file [s]."""


@dataclass(frozen=True)
class JudgeTask:
    """Some grasps of one object for one test."""

    test: str
    first: int
    grasps: StagedGrasp
    pieces: list[NDArray[np.float64]]
    hand: str
    table: float | None
    seed: int


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite validate``."""
    tests = '; '.join(f'{name}: {test.meaning}' for name, test in TESTS.items())
    parser = argparse.ArgumentParser(
        prog='dexlite validate', description='Simulate grasps in MuJoCo and tell which hold.',
        epilog=f'Tests: {tests}. The object weighs 0.1 kg, friction is 0.6, units are SI.')
    parser.add_argument('grasps', help='plan file (JSON) of dexlite plan or dexlite import')
    parser.add_argument('--object', required=True, dest='mesh',
                        help='mesh of the object, in the frame of the grasps (OBJ, STL, PLY)')
    parser.add_argument('--scale', type=float,
                        help='factor from the mesh to metres (as the plan file says, or 1)')
    parser.add_argument('--test', nargs='+', default=['six-forces'], choices=list(TESTS),
                        metavar='TEST', help=f'{", ".join(TESTS)} (six-forces)')
    parser.add_argument('--table', type=float, metavar='Z',
                        help='height of a table for the test lift [m]; default: none')
    parser.add_argument('--seed', type=int, default=0, help='of the noise (0)')
    parser.add_argument('--workers', type=int, default=0, help='processes (0: one per CPU)')
    parser.add_argument('--output', type=Path,
                        help='write the verdicts as JSON here; a file that is there is continued')
    parser.add_argument('--grasp', type=int, default=0, metavar='RANK',
                        help='the grasp to show, the best is 0 (0)')
    parser.add_argument('--picture', type=Path,
                        help='PNG of the start and the end of the first test')
    parser.add_argument('--video', type=Path, help='film of the first test, .mp4 or .gif')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite validate``; 0 when all was judged, whatever the verdicts."""
    args = parser().parse_args(argv)
    grasp_set = read_grasps(args.grasps)
    mesh, pieces = load_pieces(
        ObjectFile(Path(args.mesh).stem, Path(args.mesh)), args.scale or grasp_set.scale)
    if args.picture or args.video:
        _show(args, grasp_set, mesh, pieces)
    verdicts = _judge_all(args, grasp_set, pieces)
    if args.json:
        rows = {name: [plain(asdict(each)) for each in row] for name, row in verdicts.items()}
        print(json.dumps({'tests': rows}, allow_nan=False))
    else:
        print(_table(verdicts))
    return 0


def _judge_all(
    args: argparse.Namespace, grasp_set: GraspSet, pieces: list[NDArray[np.float64]]
) -> Verdicts:
    """Judge what the file does not know yet, and keep it up to date."""
    count = len(grasp_set.grasps)
    arrays = [part.numpy().tobytes() for batch in vars(grasp_set.grasps).values()
              for part in vars(batch).values()]
    key = fingerprint(*arrays, *(np.asarray(each).tobytes() for each in pieces),
                       [(name, find_test(name).key()) for name in args.test], args.table,
                       args.seed)
    verdicts: Verdicts = {name: [None] * count for name in args.test}
    if args.output and args.output.exists():
        known, found = read_verdicts(args.output)
        if known != key:
            raise InvalidRequest(
                'output', str(args.output), 'a new path: the file answers another question')
        verdicts = found
    tasks = [
        JudgeTask(name, first, grasp_set.grasps[first:first + CHUNK], pieces, grasp_set.hand,
                  args.table, args.seed)
        for name, row in verdicts.items() for first in range(0, count, CHUNK)
        if None in row[first:first + CHUNK]]
    saved = time.monotonic()
    try:
        for task, row in run_tasks(judge_task, tasks, workers=args.workers, unit='task'):
            verdicts[task.test][task.first:task.first + len(row)] = row
            if args.output and time.monotonic() > saved + SAVE_EVERY:
                write_verdicts(args.output, key, verdicts)
                saved = time.monotonic()
    finally:
        if args.output:
            write_verdicts(args.output, key, verdicts)
    return verdicts


def judge_task(task: JudgeTask) -> list[Verdict]:
    """Return the verdicts of one task; workers call it."""
    return list(judge(
        task.grasps, task.pieces, task.test, hand=task.hand, table=task.table, seed=task.seed,
        first=task.first))


def _show(
    args: argparse.Namespace,
    grasp_set: GraspSet,
    mesh: trimesh.Trimesh,
    pieces: list[NDArray[np.float64]],
) -> None:
    """Write picture and film of one grasp in the first of the tests."""
    from dexlite_ros.offline.physics.film import Filmer, record, write_film, write_picture

    if not 0 <= args.grasp < len(grasp_set.grasps):
        raise InvalidRequest(
            'grasp', args.grasp, f'a rank from 0 to {len(grasp_set.grasps) - 1}')
    test = find_test(args.test[0])
    scene = test.scene(pieces, grasp_set.hand, args.table)
    grasp = test.with_noise(grasp_set.grasps, args.grasp, args.seed, args.grasp)
    scene.pose(grasp.pregrasp, 0)
    begin = scene.link_poses()
    verdict, frames = record(test, scene, grasp, 0)
    label = f'{args.test[0]}: {verdict.reason}'
    # In the object's own frame the mesh and the pieces lie the same way.
    filmer = Filmer(scene, mesh, begin)
    if args.picture:
        print(f'picture: {write_picture(args.picture, filmer, [begin, *frames], label)}',
              file=sys.stderr)
    if args.video:
        print(f'video: {write_film(args.video, filmer, frames, label)}', file=sys.stderr)


def _table(verdicts: Verdicts) -> str:
    lines = ['grasp  ' + '  '.join(f'{name:<18}' for name in verdicts)]
    for index, row in enumerate(zip(*verdicts.values())):
        lines.append(f'{index:5d}  ' + '  '.join(
            f'{("+ " if each.passed else "- ") + each.reason:<18}' for each in row).rstrip())
    for name, row in verdicts.items():
        passed = sum(each.passed for each in row)
        reasons = Counter(each.reason for each in row if not each.passed)
        why = ', '.join(f'{reason} {count}' for reason, count in reasons.most_common())
        lines.append(
            f'{name}: {passed} of {len(row)} hold ({100 * passed / max(len(row), 1):.1f} %)'
            + (f'; not: {why}' if why else ''))
    return '\n'.join(lines)

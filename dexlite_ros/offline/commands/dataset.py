"""``dexlite dataset``: look at datasets, check them, join them, draw from them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.dataset import figures
from dexlite_ros.offline.dataset.checks import Content, verify
from dexlite_ros.offline.dataset.merging import merge
from dexlite_ros.offline.dataset.rejudging import rejudge
from dexlite_ros.offline.dataset.schema import stages_from_table, TESTS
from dexlite_ros.offline.dataset.store import GraspDataset, held, keys
from dexlite_ros.offline.objects.procedural.solids import union
from dexlite_ros.output.picture import ColouredMesh, grasp_panel, OBJECT_COLOUR, write_sheet
from dexlite_ros.output.plan_file import GraspSet, write_grasps

PANEL = (320, 320)
COLUMNS = 4
SHOWN = 3
"""Broken rows that are named."""


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite dataset``."""
    parser = argparse.ArgumentParser(
        prog='dexlite dataset', description='Datasets that dexlite generate wrote; see '
        'docs/data.md.')
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    for name, text in (
            ('info', 'count what is in it'), ('verify', 'check every law it has to obey'),
            ('sample', 'draw grasps, as a picture and as plan files')):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument('dataset', type=Path, help='its folder')
        action.add_argument('--json', action='store_true', help='print JSON, not text')
        if name == 'info':
            action.add_argument('--only', nargs='+', metavar='NAME',
                                help="count these objects; 'bm_*' works")
        else:
            action.add_argument('--seed', type=int, default=0, help='of what is drawn (0)')
        if name == 'verify':
            action.add_argument('--judge', type=int, default=0, metavar='N',
                                help='judge so many of the grasps that held once more, by the '
                                'full tests (0)')
            action.add_argument('--pass-share', type=float, default=0.97, metavar='S',
                                help='share of them that has to hold again (0.97)')
            action.add_argument('--workers', type=int, default=0, help='(0: one per CPU)')
        if name == 'sample':
            action.add_argument('--count', type=int, default=12, help='grasps to draw (12)')
            action.add_argument('--failed', action='store_true',
                                help='draw from those that did not hold')
            action.add_argument('--output', type=Path, required=True,
                                help='folder for sample.png and a plan file per grasp')
    action = actions.add_parser('merge', help='join datasets into a compact one')
    action.add_argument('datasets', type=Path, nargs='+', help='their folders')
    action.add_argument('--output', type=Path, required=True, help='a new folder')
    action.add_argument('--json', action='store_true', help='print JSON, not text')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite dataset``."""
    args = parser().parse_args(argv)
    return {'info': _info, 'verify': _verify, 'sample': _sample, 'merge': _merge}[args.action](
        args)


def _info(args: argparse.Namespace) -> int:
    content = figures.figures(GraspDataset.open(args.dataset), args.only)
    if args.only and not content['objects']['all']:
        raise InvalidRequest('only', args.only, 'the name of an object, or a pattern')
    print(json.dumps(content, allow_nan=False) if args.json else figures.text(content))
    return 0


def _merge(args: argparse.Namespace) -> int:
    merged = merge([GraspDataset.open(folder) for folder in args.datasets], args.output)
    content = figures.figures(merged)
    print(json.dumps(content, allow_nan=False) if args.json else figures.text(content))
    return 0


def _verify(args: argparse.Namespace) -> int:
    """Check everything; the exit code is 1 when a law is broken."""
    rng = np.random.default_rng(args.seed)
    content = Content.of(GraspDataset.open(args.dataset))
    if not content.keys:
        raise InvalidRequest('dataset', str(args.dataset), 'one with grasps in it')
    checks = verify(content, rng)
    passed = all(check.passed for check in checks)
    again = {}
    if args.judge < 0 or not 0 <= args.pass_share <= 1:
        raise InvalidRequest(
            'judge and pass-share', (args.judge, args.pass_share), '0 or more, and a share')
    if args.judge and passed:
        again = rejudge(content, args.judge, rng, args.workers)
        passed = bool(again) and sum(again.values()) >= args.pass_share * len(again)
    if args.json:
        print(json.dumps({
            'passed': passed,
            'checks': [{'name': each.name, 'rows': each.rows, 'broken': each.broken,
                        'passed': each.passed} for each in checks],
            'judged_again': again}))
        return 0 if passed else 1
    for each in checks:
        names = ': ' + ', '.join(each.broken[:SHOWN]) if each.broken else ''
        print(f'{"ok  " if each.passed else "FAIL"} {each.name} '
              f'({len(each.broken)} of {each.rows} do not{names})')
    if again:
        share = sum(again.values()) / len(again)
        lost = ', '.join(key for key, good in again.items() if not good)
        print(f'{"ok  " if share >= args.pass_share else "FAIL"} {sum(again.values())} of '
              f'{len(again)} hold again ({share:.1%}; wanted {args.pass_share:.0%})'
              + (f'; not: {lost}' if lost else ''))
    return 0 if passed else 1


def _sample(args: argparse.Namespace) -> int:
    dataset = GraspDataset.open(args.dataset)
    table = dataset.grasps()
    wanted = np.flatnonzero(held(table) != args.failed)
    if args.count < 1:
        raise InvalidRequest('count', args.count, '1 or more')
    if not len(wanted):
        raise InvalidRequest(
            'failed', args.failed, 'the other choice: the dataset has no such grasps')
    rows = np.random.default_rng(args.seed).choice(
        wanted, min(args.count, len(wanted)), replace=False)
    table = table.take(rows)
    grasps, objects, names = stages_from_table(table), dataset.prepared(table), keys(table)
    panels = []
    for index, name in enumerate(names):
        target, scale = objects[table['object'][index].as_py()], table['scale'][index].as_py()
        grasp = grasps[torch.tensor([index])]
        write_grasps(
            GraspSet(grasp, dataset.hand, target.name, scale),
            args.output / f'{file_name(name)}.json')
        reasons = [table[f'{test}_reason'][index].as_py() for test in TESTS]
        panels.append(_panel(
            dataset.hand, grasp, target, scale,
            f'{target.name} x {scale:g}\n{", ".join(dict.fromkeys(reasons))}'))
    picture = write_sheet(args.output / 'sample.png', panels, min(COLUMNS, len(panels)))
    print(json.dumps({'picture': str(picture), 'keys': names}) if args.json
          else '\n'.join([*names, f'picture: {picture}']))
    return 0


def file_name(key: str) -> str:
    """Return the key of a grasp as a name for a file."""
    return key.replace('/', '_').replace(':', '_')


def _panel(
    hand: str, grasp: object, target: object, scale: float, label: str
) -> Image.Image:
    mesh = union([piece * scale for piece in target.pieces])
    shown = ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), OBJECT_COLOUR)
    return grasp_panel(hand, grasp.grasp, shown, label, PANEL)

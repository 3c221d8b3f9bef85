"""``dexlite objects``: what objects are made of, how they rest, what they look like."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from dexlite_ros.errors import FileError, UnusableObject
from dexlite_ros.offline.objects.prepared_object import prepare, PreparedObject
from dexlite_ros.offline.objects.sources import find_objects, load_target, Target
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.picture import (
    ColouredMesh,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)

PANEL = (200, 200)
COLUMNS = 9
VIEW = np.array([1.0, -1.6, 1.1])


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite objects``."""
    parser = argparse.ArgumentParser(
        prog='dexlite objects', description='Make objects ready as dexlite generate does: repair, '
        'convex pieces, mass, resting poses in MuJoCo; and show them.')
    parser.add_argument('objects', help="'procedural:27', 'random_urdfs:20', or a folder")
    parser.add_argument('--split', help='of a manifest')
    parser.add_argument('--tier', help='of a manifest')
    parser.add_argument('--unit', type=float, default=1.0, metavar='M',
                        help='metres per unit of mesh files (1); 0.001: millimetres')
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--workers', type=int, default=0, help='processes (0: one per CPU)')
    parser.add_argument('--picture', type=Path, help='write a PNG of all of them here')
    parser.add_argument('--json', action='store_true', help='print JSON, not a table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite objects``; the exit code is 1 when some cannot be used."""
    args = parser().parse_args(argv)
    targets = find_objects(args.objects, args.split, args.tier, args.unit)[:args.limit]
    found = {
        target.name: result for target, result in run_tasks(
            _prepare, targets, workers=args.workers, unit='object')}
    rows = {name: _row(found[name]) for name in (target.name for target in targets)}
    usable = [each for each in targets if isinstance(found[each.name], PreparedObject)]
    if args.picture and usable:
        write_sheet(args.picture, [_panel(each) for each in usable], min(COLUMNS, len(usable)))
    print(json.dumps(rows, allow_nan=False) if args.json else _table(rows))
    return 1 if any('error' in row for row in rows.values()) else 0


def _prepare(target: Target) -> PreparedObject | str:
    """Return an object, or why it cannot be used; workers call it."""
    try:
        return prepare(target)
    except (FileError, UnusableObject) as error:
        return str(error)


def _row(prepared: PreparedObject | str) -> dict:
    """Return what is known of an object as plain data."""
    if isinstance(prepared, str):
        return {'error': prepared}
    return {
        'family': prepared.family, 'licence': prepared.licence, 'digest': prepared.digest,
        'split': prepared.split, 'size': np.ptp(prepared.points, axis=0).tolist(),
        'volume': prepared.volume, 'centre_of_mass': prepared.centre_of_mass.tolist(),
        'inertia': prepared.inertia.tolist(), 'pieces': len(prepared.pieces),
        'rests': prepared.rests, 'poses': [each.verdict.reason for each in prepared.poses]}


def _table(rows: dict[str, dict]) -> str:
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
    usable = [row for row in rows.values() if 'error' not in row]
    lines.append(f'{sum(row["rests"] for row in usable)} of {len(usable)} objects rest on a table')
    return '\n'.join(lines)


def _panel(target: Target) -> Image.Image:
    mesh, _ = load_target(target)
    panel = render(
        [ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), OBJECT_COLOUR)],
        VIEW, PANEL)
    write_label(panel, target.name)
    return panel

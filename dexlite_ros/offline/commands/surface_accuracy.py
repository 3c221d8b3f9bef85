"""``dexlite surface-accuracy``: how near closed surfaces come to the truth."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
import json
from pathlib import Path
import sys

import numpy as np

from dexlite_ros.offline.evaluation.surface_accuracy import Accuracy, mean_of, measure_all
from dexlite_ros.offline.objects.measured_cloud import Setup
from dexlite_ros.offline.objects.mesh_folder import list_objects


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='dexlite surface-accuracy', description=__doc__)
    parser.add_argument('--objects', type=Path, required=True, metavar='DIR',
                        help='folder of manifest.csv and <name>/mesh.obj')
    parser.add_argument('--split', default='dev', choices=('train', 'dev', 'all'))
    parser.add_argument('--tier', default='core', choices=('core', 'hard', 'all'))
    parser.add_argument('--limit', type=int, default=None, help='number of objects')
    parser.add_argument('--view', default='full', choices=('full', 'single'),
                        help='points all around, or one camera')
    parser.add_argument('--points', type=int, default=2048, help='points of a full cloud')
    parser.add_argument('--noise', type=float, default=None,
                        help='standard deviation [m]; default 0 for full, 0.001 for single')
    parser.add_argument('--no-support', action='store_true',
                        help='do not tell the plane the object stands on')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    noise = options.noise if options.noise is not None else 0.001 * (options.view == 'single')
    setup = Setup(options.view, options.points, noise, not options.no_support, options.seed)
    wanted = [None if each == 'all' else each for each in (options.split, options.tier)]
    files = list_objects(options.objects, *wanted)
    order = np.random.default_rng(0).permutation(len(files))[: options.limit]  # mixes families
    results, failed = measure_all([files[i] for i in order], setup)
    if options.json:
        rows = [asdict(row) for row in results]
        document = {'version': 1, 'setup': asdict(setup), 'objects': rows, 'failed': failed}
        document['mean'] = asdict(mean_of(results)) if results else None
        sys.stdout.write(json.dumps(document, indent=1) + '\n')
    else:
        sys.stdout.writelines(f'{line}\n' for line in _table(results, failed))
    return 0 if results else 1


def _table(results: list[Accuracy], failed: dict[str, str]) -> Iterator[str]:
    yield (
        f'{"object":<32}{"method":<24}{"error":>7}{"bias":>7}{"wrong":>8}{"normal":>8}'
        f'{"IoU":>7}{"seen":>7}{"time":>7}'
    )
    yield f'{"":<56}{"mm":>7}{"mm":>7}{"%":>8}{"deg":>8}{"%":>7}{"%":>7}{"s":>7}'
    for row in [*results, *([mean_of(results)] if results else [])]:
        yield (
            f'{row.name:<32}{row.method:<24}{row.error:7.2f}{row.bias:7.2f}'
            f'{100 * row.wrong_sign:8.2f}{row.normal_error:8.1f}{100 * row.iou:7.1f}'
            f'{100 * row.seen_fraction:7.1f}{row.seconds:7.2f}'
        )
    for name, reason in failed.items():
        yield f'{name:<32}failed: {reason}'

"""``dexlite generate``: grasps by the thousand, judged, in a dataset that grows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, UTC
from fnmatch import fnmatch
import json
from pathlib import Path
import shlex

from dexlite_ros import __version__
from dexlite_ros.device import resolve_device
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.evaluation import commit
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.generation.candidates import generation_settings, propose
from dexlite_ros.offline.generation.judged import generate, Generated, judge_candidates, JUDGES
from dexlite_ros.offline.generation.parents import find_parents
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.judging import find_test
from dexlite_ros.offline.object_source import find_objects, Target
from dexlite_ros.offline.parallel import run_tasks
from dexlite_ros.offline.verdict_file import question_key
from dexlite_ros.success_model import SuccessModel

REPORTED_ON = ('dev', 'test')
"""Splits that must never be trained on."""


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite generate``."""
    parser = argparse.ArgumentParser(
        prog='dexlite generate', description='Propose grasps on many objects, judge them in '
        'MuJoCo (six forces, lift), and keep all with their verdicts in a dataset. Interrupted, '
        'it goes on where it stopped when called again; see docs/data.md.')
    parser.add_argument('--objects', nargs='+', required=True, metavar='SOURCE',
                        help="'procedural:40', 'procedural:40-80', 'random_urdfs:20', or a folder "
                        'of meshes or with a manifest.csv')
    parser.add_argument('--split', default='train', help='of a manifest (train)')
    parser.add_argument('--tier', help='of a manifest, such as core')
    parser.add_argument('--only', nargs='+', metavar='NAME', help="these objects; 'bm_*' works")
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--scales', nargs='+', type=float, default=[1.0], metavar='S',
                        help='factors to the size of each object (1)')
    parser.add_argument('--seed', type=int, default=0, help='the first seed (0)')
    parser.add_argument('--seeds', type=int, default=1, help='how many seeds (1)')
    parser.add_argument('--candidates', type=int, default=512,
                        help='started from per object, scale and seed (512)')
    parser.add_argument('--grasps', type=int, default=40,
                        help='judged per object, scale and seed, at most (40)')
    parser.add_argument('--expand', type=Path, metavar='DATASET',
                        help='do not start anew but from the grasps there that held')
    parser.add_argument('--workers', type=int, default=0,
                        help='processes on this machine (0: one per CPU)')
    parser.add_argument('--ray', metavar='ADDRESS',
                        help="work on a Ray cluster instead: its address, or 'auto'")
    parser.add_argument('--device', default='auto', help='for refining: auto, cpu, cuda (auto)')
    parser.add_argument('--output', type=Path, required=True, help='folder of the dataset')
    parser.add_argument('--json', action='store_true', help='print JSON, not a summary')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite generate``."""
    args = parser().parse_args(argv)
    for name in ('seeds', 'candidates', 'grasps'):
        if getattr(args, name) < 1:
            raise InvalidRequest(name, getattr(args, name), '1 or more')
    if min(args.scales) <= 0:
        raise InvalidRequest('scales', args.scales, 'positive numbers')
    targets = _targets(args)
    dataset = _dataset(args)
    tasks = _tasks(args, targets, dataset)
    _note_run(dataset, argv)
    tally = log.Tally()
    figures = []
    for task, result in _run(args, tasks, tally):
        if 'error' not in result.figures:
            if result.target is not None:
                dataset.write_objects(result.target, dataset.object_file(task.target.name))
            dataset.write_grasps(result.grasps, dataset.shard(task.target.name, task.name))
        log.append(dataset.folder / 'log.jsonl', result.figures)
        figures.append(result.figures)
    if args.json:
        print(json.dumps({'tasks': figures, 'per_hour': tally.per_hour()}))
    else:
        rates = ', '.join(f'{rate:.0f} {name}' for name, rate in tally.per_hour().items())
        print(f'{len(figures)} of {len(tasks)} missing tasks done in this run; per hour: {rates}')
        print(log.summary(log.read(dataset.folder / 'log.jsonl')))
    return 0


def _targets(args: argparse.Namespace) -> list[Target]:
    if args.split in REPORTED_ON:
        raise InvalidRequest(
            'split', args.split, 'another one: what is reported on must not be trained on')
    found: dict[str, Target] = {}
    for source in args.objects:
        manifest = (Path(source) / 'manifest.csv').is_file()
        for target in find_objects(
                source, args.split if manifest else None, args.tier if manifest else None):
            if found.setdefault(target.name, target) != target:
                raise InvalidRequest('objects', target.name, 'names that are not used twice')
    wanted = [
        target for name, target in found.items()
        if not args.only or any(fnmatch(name, pattern) for pattern in args.only)]
    if not wanted:
        raise InvalidRequest('only', args.only, 'the name of an object, or a pattern')
    return wanted[:args.limit]


def _dataset(args: argparse.Namespace) -> GraspDataset:
    """Return the dataset to write into; a new one, or one made with the same settings."""
    model = SuccessModel.read()
    settings = {
        'candidates': args.candidates,
        'grasps': args.grasps,
        'settings': question_key(
            __version__, generation_settings(), sorted(model.weights.items()), model.bias,
            [(name, find_test(test).key()) for name, test in JUDGES.items()])}
    if not (args.output / 'dataset.json').exists():
        return GraspDataset.create(args.output, {**settings, 'runs': []})
    dataset = GraspDataset.open(args.output)
    known = {name: dataset.about.get(name) for name in settings}
    if known != settings:
        raise InvalidRequest(
            'output', str(args.output), 'a new folder: what is in it was made with other '
            f'settings ({known}, now {settings}) or merged')
    return dataset


def _tasks(
    args: argparse.Namespace, targets: list[Target], dataset: GraspDataset
) -> list[GenerationTask]:
    """Return what is missing; all objects come first at one scale and seed, then at the next."""
    source = GraspDataset.open(args.expand) if args.expand else None
    parents = {} if source is None else find_parents(source)
    device = str(resolve_device(args.device)) if not args.ray else args.device
    tasks = []
    described = {
        target.name for target in targets if dataset.object_file(target.name).exists()}
    for seed in range(args.seed, args.seed + args.seeds):
        for scale in args.scales:
            for target in targets:
                known = parents.get((target.name, round(scale, 4)))
                if source is not None and known is None:
                    continue  # Nothing held there that could be expanded.
                task = GenerationTask(
                    target, scale, seed, args.candidates, args.grasps, device, known,
                    describe=target.name not in described)
                if not dataset.shard(target.name, task.name).exists():
                    described.add(target.name)
                    tasks.append(task)
    if source is not None and not parents:
        raise InvalidRequest('expand', str(args.expand), 'a dataset with grasps that held')
    return tasks


def _run(
    args: argparse.Namespace, tasks: list[GenerationTask], tally: log.Tally
) -> Iterator[tuple[GenerationTask, Generated]]:
    """Propose and judge: in processes, in processes fed by this one's GPU, or on a cluster."""
    def note(result: Generated) -> str:
        return tally.add(result.figures)

    if args.ray:
        from dexlite_ros.offline.ray_cluster import run_on_ray

        return run_on_ray(
            propose, judge_candidates, tasks, address=args.ray, unit='task', note=note)
    if resolve_device(args.device).type == 'cpu':
        return run_tasks(generate, tasks, workers=args.workers, unit='task', note=note)
    return run_tasks(
        judge_candidates, tasks, workers=args.workers, unit='task', first=propose, note=note)


def _note_run(dataset: GraspDataset, argv: list[str]) -> None:
    """Add this run to what the dataset says about itself."""
    about = dataset.about
    about['runs'].append({
        'command': shlex.join(['dexlite', 'generate', *argv]),
        'release': __version__, 'commit': commit(),
        'date': f'{datetime.now(UTC):%Y-%m-%d}'})
    write_json(dataset.folder / 'dataset.json', about)



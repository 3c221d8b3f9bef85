"""``dexlite generate``: grasps by the thousand, judged, in a dataset that grows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, UTC
from fnmatch import fnmatch
import json
import math
from pathlib import Path
import shlex

from dexlite_ros import __version__
from dexlite_ros.device import resolve_device
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.network.checkpoint import read_checkpoint, WEIGHTS
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.generation.candidates import generation_settings, propose, REFINED
from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.generation.judged import generate, Generated, judge_candidates, JUDGES
from dexlite_ros.offline.generation.parents import find_parents
from dexlite_ros.offline.generation.task import GenerationTask, HAND, scale_text
from dexlite_ros.offline.objects.mesh_folder import MANIFEST
from dexlite_ros.offline.objects.sources import find_objects, Target
from dexlite_ros.offline.physics.judge import find_test
from dexlite_ros.offline.provenance import commit, fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.ranking.success_model import SuccessModel


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite generate``."""
    parser = argparse.ArgumentParser(
        prog='dexlite generate', description='Propose grasps on many objects, judge them in '
        'MuJoCo (six forces, lift), and keep all with their verdicts in a dataset. Interrupted, '
        'it goes on where it stopped when called again; see docs/data.md.')
    parser.add_argument('--objects', nargs='+', required=True, metavar='SOURCE',
                        help="'procedural:40', 'procedural:40-80', 'random_urdfs:20', or a folder "
                        'of meshes or with a manifest.csv')
    parser.add_argument('--tier', help='of a manifest, such as core; its split is always train')
    parser.add_argument('--unit', type=float, default=1.0, metavar='M',
                        help='metres per unit of mesh files (1); 0.001: millimetres')
    parser.add_argument('--only', nargs='+', metavar='NAME', help="these objects; 'bm_*' works")
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--scales', nargs='+', type=float, default=[1.0], metavar='S',
                        help='factors to the size of each object (1)')
    parser.add_argument('--seed', type=int, default=0, help='the first seed (0)')
    parser.add_argument('--seeds', type=int, default=1, help='how many seeds (1)')
    parser.add_argument('--candidates', type=int, default=512,
                        help='started from per object, scale and seed (512)')
    parser.add_argument('--grasps', type=int, default=40,
                        help=f'judged per object, scale and seed, at most; up to {REFINED} (40)')
    parser.add_argument('--expand', type=Path, metavar='DATASET',
                        help='do not start anew but from the grasps there that held')
    parser.add_argument('--network', nargs='?', const=str(WEIGHTS / HAND), default='',
                        metavar='WEIGHTS',
                        help='with --expand: new grasps are what the network makes of the old '
                        'ones about other points, not the old ones carried there (without '
                        'WEIGHTS: those that come with the package)')
    parser.add_argument('--workers', type=int, default=0,
                        help='processes on this machine (0: one per CPU)')
    parser.add_argument('--ray', metavar='ADDRESS',
                        help="work on a Ray cluster instead: its address, or 'auto'")
    parser.add_argument('--device', default='auto', help='for refining: auto, cpu, cuda (auto)')
    parser.add_argument('--output', type=Path, required=True, help='folder of the dataset')
    parser.add_argument('--json', action='store_true', help='print JSON, not a summary')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite generate``; the exit code is 1 when an object could not be used."""
    args = parser().parse_args(argv)
    _check(args)
    targets = _targets(args)
    source = GraspDataset.open(args.expand) if args.expand else None
    parents = {} if source is None else _parents(args, source, targets)
    dataset = _dataset(args)
    if source is not None:
        _copy_objects(source, dataset, {name for name, _ in parents})
    tasks = _tasks(args, targets, dataset, parents)
    _note_run(dataset, argv)
    tally, figures = log.Tally(), []
    for task, result in _run(args, tasks, tally):
        with tally.writing():
            _keep(dataset, task, result)
        figures.append(result.figures)
    if args.json:
        print(json.dumps({
            'tasks': figures, 'per_hour': tally.per_hour(),
            'writing_seconds': tally.writing_seconds}))
    else:
        rates = ', '.join(f'{rate:.0f} {name}' for name, rate in tally.per_hour().items())
        print(f'{len(figures)} of {len(tasks)} missing tasks done in this run; per hour: {rates}; '
              f'writing took {tally.writing_seconds:.1f} s')
        print(log.summary(log.read(dataset.folder / 'log.jsonl')))
    return 1 if any('error' in each for each in figures) else 0


def _check(args: argparse.Namespace) -> None:
    """Refuse numbers that make no sense, before anything is written."""
    for name, least, most in (
            ('seed', 0, 10**9), ('seeds', 1, 10**6), ('candidates', 1, 10**6),
            ('grasps', 1, REFINED), ('limit', 1, 10**9), ('workers', 0, 10**4)):
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            raise InvalidRequest(name, value, f'a whole number from {least} to {most}')
    texts = [scale_text(scale) for scale in args.scales]
    if not all(0 < scale < math.inf for scale in args.scales) or len(set(texts)) < len(texts):
        raise InvalidRequest('scales', args.scales, 'different positive numbers')
    if args.network and not args.expand:
        raise InvalidRequest('network', args.network, 'a dataset to --expand as well')
    if args.expand and args.expand.resolve() == args.output.resolve():
        raise InvalidRequest('output', str(args.output), 'another folder than --expand')


def _targets(args: argparse.Namespace) -> list[Target]:
    """Return the objects to grasp; of a manifest those of the split that is for training."""
    found: dict[str, Target] = {}
    for source in args.objects:
        folder = Path(source)
        if (folder.resolve().parent / MANIFEST).is_file():
            raise InvalidRequest(
                'objects', source, f'the folder above it: its {MANIFEST} tells the split, and '
                'what is reported on must not be trained on')
        manifest = (folder / MANIFEST).is_file()
        for target in find_objects(
                source, 'train' if manifest else None, args.tier if manifest else None,
                args.unit):
            if found.setdefault(target.name, target) != target:
                raise InvalidRequest('objects', target.name, 'names that are not used twice')
    wanted = [
        target for name, target in found.items()
        if not args.only or any(fnmatch(name, pattern) for pattern in args.only)]
    if not wanted:
        raise InvalidRequest('only', args.only, 'the name of an object, or a pattern')
    return wanted[:args.limit]


def _parents(
    args: argparse.Namespace, source: GraspDataset, targets: list[Target]
) -> dict[tuple[str, str], Parents]:
    """Return what the wanted objects can be expanded from, by name and scale."""
    wanted = {(target.name, scale_text(scale)) for target in targets for scale in args.scales}
    found = {key: each for key, each in find_parents(source).items() if key in wanted}
    if not found:
        raise InvalidRequest(
            'expand', str(args.expand), 'a dataset with grasps that held on these objects at '
            'these scales')
    return found


def _dataset(args: argparse.Namespace) -> GraspDataset:
    """Return the dataset to write into; a new one, or one made with the same settings."""
    model = SuccessModel.read()
    planned = generation_settings('network' if args.network else 'optimise')
    settings = {
        'candidates': args.candidates,
        'grasps': args.grasps,
        'settings': fingerprint(
            __version__, planned, sorted(model.weights.items()), model.bias,
            [(name, find_test(test).key()) for name, test in JUDGES.items()])}
    settings['network'] = (
        read_checkpoint(args.network, HANDS[HAND]).model_id if args.network else None)
    if not (args.output / 'dataset.json').exists():
        return GraspDataset.create(args.output, {**settings, 'runs': []}, HAND)
    dataset = GraspDataset.open(args.output)
    about = dataset.about
    if 'merged' in about:
        raise InvalidRequest('output', str(args.output), 'a folder that was not merged')
    for name, value in settings.items():
        if about.get(name) != value:
            raise InvalidRequest(
                'output', str(args.output), f"a new folder: in this one '{name}' was "
                f'{about.get(name)}, now it is {value}')
    return dataset


def _copy_objects(source: GraspDataset, dataset: GraspDataset, names: set[str]) -> None:
    """Take over the rows of objects: associated points are indices into their clouds."""
    table = source.objects()
    for index, name in enumerate(table['object'].to_pylist()):
        if name in names and not dataset.object_file(name).exists():
            dataset.write_objects(table.slice(index, 1), dataset.object_file(name))


def _tasks(
    args: argparse.Namespace,
    targets: list[Target],
    dataset: GraspDataset,
    parents: dict[tuple[str, str], Parents],
) -> list[GenerationTask]:
    """Return what is missing; all objects come first at one scale and seed, then at the next."""
    device = args.device if args.ray else str(resolve_device(args.device))
    # Workers may be elsewhere; relative paths are those of this process.
    network = str(Path(args.network).resolve()) if args.network else ''
    known = dataset.objects()
    digests = dict(zip(known['object'].to_pylist(), known['digest'].to_pylist()))
    tasks = [
        GenerationTask(
            target, scale, seed, args.candidates, args.grasps, device,
            parents.get((target.name, scale_text(scale))), network,
            dataset.about.get('network') or '',
            digests.get(target.name, ''))
        for seed in range(args.seed, args.seed + args.seeds)
        for scale in args.scales for target in targets]
    return [
        task for task in tasks if not dataset.shard(task.target.name, task.name).exists()
        # Where nothing held there is nothing to expand.
        and (not args.expand or task.parents is not None)]


def _keep(dataset: GraspDataset, task: GenerationTask, result: Generated) -> None:
    """Write what came of a task: the object first, so that no grasp is without."""
    if 'error' not in result.figures:
        path = dataset.object_file(task.target.name)
        if result.target is not None and not path.exists():
            dataset.write_objects(result.target, path)
        dataset.write_grasps(result.grasps, dataset.shard(task.target.name, task.name))
    log.append(dataset.folder / 'log.jsonl', result.figures)


def _run(
    args: argparse.Namespace, tasks: list[GenerationTask], tally: log.Tally
) -> Iterator[tuple[GenerationTask, Generated]]:
    """Propose and judge: in processes, in processes fed by this one's GPU, or on a cluster."""
    def note(result: Generated) -> str:
        return tally.add(result.figures)

    if args.ray:
        from dexlite_ros.offline.workers.ray_cluster import run_on_ray

        return run_on_ray(
            propose, judge_candidates, tasks, address=args.ray, use_gpu=args.device != 'cpu',
            unit='task', note=note)
    if resolve_device(args.device).type == 'cpu':
        return run_tasks(generate, tasks, workers=args.workers, unit='task', note=note)
    return run_tasks(
        judge_candidates, tasks, workers=args.workers, unit='task', first=propose, note=note)


def _note_run(dataset: GraspDataset, argv: list[str]) -> None:
    """Add this run to what the dataset says about itself; folders without the way to them."""
    about = dataset.about
    about['runs'].append({
        'command': shlex.join(['dexlite', 'generate', *(Path(word).name for word in argv)]),
        'release': __version__, 'commit': commit(),
        'date': f'{datetime.now(UTC):%Y-%m-%d}'})
    write_json(dataset.folder / 'dataset.json', about)

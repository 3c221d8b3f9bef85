"""``dexlite train``: a network from a dataset, with the losses' curves beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, UTC
import json
import os
from pathlib import Path
import shlex
import time

import torch
from torch import distributed

from dexlite_ros import __version__
from dexlite_ros.device import device_faults, resolve_device
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.geometry import GeometrySettings, HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.network.checkpoint import write_checkpoint
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.provenance import commit
from dexlite_ros.offline.training.curves import CurveLog, draw_curves
from dexlite_ros.offline.training.examples import Examples
from dexlite_ros.offline.training.losses import PHYSICS
from dexlite_ros.offline.training.settings import PRESETS, TrainingSettings
from dexlite_ros.offline.training.trainer import Progress, Trainer

DATASET = Path('data/seed_grasps')


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite train``."""
    parser = argparse.ArgumentParser(
        prog='dexlite train', description='Train the network that proposes grasps. Interrupted, '
        'even by a crash, it goes on after the last whole epoch when called again. Several GPUs '
        'or processes: torchrun --nproc-per-node N -m dexlite_ros.offline.commands train ...')
    parser.add_argument('--data', type=Path, default=DATASET,
                        help=f'dataset of judged grasps ({DATASET})')
    parser.add_argument('--preset', choices=sorted(PRESETS), default='default',
                        help="'dexlite': network, losses and rates of the original")
    parser.add_argument('--epochs', type=int, help="at most (80; of preset 'dexlite': 100)")
    parser.add_argument('--patience', type=int,
                        help='end after so many epochs without a better validation (25)')
    parser.add_argument('--rotation', choices=('euler', '6d'),
                        help="how rotations are written (6d; of preset 'dexlite': euler)")
    parser.add_argument('--without', nargs='+', choices=PHYSICS, default=[], metavar='LOSS',
                        help=f'leave out of the physics: {", ".join(PHYSICS)}')
    parser.add_argument('--unbalanced', action='store_true',
                        help='draw all grasps equally, not those at rare places more often')
    parser.add_argument('--seed', type=int, default=0, help='same seed, data, device: same (0)')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (auto)')
    parser.add_argument('--threads', type=int, default=0, help='of the CPU (0: all)')
    parser.add_argument('--compile', action='store_true',
                        help='compile the encoder of clouds; for GPUs, needs a C++ compiler')
    parser.add_argument('--output', type=Path, required=True,
                        help='folder for network.safetensors, network.json, curves.png, '
                        'tensorboard/ and state.safetensors')
    parser.add_argument('--json', action='store_true', help='print JSON, not a summary')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite train``."""
    args = parser().parse_args(argv)
    settings = _settings(args)
    if args.threads < 0:
        raise InvalidRequest('threads', args.threads, '0 or more')
    log = CurveLog(args.output / 'tensorboard')
    if args.threads:
        torch.set_num_threads(args.threads)
    with _processes(args.device) as (device, first), device_faults(device):
        progress = _run(args, settings, device, log if first else None, argv)
        if first:
            draw_curves(progress, args.output / 'curves.png')
            _report(progress, args)
    return 0


def _run(
    args: argparse.Namespace,
    settings: TrainingSettings,
    device: torch.device,
    log: CurveLog | None,
    argv: list[str],
) -> Progress:
    """Read, train, and return how it went; nothing that processes share outlives this."""
    dataset = GraspDataset.open(args.data)
    geometry = HandGeometry(
        HandKinematics(HANDS[dataset.hand]), GeometrySettings.coarse()).to(device)
    train, val = (Examples.read(dataset, split, geometry, device) for split in ('train', 'val'))
    data = dataset.digest()
    trainer = Trainer(geometry, train, val, settings, data=data, compiled=args.compile)
    state = args.output / 'state.safetensors'
    if state.exists():
        trainer.resume(state)
    _train(trainer, args.output, {
        'command': shlex.join(['dexlite', 'train', *_without_folders(argv)]),
        'release': __version__, 'commit': commit(),
        'data': {'name': args.data.name, 'digest': data, 'train': len(train), 'val': len(val)},
        'settings': asdict(settings)}, log)
    return trainer.progress


def _settings(args: argparse.Namespace) -> TrainingSettings:
    """Return the preset with what was asked for changed."""
    settings = PRESETS[args.preset]()
    given = {name: getattr(args, name) for name in ('epochs', 'patience', 'seed')}
    settings = replace(
        settings, **{name: value for name, value in given.items() if value is not None})
    if args.rotation:
        settings = replace(settings, network=replace(settings.network, rotation=args.rotation))
    if args.unbalanced:
        settings = replace(settings, batches=replace(settings.batches, balanced=False))
    physics = settings.losses.physics
    for name in args.without:
        if not getattr(physics, name):
            raise InvalidRequest('without', name, 'a loss that the preset has')
    physics = replace(physics, **dict.fromkeys(args.without, 0.0))
    return replace(settings, losses=replace(settings.losses, physics=physics))


@contextmanager
def _processes(name: str) -> Iterator[tuple[torch.device, bool]]:
    """Yield this process's device, and whether it is the first; under torchrun they meet here."""
    if 'TORCHELASTIC_RUN_ID' not in os.environ:
        yield resolve_device(name), True
        return
    device = resolve_device(name)
    if device.type == 'cuda':
        device = torch.device('cuda', int(os.environ['LOCAL_RANK']))
        torch.cuda.set_device(device)
    distributed.init_process_group('nccl' if device.type == 'cuda' else 'gloo')
    try:
        yield device, distributed.get_rank() == 0
    finally:
        distributed.destroy_process_group()


def _train(trainer: Trainer, folder: Path, about: dict, log: CurveLog | None) -> None:
    """Train to the end; after every epoch all that counts is on the disk, by who has the log."""
    if log is not None:
        log.open(len(trainer.progress.history))
    while not trainer.done:
        started = time.perf_counter()
        best = trainer.epoch()
        progress = trainer.progress
        seconds = time.perf_counter() - started
        progress.history[-1]['time'] = {'seconds': seconds}
        if log is None:
            continue
        if best:
            write_checkpoint(folder / 'network', trainer.network, trainer.hand, {
                **about, 'date': f'{datetime.now(UTC):%Y-%m-%d}', 'epoch': progress.best,
                'metrics': progress.history[-1]})
        trainer.save(folder / 'state.safetensors')
        log.add(progress, trainer.rate)
        print(_line(progress, best, seconds), flush=True)
    if log is not None:
        log.close()


def _line(progress: Progress, best: bool, seconds: float) -> str:
    newest = progress.history[-1]
    return (
        f'epoch {len(progress.history) - 1}: {seconds:.0f} s, '
        + ', '.join(
            f'{split} {newest[split]["total"]:.3f} (reconstruction '
            f'{newest[split]["reconstruction"]:.3f}, divergence '
            f'{newest[split]["divergence"]:.1f})' for split in ('train', 'val'))
        + (', best' if best else ''))


def _report(progress: Progress, args: argparse.Namespace) -> None:
    best = progress.history[progress.best]
    if args.json:
        print(json.dumps({
            'epochs': len(progress.history), 'best': progress.best, **best}))
        return
    rows = [f'{name:24} {best["train"][name]:10.4f} {best["val"][name]:10.4f}'
            for name in best['train']]
    print('\n'.join([f'{"of epoch " + str(progress.best):24} {"train":>10} {"val":>10}', *rows]))
    print(f'network: {args.output / "network.safetensors"}, curves: '
          f'{args.output / "curves.png"}')


def _without_folders(argv: list[str]) -> list[str]:
    """Return the arguments with the last part of every path."""
    words = (word.partition('=') for word in argv)
    return [
        f'{Path(name).name or name}{equals}{Path(value).name or value}'
        for name, equals, value in words]


"""``dexlite bench``: how long planning takes, through the public interface."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
import datetime
import json
import os
from pathlib import Path
import platform
import resource
import statistics
import time

import numpy as np
import torch
from tqdm import tqdm

from dexlite_ros.device import describe_device, one_thread, resolve_device
from dexlite_ros.files import replaced
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.mug import mug
from dexlite_ros.object.planning_scene import Scene
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.proposal.proposer import METHODS
from dexlite_ros.refinement.post_optimizer import OptimizerSettings, PostOptimizer

CLOUD_SIZES = (512, 2048, 10_000, 100_000)
BATCHES = (1, 32, 256, 1024)
REFINE_STEPS = 200


@dataclass(frozen=True)
class Timing:
    """Repeated runs of one scene."""

    scene: str
    runs: int
    median: float
    """[s]"""
    p95: float
    """[s]"""
    rate: float
    """Grasps per second at the median."""


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite bench``."""
    parser = argparse.ArgumentParser(
        prog='dexlite bench', description='Time planning and refining on a procedural mug. '
        'Every scene is run once to warm up and then --runs times.')
    parser.add_argument('--runs', type=int, default=5, help='runs per scene (5)')
    parser.add_argument('--device', default='auto')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--quick', action='store_true', help='small scenes only')
    parser.add_argument('--peer', action='store_true', help="also time the package Dex1B's "
                        'post_optimize on the same hand, cloud and steps')
    parser.add_argument('--output', type=Path, help='write the figures as JSON here')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite bench``."""
    args = parser().parse_args(argv)
    device = resolve_device(args.device)
    scenes = [
        *plan_scenes(args.device, args.seed, CLOUD_SIZES[:2] if args.quick else CLOUD_SIZES),
        *refine_scenes(device, args.seed, BATCHES[:2] if args.quick else BATCHES)]
    timings = [
        measure(name, grasps, run, args.runs)
        for name, grasps, run in tqdm(scenes, unit='scene', disable=None)]
    report = {
        'date': datetime.date.today().isoformat(),
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, one thread',
        'device': describe_device(device),
        'torch': torch.__version__,
        'timings': [asdict(timing) for timing in timings],
        'peak_memory_MiB': peak_memory(device),
    }
    if args.peer:
        from dexlite_ros.offline.benchmark_peer import compare

        report['peer'] = compare(device, args.seed, args.runs)
    print(json.dumps(report, indent=1) if args.json else table(report))
    if args.output:
        with replaced(args.output) as temporary:
            temporary.write_text(json.dumps(report, indent=1) + '\n')
    return 0


def plan_scenes(
    device: str, seed: int, sizes: tuple[int, ...]
) -> list[tuple[str, int, Callable[[], object]]]:
    """Return name, grasps and run of planning 20 grasps, by method and size of the cloud."""
    mesh = mug()
    scenes = []
    for method in METHODS:
        planner = GraspPlanner(PlannerSettings(method=method), device)
        for size in sizes if method == PlannerSettings().method else sizes[-1:]:
            cloud = sample_mesh(mesh, size, np.random.default_rng(seed))
            scenes.append((
                f'plan 20 grasps, {size} points, {method}', 20,
                lambda cloud=cloud, planner=planner: planner.plan(
                    cloud, max_grasps=20, seed=seed)))
    return scenes


def refine_scenes(
    device: torch.device, seed: int, batches: tuple[int, ...]
) -> list[tuple[str, int, Callable[[], object]]]:
    """Return name, grasps and run of refining batches of starts, 200 steps each."""
    energy, starts = refine_problem(device, seed, max(batches))
    optimizer = PostOptimizer(energy, OptimizerSettings(iterations=REFINE_STEPS))
    active = energy.active_groups(['tips'] * max(batches))

    def run(count: int) -> None:
        size = 4096 if device.type == 'cuda' else 256
        with one_thread():
            for first in range(0, count, size):
                part = slice(first, min(first + size, count))
                optimizer.refine(starts[part], active[part])
        if device.type == 'cuda':
            torch.cuda.synchronize(device)

    return [
        (f'refine {count} grasps, {REFINE_STEPS} steps', count, lambda count=count: run(count))
        for count in batches]


def refine_problem(device: torch.device, seed: int, count: int) -> tuple[GraspEnergy, object]:
    """Return the default energy on the mug, and starts around it, on the device."""
    cloud = sample_mesh(mug(), 2048, np.random.default_rng(seed))
    scene = Scene.build(cloud, device=device)
    kinematics = HandKinematics(HANDS['shadow_right'])
    starts = hull_starts(
        kinematics, scene.surface.vertices, count, torch.Generator().manual_seed(seed))
    geometry = HandGeometry(kinematics).to(device)
    return GraspEnergy(geometry, scene.field, EnergySettings()), starts.to(device)


def measure(name: str, grasps: int, run: Callable[[], object], runs: int) -> Timing:
    """Return the timing of one scene: one run to warm up, then ``runs`` that count."""
    run()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds)
    return Timing(name, runs, median, float(np.quantile(seconds, 0.95)), grasps / median)


def peak_memory(device: torch.device) -> float:
    """Return the largest memory this process ever held: the GPU's, or its own [MiB]."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def table(report: dict) -> str:
    """Return the report as text."""
    lines = [
        f'{report["device"]}, {report["machine"]}, torch {report["torch"]}, {report["date"]}',
        f'{"scene":<44} {"median [s]":>10} {"p95 [s]":>9} {"grasps/s":>9}']
    lines += [
        f'{row["scene"]:<44} {row["median"]:10.3f} {row["p95"]:9.3f} {row["rate"]:9.1f}'
        for row in report['timings']]
    lines.append(f'peak memory {report["peak_memory_MiB"]:.0f} MiB')
    if 'peer' in report:
        peer = report['peer']
        lines.append(
            f'Dex1B post_optimize, {peer["grasps"]} grasps, {peer["steps"]} steps: '
            f'{peer["peer_seconds"]:.2f} s; ours {peer["our_seconds"]:.2f} s: '
            f'{peer["ratio"]:.1f} times as fast')
    return '\n'.join(lines)

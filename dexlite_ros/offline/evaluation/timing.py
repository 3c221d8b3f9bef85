# SPDX-License-Identifier: Apache-2.0
"""Timing of planning and refinement, through the public interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
import resource
import statistics
import time

import numpy as np
import torch

from dexlite_ros.device import one_thread
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, HANDS
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.mug import mug
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.proposal.proposer import DEFAULT_METHOD, METHODS
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer

CLOUD_SIZES = (512, 2048, 10_000, 100_000)
BATCHES = (1, 32, 256, 1024)
REFINE_STEPS = 200


@dataclass(frozen=True)
class Timing:
    """Repeated runs of one case."""

    case: str
    runs: int
    median: float
    """Median time [s]."""
    p95: float
    """95th percentile of the time [s]."""
    rate: float
    """Grasps per second at the median."""


def plan_cases(
    device: str, seed: int, sizes: tuple[int, ...]
) -> list[tuple[str, int, Callable[[], object]]]:
    """Return name, grasp count and function of planning 20 grasps, by method and cloud size."""
    mesh = mug()
    cases: list[tuple[str, int, Callable[[], object]]] = []
    for method in METHODS:
        planner = GraspPlanner(PlannerSettings.for_method(method), device)
        for size in sizes if method == DEFAULT_METHOD else sizes[-1:]:
            cloud = sample_mesh(mesh, size, np.random.default_rng(seed))
            cases.append((
                f'plan 20 grasps, {size} points, {method}', 20,
                partial(planner.plan, cloud, PlanRequest(max_grasps=20, seed=seed))))
    return cases


def refine_cases(
    device: torch.device, seed: int, batches: tuple[int, ...]
) -> list[tuple[str, int, Callable[[], object]]]:
    """Return name, grasp count and function of refining batches of starts, 200 steps each."""
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
        (f'refine {count} grasps, {REFINE_STEPS} steps', count, partial(run, count))
        for count in batches]


def refine_problem(device: torch.device, seed: int, count: int) -> tuple[GraspEnergy, GraspBatch]:
    """Return the default energy on the mug and starts around it, both on the device."""
    cloud = sample_mesh(mug(), 2048, np.random.default_rng(seed))
    scene = PlanningScene.build(cloud, device=device)
    kinematics = HandKinematics(HANDS[DEFAULT_HAND])
    starts = hull_starts(
        kinematics, scene.surface.vertices, count, torch.Generator().manual_seed(seed))
    geometry = HandGeometry(kinematics).to(device)
    return GraspEnergy(geometry, scene.field, EnergySettings()), starts.to(device)


def measure(name: str, grasps: int, run: Callable[[], object], runs: int) -> Timing:
    """Return the timing of one case: one warm-up run, then ``runs`` timed runs."""
    run()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds)
    return Timing(name, runs, median, float(np.quantile(seconds, 0.95)), grasps / median)


def peak_memory(device: torch.device) -> float:
    """Return the peak memory of this process, on the GPU or in RAM [MiB]."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

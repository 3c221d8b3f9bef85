# SPDX-License-Identifier: Apache-2.0
"""What the benchmark times: planning, refinement and the command, through public interfaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
import subprocess
import sys

import numpy as np
import torch
from torch import Tensor
import trimesh

from dexlite_ros.device import one_thread
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.mug import mug
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.sampling import sample_mesh, view_mesh
from dexlite_ros.offline.evaluation.timing import Case
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.proposal.proposer import DEFAULT_METHOD, METHODS
from dexlite_ros.refinement.backend import Backend, make_optimizers
from dexlite_ros.refinement.optimizer import Optimizer, OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer
from dexlite_ros.refinement.rounds import RefinementSettings

POINTS = 2048
GRASPS = 20
CLOUD_SIZES = (512, POINTS, 10_000, 100_000)
CANDIDATES = (64, 256, 1024, 4096)
SCALES = (0.5, 1.0, 1.5, 2.0)
BATCHES = (1, 16, 256, 1024, 4096)
REFINE_STEPS = 200
EYE = np.array([0.35, -0.25, 0.4])
"""Position of the camera that looks at the mug on its table [m]."""
TABLE_SPACING = 0.008
"""Distance between the measured points of the table [m]."""


def plan_cases(device: str, seed: int, backend: Backend, *, quick: bool) -> Iterator[Case]:
    """Yield the planning of 20 grasps for a mug, by what is seen and by method."""
    rng = np.random.default_rng(seed)
    whole, (view, table) = sample_mesh(mug(), POINTS, rng), table_view(rng)
    for method in (DEFAULT_METHOD, *(each for each in METHODS if each != DEFAULT_METHOD)):
        planner = GraspPlanner(PlannerSettings.for_method(method, backend=backend), device)
        request = PlanRequest(max_grasps=GRASPS, seed=seed)
        yield Case(
            f'plan {GRASPS} grasps, full cloud, {method}', GRASPS,
            partial(planner.plan, whole, request))
        yield Case(
            f'plan {GRASPS} grasps, one view and table, {method}', GRASPS,
            partial(planner.plan, view, request, obstacles=table))
        if quick:
            return


def hand_cases(
    device: str, seed: int, backend: Backend, hands: Sequence[str]
) -> Iterator[Case]:
    """Yield the planning of 20 grasps for a mug seen from all sides, by hand."""
    whole = sample_mesh(mug(), POINTS, np.random.default_rng(seed))
    settings, request = (
        PlannerSettings.for_method(backend=backend), PlanRequest(max_grasps=GRASPS, seed=seed))
    for hand in hands:
        planner = GraspPlanner(settings, device, hand)
        yield Case(
            hand_label(planner.hand.name), GRASPS, partial(planner.plan, whole, request))


def hand_label(hand: str) -> str:
    """Return how the case of a hand is named."""
    return f'plan {GRASPS} grasps, full cloud, {hand}'


def growth_cases(device: str, seed: int, backend: Backend) -> Iterator[Case]:
    """Yield the planning for more candidates, more points and larger objects."""
    planner = GraspPlanner(PlannerSettings.for_method(backend=backend), device)
    usual = PlanRequest(max_grasps=GRASPS, seed=seed)

    def cloud(points: int = POINTS, scale: float = 1.0) -> PointCloud:
        mesh = mug().apply_scale(scale)
        return sample_mesh(mesh, points, np.random.default_rng(seed))

    for count in CANDIDATES:
        request = replace(usual, num_candidates=count)
        yield Case(f'plan, {count} candidates', GRASPS, partial(planner.plan, cloud(), request),
                   'candidates', count)
    for count in CLOUD_SIZES:
        yield Case(f'plan, {count} points', GRASPS, partial(planner.plan, cloud(count), usual),
                   'points', count)
    for scale in SCALES:
        target = cloud(scale=scale)
        size = float(np.ptp(target.points, axis=0).max())
        yield Case(f'plan, mug of {100 * size:.0f} cm', GRASPS,
                   partial(planner.plan, target, usual), 'size [m]', size)


def table_view(rng: np.random.Generator) -> tuple[PointCloud, Points]:
    """Return what one camera sees of a mug on a table, and of the table (M, 3) [m]."""
    mesh = mug()
    seen = view_mesh(mesh, EYE, rng)
    line = np.arange(-0.25, 0.25, TABLE_SPACING)
    x, y = (each.ravel() for each in np.meshgrid(line, line))
    table = np.stack([x, y, np.full(len(x), mesh.bounds[0, 2])], 1)
    beside = np.hypot(x, y) > mesh.extents[:2].max() / 2
    return seen, table[beside] + 0.001 * rng.standard_normal((int(beside.sum()), 3))


def refine_cases(
    device: torch.device, seed: int, batches: Sequence[int], backends: Sequence[Backend],
    threads: Sequence[int],
) -> Iterator[Case]:
    """
    Yield the refinement of batches of starts by 200 steps.

    :param threads: numbers of threads of the compiled backend; torch has one
    """
    energy, starts = refine_problem(device, seed, max(batches))
    settings = OptimizerSettings(iterations=REFINE_STEPS)
    active = energy.active_groups(['tips'] * max(batches))
    for backend in backends:
        for number in threads if backend == 'fused' else (1,):
            optimizer = make_optimizers([energy], [settings], backend, number)[0]
            label = refine_label(backend, number)
            for count in batches:
                yield Case(
                    f'refine {count} grasps, {label}', count,
                    partial(_refine, optimizer, starts[:count], active[:count]),
                    f'refine, {label}', count)


def refine_label(backend: Backend, threads: int) -> str:
    """Return how cases name what refines."""
    return f'{backend}, {threads} thread{"s" if threads > 1 else ""}'


def _refine(optimizer: Optimizer, starts: GraspBatch, active: Tensor) -> None:
    """Refine starts, in batches that suit the backend."""
    device = starts.translation.device
    size = len(starts)
    if isinstance(optimizer, PostOptimizer):
        size = RefinementSettings.cuda_batch if device.type == 'cuda' else (
            RefinementSettings.cpu_batch)
    with one_thread():
        for part in torch.arange(len(starts)).split(size):
            optimizer.refine(starts[part], active[part])
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def command_case(folder: Path, seed: int) -> Case:
    """Return ``dexlite plan`` on a full cloud as a process, from start to exit."""
    path = folder / 'mug.ply'
    cloud = sample_mesh(mug(), POINTS, np.random.default_rng(seed))
    trimesh.PointCloud(cloud.points).export(path)
    command = [sys.executable, '-m', 'dexlite_ros.offline.commands', 'plan', str(path)]
    return Case('dexlite plan, from start to exit', GRASPS, partial(
        subprocess.run, command, check=True, capture_output=True))


def refine_problem(device: torch.device, seed: int, count: int) -> tuple[GraspEnergy, GraspBatch]:
    """Return the default energy on the mug and starts around it, both on the device."""
    cloud = sample_mesh(mug(), POINTS, np.random.default_rng(seed))
    scene = PlanningScene.build(cloud, device=device)
    kinematics = HandKinematics(find_hand(DEFAULT_HAND))
    starts = hull_starts(
        kinematics, scene.surface.vertices, count, torch.Generator().manual_seed(seed))
    geometry = HandGeometry(kinematics).to(device)
    return GraspEnergy(geometry, scene.field, EnergySettings()), starts.to(device)

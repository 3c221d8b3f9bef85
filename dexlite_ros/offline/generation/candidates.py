# SPDX-License-Identifier: Apache-2.0
"""
Candidates of one task: starts are refined, staged and filtered, then a balanced choice is made.

A GPU speeds up this part; judging, which runs on the CPU, comes afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
import time

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.device import resolve_device
from dexlite_ros.errors import FileError, ModelError, NoGraspFound, ScaleError, UnusableObject
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.network.checkpoint import read_checkpoint
from dexlite_ros.offline.dataset.associated_point import associated_points
from dexlite_ros.offline.dataset.coverage import choose_balanced
from dexlite_ros.offline.generation.expansion import ExpansionProposer, Parents
from dexlite_ros.offline.generation.network_expansion import NetworkExpansion
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.prepared_object import mesh_digest, surface_cloud
from dexlite_ros.offline.objects.sources import load_target
from dexlite_ros.plan import GraspMetrics, GraspPlan, PlanReport
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import Method

REFINED = 120
"""Candidates refined to the end; the choice is made from those that pass the filters."""


@dataclass(frozen=True)
class Choice:
    """K grasps chosen to be judged."""

    grasps: StagedGrasp
    metrics: GraspMetrics
    probability: Tensor
    """(K,) predicted probability of success, before judging."""
    points: NDArray[np.int64]
    """(K,) associated points in the object's cloud."""
    counts: NDArray[np.int64]
    """(K,) number of grasps known near the associated point when this one was chosen."""
    parents: list[str | None]
    """(K,) key of the grasp from which each was expanded; None without expansion."""


@dataclass(frozen=True)
class Candidates:
    """The proposals of one task."""

    task: GenerationTask
    pieces: list[NDArray[np.float64]]
    """Vertices of the object's convex pieces at the task's scale [m]."""
    choice: Choice | None
    """None: every candidate was rejected."""
    report: PlanReport | None
    """None: the object cannot be used."""
    seconds: float
    """Wall time."""
    error: str = ''
    """Why the object cannot be used."""


def generation_settings(method: Method = 'hull') -> PlannerSettings:
    """Return planner settings that return all refined grasps, not only the best."""
    usual = PlannerSettings.for_method(method)
    last = usual.refinement.rounds[-1].keep
    rounds = tuple(
        replace(each, keep=each.keep / last) for each in usual.refinement.rounds)
    return replace(
        usual, max_grasps=REFINED, refinement=replace(usual.refinement, rounds=rounds),
        ranking=replace(usual.ranking, shortlist=1.0))


def propose(task: GenerationTask) -> Candidates:
    """Return the candidates of a task, or why its object cannot be used."""
    started = time.perf_counter()
    try:
        mesh, pieces = load_target(task.target)
        return _propose(task, mesh, pieces, started)
    except (FileError, ScaleError, UnusableObject) as error:
        return Candidates(task, [], None, None, time.perf_counter() - started, str(error))


def _propose(
    task: GenerationTask, mesh: trimesh.Trimesh, pieces: list[NDArray[np.float64]],
    started: float,
) -> Candidates:
    digest = mesh_digest(mesh)
    if task.digest not in ('', digest):
        raise UnusableObject(
            f'{task.target.name} has another mesh ({digest}) than the object of that name in the '
            f'dataset ({task.digest}); rename it')
    cloud = surface_cloud(mesh, digest)[0] * task.scale
    mesh.apply_scale(task.scale)
    parent_of = None
    if task.parents is None:
        planner = _planner(task.device, task.hand)
    else:
        cloud = task.parents.cloud
        proposer = _expansion(task, task.parents, np.asarray(mesh.bounds.mean(0)))
        method: Method = 'network' if task.network else 'hull'
        planner = GraspPlanner(
            generation_settings(method), task.device, task.hand, proposer=proposer)
    plan, report = None, None
    try:
        plan = planner.plan(
            mesh, PlanRequest(num_candidates=task.candidates, seed=task.random_seed))
        report = plan.report
    except NoGraspFound as error:
        report = error.report
    if report is None:
        raise UnusableObject(f'no start on {task.target.name} has an energy that is a number')
    if task.parents is not None:
        parent_of = [task.parents.keys[index] for index in proposer.parent]
    return Candidates(
        task, [piece * task.scale for piece in pieces],
        None if plan is None else _choose(task, plan, cloud, parent_of), report,
        time.perf_counter() - started)


def _choose(
    task: GenerationTask, plan: GraspPlan, cloud: NDArray[np.float64],
    parent_of: list[str] | None,
) -> Choice:
    """Return a choice of the plan's grasps that is spread evenly over the object."""
    points = associated_points(
        _kinematics(task.hand), plan.grasps.grasp.to(torch.float32),
        torch.from_numpy(cloud)).numpy()
    known = np.zeros(len(cloud), np.int64) if task.parents is None else task.parents.counts
    chosen, counts = choose_balanced(
        cloud[points], known[points], task.grasps, np.random.default_rng(task.random_seed))
    index = torch.from_numpy(chosen)
    parents = [None if parent_of is None else parent_of[each] for each in plan.start[index]]
    return Choice(
        plan.grasps[index], plan.metrics[index], plan.success_probability[index],
        points[chosen], counts, parents)


def _expansion(
    task: GenerationTask, parents: Parents, offset: NDArray[np.float64]
) -> ExpansionProposer:
    """Return the proposer that expands the parents into new grasps."""
    if not task.network:
        return ExpansionProposer(_kinematics(task.hand), parents, offset)
    checkpoint = read_checkpoint(task.network, find_hand(task.hand))
    if checkpoint.model_id != task.model_id:
        raise ModelError(
            task.network, f'they are {checkpoint.model_id} now, and were {task.model_id} when the '
            'work began')
    return NetworkExpansion(
        _kinematics(task.hand), parents, offset, checkpoint, resolve_device(task.device))


@cache
def _kinematics(hand: str) -> HandKinematics:
    return HandKinematics(find_hand(hand))


@cache
def _planner(device: str, hand: str) -> GraspPlanner:
    """Return this process's planner."""
    torch.set_num_threads(1)
    return GraspPlanner(generation_settings(), device, hand)

# SPDX-License-Identifier: Apache-2.0
"""From a task to labelled grasps: see the object, plan, judge what the search found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import torch
import trimesh

from dexlite_ros.errors import BadCloud, FileError, NoGraspFound, ScaleError, UnusableObject
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.labels.choice import choose
from dexlite_ros.offline.labels.judged import heavy_mass, SceneJudge
from dexlite_ros.offline.labels.near_miss import near_miss
from dexlite_ros.offline.labels.rows import grasp_rows, Labels, scene_row
from dexlite_ros.offline.labels.task import LabelTask
from dexlite_ros.offline.objects.prepared_object import mesh_digest
from dexlite_ros.offline.objects.sources import load_target
from dexlite_ros.offline.scenes.sight import see, Sight
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings


@dataclass(frozen=True)
class Labelled:
    """The outcome of one task."""

    figures: dict[str, Any]
    """Counts and times as plain data, for the log."""
    scene: pa.Table | None = None
    """One row; None when the object cannot be used: then the task is not done."""
    grasps: pa.Table | None = None
    """One row for each judged grasp; None without a plan."""


def label(task: LabelTask) -> Labelled:
    """Return the labels of one scene; a failure of the object or the plan is told in it."""
    started = time.perf_counter()
    try:
        mesh, pieces = load_target(task.target, task.scale)
        beside = [load_target(each, task.scale)[0] for each, _ in task.neighbours]
        digest = mesh_digest(mesh)
        try:
            sight, around = see(
                task.target.name, mesh, task.scene.viewing(task.random_seed), beside)
        except BadCloud as error:
            return _without_plan(task, digest, str(error))
        try:
            plan = _planner(task.hand).plan(
                sight.target, PlanRequest(seed=task.random_seed), obstacles=sight.obstacles,
                support=sight.support)
        except (NoGraspFound, BadCloud, ScaleError) as error:
            return _without_plan(task, digest, str(error), sight)
        planned = time.perf_counter()
        labels = _judged(task, plan, pieces, sight, around)
    except (FileError, UnusableObject) as error:
        return left_out(task, str(error))
    seconds = {'plan_seconds': planned - started, 'judge_seconds': time.perf_counter() - planned}
    return Labelled(
        _figures(task) | _counts(labels) | seconds,
        scene_row(task, digest, sight, plan, len(around), seconds),
        grasp_rows(task, plan, labels, sight))


def left_out(task: LabelTask, error: str) -> Labelled:
    """Return the outcome of a task that cannot be done, with the reason."""
    return Labelled(_figures(task) | {'left_out': error})


def _without_plan(
    task: LabelTask, digest: str, error: str, sight: Sight | None = None
) -> Labelled:
    """Return the outcome of a scene without grasps, which is a result as well."""
    return Labelled(
        _figures(task) | {'error': error}, scene_row(task, digest, sight, error=error))


@cache
def _planner(hand: str) -> GraspPlanner:
    """Return this process's planner, created and warmed up once."""
    torch.set_num_threads(1)
    planner = GraspPlanner(PlannerSettings.every_candidate(), 'cpu', hand)
    planner.warm_up()
    return planner


def _judged(
    task: LabelTask, plan: GraspPlan, pieces: list[NDArray[np.float64]], sight: Sight,
    around: tuple[trimesh.Trimesh, ...],
) -> Labels:
    """Return the judged grasps in the judge's frame, with all verdicts."""
    turn, shift = (torch.from_numpy(part) for part in (sight.judge[:3, :3], sight.judge[:3, 3]))
    chosen = choose(plan, task.effort, np.random.default_rng(task.random_seed))
    grasps = plan.grasps[torch.from_numpy(chosen.found)].each(
        lambda batch: batch.transformed(turn, shift))
    judge = SceneJudge(
        task.scene.tests, [trimesh.transform_points(each, sight.object) for each in pieces],
        find_hand(task.hand), sight.table if task.scene.kind == 'table' else None,
        [each.convex_hull.vertices for each in around], task.random_seed, task.effort.wrists)
    verdicts = [judge.clean(grasps, index) for index in range(len(grasps))]
    shares = {
        level: {int(index): judge.share(level, grasps, int(index), int(index))
                for index in chosen.perturbed} for level in ('mild', 'noise')}
    slippery = {
        int(index): judge.low_friction(grasps, int(index)).passed for index in chosen.perturbed}
    mass = heavy_mass(task.random_seed)
    heavy = {
        int(index): judge.heavy(grasps, int(index), mass).passed for index in chosen.perturbed}
    held = np.flatnonzero([each.passed for each in verdicts])
    parents, missed = _near_misses(task, grasps, held)
    verdicts += [judge.clean(missed, index) for index in range(len(missed))]
    return Labels(_joined(grasps, missed), chosen, parents, verdicts, shares, slippery, heavy)


def _near_misses(
    task: LabelTask, grasps: StagedGrasp, held: NDArray[np.int64]
) -> tuple[NDArray[np.int64], StagedGrasp]:
    """Return numbers of grasps that held, and a near miss of each."""
    rng = np.random.default_rng([task.random_seed, 1])
    parents = np.sort(rng.permutation(held)[:task.effort.near_misses])
    moved = [near_miss(grasps[[int(each)]], find_hand(task.hand), rng) for each in parents]
    return parents, _joined(grasps[:0], *moved)


def _joined(*parts: StagedGrasp) -> StagedGrasp:
    return StagedGrasp(*(
        type(getattr(parts[0], stage)).cat([getattr(each, stage) for each in parts])
        for stage in vars(parts[0])))


def _figures(task: LabelTask) -> dict[str, Any]:
    return {
        'object': task.target.name, 'scene': task.scene.name, 'scale': task.scale,
        'seed': task.seed, 'judged': 0, 'held': 0}


def _counts(labels: Labels) -> dict[str, Any]:
    reasons = Counter(each.reason for each in labels.verdicts)
    return {
        'judged': len(labels.verdicts), 'held': reasons['held'],
        'perturbed': len(labels.chosen.perturbed), 'near_misses': len(labels.parents),
        'reasons': dict(sorted(reasons.items()))}

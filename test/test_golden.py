"""
Refactoring changes no results: seeded work gives the same digests as before.

Digests are valid on one kind of machine only. ``DEXLITE_GOLDEN=write`` records those of this one.
"""

from __future__ import annotations

from functools import lru_cache
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from training import coarse, examples, small_settings
import trimesh

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.mug import mug
from dexlite_ros.object.sampling import sample_mesh, view_mesh
from dexlite_ros.offline.generation.judged import generate
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.physics.judge import judge
from dexlite_ros.offline.training.trainer import Trainer
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings

GOLDEN = Path(__file__).parent / 'golden.json'
METHODS = ('network', 'hull', 'both')
SEEN = ('full', 'view', 'obstacles', 'mesh')


def digest(*parts: object) -> str:
    """Return a digest of arrays, tensors and plain values."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, torch.Tensor):
            part = part.detach().numpy()
        found.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return found.hexdigest()[:16]


def plan_digest(plan: GraspPlan) -> str:
    """Return a digest of everything in a plan except times."""
    batches = [part for batch in vars(plan.grasps).values() for part in vars(batch).values()]
    contacts = [part for each in plan.contacts for part in vars(each).values()]
    report = [value for name, value in vars(plan.report).items()
              if name not in ('times', 'rejected', 'model_id')]
    return digest(
        *batches, plan.score, *vars(plan.metrics).values(), *vars(plan.features).values(),
        plan.start, *contacts, plan.surface.vertices, plan.surface.faces,
        *vars(plan.report.rejected).values(), *report)


@lru_cache
def planner(method: str) -> GraspPlanner:
    """Return the planner of a method."""
    return GraspPlanner(PlannerSettings.for_method(method), 'cpu')


def make_plan(method: str, seen: str) -> GraspPlan:
    """Plan for a mug, seen as described by ``seen``."""
    mesh, rng, obstacles = mug(), np.random.default_rng(0), None
    table = np.stack(np.meshgrid(*2 * [np.linspace(-0.2, 0.2, 80)], [0.0]), -1).reshape(-1, 3)
    target: PointCloud | trimesh.Trimesh = mesh
    if seen == 'full':
        target = sample_mesh(mesh, 2048, rng)
    elif seen in ('view', 'obstacles'):
        target = view_mesh(mesh, np.array([0.4, 0.3, 0.4]), rng)
    if seen == 'obstacles':
        obstacles = table
    return planner(method).plan(
        target, PlanRequest(num_candidates=96, max_grasps=5, seed=3), obstacles=obstacles)


def check(name: str, found: str) -> None:
    """Compare a digest with the recorded one, or record it."""
    known = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get('DEXLITE_GOLDEN') == 'write':
        GOLDEN.write_text(json.dumps({**known, name: found}, indent=1, sort_keys=True) + '\n')
    else:
        assert known[name] == found


@pytest.mark.parametrize('seen', SEEN)
@pytest.mark.parametrize('method', METHODS)
def test_plans(method, seen):
    """Three methods with a full cloud, one view, one view on a table, and a mesh."""
    check(f'plan {method} {seen}', plan_digest(make_plan(method, seen)))


def test_unoptimised_plan():
    """Proposals without refinement."""
    plan = GraspPlanner(PlannerSettings.unranked(0, 8), 'cpu').plan(mug(), PlanRequest(seed=1))
    check('plan unranked', plan_digest(plan))


def test_dexlite_plan():
    """The preset ``dexlite``."""
    plan = GraspPlanner(PlannerSettings.dexlite(), 'cpu').plan(
        mug(), PlanRequest(seed=1, num_candidates=24, max_grasps=4))
    check('plan dexlite', plan_digest(plan))


def test_validated_plan():
    """The judge's figures."""
    plan = make_plan('network', 'mesh')
    mesh = mug().convex_hull
    row = judge(plan.grasps, [np.asarray(mesh.vertices)], 'six-forces-quick', seed=0)
    check('verdicts', digest(*(repr(each) for each in row)))


def test_generated_task():
    """The rows and the object of one task."""
    (target,) = find_objects('procedural:1')
    made = generate(GenerationTask(target, 1.0, 0, 40, 6))
    rows = [repr(table.to_pylist()) for table in (made.grasps, made.target)]
    check('generated', digest(*rows))


def test_ten_training_steps():
    """The weights after an epoch of about ten steps."""
    torch.set_num_threads(1)
    run = Trainer(
        coarse(), examples(), examples('val'), small_settings(epochs=1), data='excerpt')
    run.epoch()
    check('training', digest(*run.network.state_dict().values(), run.progress.history))

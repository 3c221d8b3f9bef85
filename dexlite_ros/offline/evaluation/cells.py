# SPDX-License-Identifier: Apache-2.0
"""
The cells of an evaluation: plan on one object, judge the grasps, and store all figures.

A cell is one object at one scale, with one view and one seed. Cells are independent and each has
its own file, so an evaluation can be interrupted and distributed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.errors import (
    BadCloud,
    FileError,
    NoGraspFound,
    ScaleError,
    UnusableObject,
)
from dexlite_ros.files import plain, write_json
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.object.geometry_file import MENDED
from dexlite_ros.offline.evaluation.closed_view import ClosedView
from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.offline.physics.closing_choice import Closing, USUAL_CLOSING
from dexlite_ros.offline.physics.contact_figures import contact_figures, diversity, spread
from dexlite_ros.offline.physics.judge import Conditions, judge
from dexlite_ros.offline.physics.simulation import GraspScene
from dexlite_ros.offline.planner_choice import PlannerChoice
from dexlite_ros.offline.provenance import commit
from dexlite_ros.offline.scenes.sight import Scene, see, Viewing
from dexlite_ros.output.plan_file import GraspSet, read_grasps, write_grasps
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner


@dataclass(frozen=True)
class Cell:
    """One unit of planning and judging."""

    target: Target
    scale: float
    viewing: Viewing
    planner: PlannerChoice | Path
    """The planner, or the plan file to judge instead."""
    max_grasps: int
    tests: tuple[str, ...]
    device: str
    folder: Path
    """Folder of the results."""
    neighbours: tuple[Target, ...] = ()
    """Objects that stand beside it in a simulated scene."""
    closing: Closing = USUAL_CLOSING
    """How the hand closes when it is judged."""

    @property
    def name(self) -> str:
        """Return a name unique within the evaluation."""
        scale = '' if self.scale == 1.0 else f'_{self.scale:g}'
        return f'{self.target.name}{scale}_{self.viewing.view}_{self.viewing.seed}'

    @property
    def result(self) -> Path:
        """File of the figures."""
        return self.folder / f'{self.name}.json'

    @property
    def grasps(self) -> Path:
        """File of the grasps."""
        return self.folder / f'{self.name}.grasps.json'

    @property
    def closed(self) -> Path:
        """File of the closed surface, if a scene was seen through a camera."""
        return self.folder / f'{self.name}.surface.npz'


@dataclass(frozen=True)
class Found:
    """Grasps to judge, and what is known about them beforehand."""

    grasp_set: GraspSet
    predicted: list[dict[str, Any]]
    """For each grasp, the success probability and the features behind it; empty if imported."""
    plan: dict[str, Any]
    """Time and validity counts of the plan; empty if imported."""
    pose: NDArray[np.float64]
    """(4, 4) pose of the mesh in the frame of the grasps."""
    table: float | None
    """Height of the table [m]."""
    around: tuple[trimesh.Trimesh, ...] = ()
    """What stands beside the object, in the same frame."""
    closed: ClosedView | None = None
    """What was closed from a camera's view of a scene, in the same frame."""


def evaluate_cell(cell: Cell) -> None:
    """Write the figures of one cell, even if the object yields no grasps."""
    content = _blank(cell)
    try:
        mesh, pieces = load_target(cell.target, cell.scale)
    except FileError as error:
        _write(cell, left_out(cell, str(error)))
        return
    content['mended'] = mesh.metadata.get(MENDED, ())
    try:
        if isinstance(cell.planner, Path):
            found = _imported(cell, cell.planner)
        else:
            found = _plan(cell, cell.planner, mesh)
    except (FileError, UnusableObject) as error:
        # There is no such scene: of the scene's files, or of a neighbour.
        _write(cell, left_out(cell, str(error)))
        return
    except (NoGraspFound, BadCloud, ScaleError) as error:
        # Expected failures to plan are recorded; any other error propagates.
        _write(cell, content | {'error': str(error)})
        return
    placed = [trimesh.transform_points(piece, found.pose) for piece in pieces]
    judged = _judged(found, placed, cell)
    write_grasps(found.grasp_set, cell.grasps)
    if found.closed is not None:
        found.closed.write(cell.closed)
    _write(cell, content | {
        'plan': found.plan,
        'grasps': [{**known, **figures} for known, figures in zip(found.predicted, judged)],
        'diversity': diversity(found.grasp_set.grasps.grasp),
        **spread(found.grasp_set.grasps.grasp),
        'pose': found.pose.tolist()})


def left_out(cell: Cell, why: str) -> dict[str, Any]:
    """Return the figures of a cell whose object cannot be used."""
    return _blank(cell) | {'usable': False, 'error': why}


def _blank(cell: Cell) -> dict[str, Any]:
    return {
        'object': cell.target.name, 'scale': cell.scale, 'view': cell.viewing.view,
        'seed': cell.viewing.seed, 'commit': commit(), 'usable': True, 'error': '', 'mended': (),
        'plan': {}, 'grasps': [], 'diversity': None,
        'wanted': cell.max_grasps if isinstance(cell.viewing, Scene) else None}


def _plan(cell: Cell, choice: PlannerChoice, mesh: trimesh.Trimesh) -> Found:
    beside = [load_target(each, cell.scale)[0] for each in cell.neighbours]
    sight, around = see(cell.target.name, mesh, cell.viewing, beside)
    plan = _planner(choice, cell.max_grasps, cell.device).plan(
        sight.target, PlanRequest(max_grasps=cell.max_grasps, seed=cell.viewing.seed),
        obstacles=sight.obstacles, support=sight.support)
    predicted = [
        {'success_probability': float(probability), 'energy': float(plan.metrics.energy[rank]),
         'contact_pattern': plan.contact_pattern[rank],
         'features': {
            name: float(values[rank]) for name, values in vars(plan.features).items()}}
        for rank, probability in enumerate(plan.success_probability)]
    turn, shift = (torch.from_numpy(part) for part in (sight.judge[:3, :3], sight.judge[:3, 3]))
    grasps = plan.grasps.each(lambda batch: batch.transformed(turn, shift))
    seen = isinstance(cell.viewing, Scene) and not cell.viewing.oracle
    return Found(
        GraspSet(grasps, plan.hand, cell.target.name, cell.scale), predicted,
        _plan_figures(plan), sight.object, sight.table, around,
        ClosedView.of(plan.surface, sight) if seen else None)


def _imported(cell: Cell, path: Path) -> Found:
    stored = read_grasps(path)
    grasps = stored.grasps[:cell.max_grasps]
    return Found(
        GraspSet(grasps, stored.hand, cell.target.name, cell.scale), [{}] * len(grasps), {},
        np.eye(4), None)


def _write(cell: Cell, content: dict[str, Any]) -> None:
    write_json(cell.result, plain(content))


@cache
def _planner(choice: PlannerChoice, max_grasps: int, device: str) -> GraspPlanner:
    """Return this process's planner, created and warmed up once."""
    torch.set_num_threads(1)
    planner = GraspPlanner(choice.settings(max_grasps), device, choice.hand)
    planner.warm_up()
    return planner


def _plan_figures(plan: GraspPlan) -> dict[str, Any]:
    """Return time and validity counts of a plan."""
    hand = find_hand(plan.hand)
    pairs = np.array(hand.coupled_indices, int).reshape(-1, 2)
    joints = np.stack([stage.joints.numpy() for stage in vars(plan.grasps).values()])  # (3, K, J)
    apart = np.abs(joints[..., pairs[:, 0]] - joints[..., pairs[:, 1]]).max((0, 2), initial=0.0)
    return {
        'seconds': plan.report.times.total,
        'seen_fraction': plan.report.seen_fraction,
        'surface_method': plan.report.surface_method,
        'within_limits': int((plan.metrics.joint_limit_margin > -1e-5).sum()),
        'coupled': int((apart < 1e-5).sum()),
        'clear': int((plan.metrics.pregrasp_clearance >= 0.01).sum()),
    }


def _judged(
    found: Found, pieces: list[NDArray[np.float64]], cell: Cell
) -> list[dict[str, Any]]:
    """Return the figures and verdicts of every grasp."""
    grasp_set, grasps = found.grasp_set, found.grasp_set.grasps
    hand = find_hand(grasp_set.hand)
    scene = GraspScene(hand, pieces)
    fixed = [each.convex_hull.vertices for each in found.around]
    rows = [
        asdict(contact_figures(scene, grasps.grasp, index)) | {'verdicts': {}}
        for index in range(len(grasps))]
    for test in cell.tests:
        verdicts = judge(
            grasps, pieces, test, hand=hand, table=found.table, fixed=fixed,
            seed=cell.viewing.seed, conditions=Conditions(closing=cell.closing))
        for row, verdict in zip(rows, verdicts):
            row['verdicts'][test] = asdict(verdict)
    return rows

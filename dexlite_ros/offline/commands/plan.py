# SPDX-License-Identifier: Apache-2.0
"""``dexlite plan``: grasps for one cloud or mesh, as a table, JSON or a picture."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
import json
import math
from pathlib import Path
import sys
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
import trimesh
import tyro

from dexlite_ros.errors import NoGraspFound
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.geometry_file import load_geometry, load_obstacles
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import OfHand, OnDevice, Printed
from dexlite_ros.offline.commands.pair_planning import PairQuestion, plan_pairs, refuse_others
from dexlite_ros.offline.commands.proposer_options import ProposerOptions
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.offline.commands.score_options import ScoreOptions
from dexlite_ros.offline.planner_choice import PlannerChoice, Preset
from dexlite_ros.output.grasp_table import grasp_table, TableRow
from dexlite_ros.output.plan_file import plan_to_dict, write_plan
from dexlite_ros.plan import GraspPlan, PlanReport
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.two_hands.settings import Burden

Target = PointCloud | trimesh.Trimesh
MAX_GRASPS = 20
OF_ONE_HAND = (
    'hand', 'method', 'weights', 'backend', 'set', 'preset', 'uncertainty', 'device')
"""Options that are of no use with two hands."""


@dataclass(frozen=True, kw_only=True)
class Plan(ProposerOptions, ScoreOptions, OfHand, OnDevice, Printed):
    """Plan ranked grasps for one object; units are metres."""

    geometry: tyro.conf.Positional[Path]
    """Point cloud (PLY, PCD) or mesh (OBJ, STL, PLY, OFF, GLB, GLTF, DAE) [m]."""
    hands: Annotated[tuple[str, str] | None, tyro.conf.arg(metavar='FIRST SECOND')] = None
    """Names or paths of two hands: pairs of grasps that carry an object of the given mass
    together, for what is too large or heavy for one hand."""
    max_grasps: int | None = None
    """Maximum number of grasps returned; None: 20, with two hands 5 pairs."""
    num_candidates: int | None = None
    """Number of proposed grasps; None: as many as the method needs."""
    output: Path | None = None
    """Write the plan as JSON here."""
    picture: Path | None = None
    """Write a PNG of the best three grasps here; if none is found, of the likely surfaces."""
    preset: Preset = 'default'
    """Settings of the planner; 'dexlite': energy and schedule of the original DexLite."""
    viewpoint: Annotated[
        tuple[float, float, float] | None, tyro.conf.arg(metavar='X Y Z')] = None
    """Position of the sensor [m], a hint; None: as stored in the file, else found."""
    obstacles: Path | None = None
    """Cloud or mesh that the hand must not touch [m]."""
    threads: Annotated[int, AT_LEAST_0] = 0
    """Threads of the compiled refinement; 0: one per core."""
    timeout: float | None = None
    """Time budget [s]; None: unlimited."""
    seed: int = 0
    """The same seed gives the same grasps."""


def main(argv: list[str]) -> int:
    """Run ``dexlite plan``."""
    options = parse(Plan, 'dexlite plan', argv)
    target = _target(options)
    if options.hands is not None:
        return _plan_pairs(options, options.hands, target)
    try:
        plan = _plan(options, target)
    except NoGraspFound as error:
        for warning in error.report.warnings:
            print(f'warning: {warning}', file=sys.stderr)
        if options.picture:
            print(f'picture: {_surfaces_picture(error, options.picture)}', file=sys.stderr)
        raise
    # The files first, and the text last: whoever reads it may be gone.
    written = []
    if options.output:
        written.append(f'plan: {write_plan(plan, options.output)}')
    if options.picture:
        from dexlite_ros.output.picture import render_plan

        written.append(f'picture: {render_plan(plan, options.picture)}')
    for line in written:
        print(line, file=sys.stderr)
    print(json.dumps(plan_to_dict(plan)) if options.json else _summary(plan))
    return 0


def _plan_pairs(options: Plan, hands: tuple[str, str], target: Target) -> int:
    refuse_others(
        {name: getattr(options, name) for name in OF_ONE_HAND},
        {each.name: each.default for each in fields(options)})
    question = PairQuestion(
        hands, target, _obstacles(options, target), _request(options, options.max_grasps),
        Burden(options.mass, friction=options.friction), options.threads)
    return plan_pairs(
        question, output=options.output, picture=options.picture, as_json=options.json)


def _target(options: Plan) -> Target:
    """Return the cloud or mesh to grasp; a cloud carries its viewpoint."""
    target = load_geometry(options.geometry)
    if isinstance(target, trimesh.Trimesh):
        return target
    return target if options.viewpoint is None else replace(
        target, viewpoint=np.array(options.viewpoint), viewpoint_source='given')


def _plan(options: Plan, target: Target) -> GraspPlan:
    choice = PlannerChoice(
        options.preset, options.known_method(), options.known_hand(), options.weights,
        backend=options.backend, threads=options.threads, conditions=options.conditions(),
        changes=options.set or ())
    most = MAX_GRASPS if options.max_grasps is None else options.max_grasps
    planner = GraspPlanner(choice.settings(most), options.device, choice.hand)
    return planner.plan(
        target, _request(options, most), obstacles=_obstacles(options, target))


def _request(options: Plan, max_grasps: int | None) -> PlanRequest:
    return PlanRequest(
        num_candidates=options.num_candidates, max_grasps=max_grasps, seed=options.seed,
        timeout=math.inf if options.timeout is None else options.timeout)


def _obstacles(options: Plan, target: Target) -> NDArray[np.floating] | None:
    """Return the points (M, 3) of the obstacles [m]; None: there are none."""
    return load_obstacles(options.obstacles, near=target) if options.obstacles else None


def _surfaces_picture(error: NoGraspFound, path: Path) -> Path:
    """Write a picture of the surfaces that no grasp was found on."""
    from dexlite_ros.output.picture import ColouredMesh, OBJECT_COLOUR, render_surfaces

    return render_surfaces(
        path,
        [ColouredMesh(each.vertices, each.faces, OBJECT_COLOUR) for each in error.surfaces],
        [f'{each.method}  {100 * each.weight:.0f} %\nno grasp found'
         for each in error.report.hypotheses])


def _summary(plan: GraspPlan) -> str:
    report = plan.report
    rows = (
        TableRow(
            rank, float(plan.score[rank]), tuple(plan.grasps.grasp.translation[rank].tolist()),
            float(plan.metrics.residual[rank]), float(plan.metrics.penetration[rank]))
        for rank in range(len(plan)))
    return '\n'.join([
        _seen(report),
        grasp_table(rows),
        f'{report.num_candidates} candidates, {report.num_refined} refined, '
        f'rejected: {report.rejected.summary()}',
        f'{report.times.total:.2f} s on {report.device} (surface {report.times.surface:.2f}, '
        f'refine {report.times.refine:.2f}, stage {report.times.stage:.2f})',
        *(f'warning: {warning}' for warning in report.warnings)])


def _seen(report: PlanReport) -> str:
    """Return what the surface was made from."""
    share = f'{100 * report.seen_fraction:.0f} % seen'
    if not report.num_points:
        return f"surface '{report.surface_method}': {share}"
    eye = report.viewpoint.position
    place = 'all around' if eye is None else (
        f"({', '.join(f'{x:.3f}' for x in eye)}) m, {report.viewpoint.source}")
    return (
        f"surface '{report.surface_method}': {report.num_points} points, {share}, from {place}; "
        f'dropped: {report.dropped.summary()}')

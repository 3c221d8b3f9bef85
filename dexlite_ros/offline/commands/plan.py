"""``dexlite plan``: grasps for one cloud or mesh, as a table, JSON and a picture."""

from __future__ import annotations

import argparse
import json
import math
import sys

import numpy as np
import trimesh

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.geometry_file import load_cloud, load_geometry
from dexlite_ros.object.viewpoint import seen_from
from dexlite_ros.offline.planner_choice import PlannerChoice, PRESETS
from dexlite_ros.output.grasp_table import grasp_table, TableRow
from dexlite_ros.output.plan_file import plan_to_dict, write_plan
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.proposal.proposer import METHODS


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite plan``."""
    parser = argparse.ArgumentParser(
        prog='dexlite plan', description='Plan ranked grasps for one object; units are metres.')
    parser.add_argument('geometry', help='point cloud (PLY, PCD) or mesh (OBJ, STL, PLY) [m]')
    parser.add_argument('--max-grasps', type=int, default=20, help='grasps at most (20)')
    parser.add_argument('--num-candidates', type=int,
                        help='grasps proposed (as many as the method needs)')
    parser.add_argument('--output', help='write the plan as JSON here')
    parser.add_argument('--picture', help='write a PNG of the best three grasps here')
    parser.add_argument('--method', choices=METHODS,
                        help='where candidates come from: the network, starts around the hull, '
                        "or both (network; of preset 'dexlite': optimise)")
    parser.add_argument('--weights', default='',
                        help='of the network (those that come with the package)')
    parser.add_argument('--preset', choices=sorted(PRESETS), default='default',
                        help="'dexlite': energy and schedule of the original")
    parser.add_argument('--viewpoint', type=float, nargs=3, metavar=('X', 'Y', 'Z'),
                        help='position of the sensor; default: the origin, if it can be')
    parser.add_argument('--obstacles', help='cloud the hand must not touch (PLY, PCD)')
    parser.add_argument('--timeout', type=float, help='time budget [s]')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same grasps (0)')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (auto)')
    parser.add_argument('--json', action='store_true', help='print the JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite plan``."""
    args = parser().parse_args(argv)
    target = load_geometry(args.geometry)
    if isinstance(target, PointCloud):
        target = seen_from(target, None if args.viewpoint is None else np.array(args.viewpoint))
    obstacles = load_cloud(args.obstacles).points if args.obstacles else None
    choice = PlannerChoice(args.preset, args.method, args.weights)
    planner = GraspPlanner(choice.settings(args.max_grasps), args.device)
    plan = planner.plan(
        target,
        PlanRequest(
            num_candidates=args.num_candidates, max_grasps=args.max_grasps, seed=args.seed,
            timeout=math.inf if args.timeout is None else args.timeout),
        obstacles=obstacles)
    print(json.dumps(plan_to_dict(plan)) if args.json else _summary(plan, target))
    if args.output:
        print(f'plan: {write_plan(plan, args.output)}', file=sys.stderr)
    if args.picture:
        _picture(plan, args.picture)
    return 0


def _picture(plan: GraspPlan, path: str) -> None:
    from dexlite_ros.output.picture import render_plan

    print(f'picture: {render_plan(plan, path)}', file=sys.stderr)


def _summary(plan: GraspPlan, target: PointCloud | trimesh.Trimesh) -> str:
    report = plan.report
    rows = (
        TableRow(
            rank, float(plan.score[rank]), tuple(plan.grasps.grasp.translation[rank].tolist()),
            float(plan.metrics.residual[rank]), float(plan.metrics.penetration[rank]))
        for rank in range(len(plan)))
    points = '' if isinstance(target, trimesh.Trimesh) else f'{report.num_points} points, '
    return '\n'.join([
        f"surface '{report.surface_method}': {points}{100 * report.seen_fraction:.0f} % seen",
        grasp_table(rows),
        f'{report.num_candidates} candidates, {report.num_refined} refined, '
        f'rejected: {report.rejected.summary()}',
        f'{report.times.total:.2f} s on {report.device} (surface {report.times.surface:.2f}, '
        f'refine {report.times.refine:.2f}, stage {report.times.stage:.2f})'])



"""``dexlite measure``: plan on many objects and measure the grasps as MuJoCo sees them."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm
import trimesh

from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.files import replaced
from dexlite_ros.hands import HANDS
from dexlite_ros.object.geometry_file import load_mesh
from dexlite_ros.offline.objects import convex_pieces, list_objects, ObjectFile
from dexlite_ros.offline.simulation import GraspScene
from dexlite_ros.offline.surface_accuracy import measured_cloud, Setup
from dexlite_ros.offline.validation import six_forces
from dexlite_ros.plan import GraspPlan
from dexlite_ros.planner import GraspPlanner


@dataclass(frozen=True)
class Measurement:
    """What was measured on the grasps of one object; lengths in millimetres."""

    name: str
    grasps: int
    within_limits: int
    coupled: int
    """Grasps whose J1 and J2 agree at every stage."""
    clear: int
    """Grasps whose pregrasp keeps at least 1 cm from the object that was planned on."""
    touching_pregrasp: int
    """Grasps whose pregrasp overlaps the simulated object."""
    penetration: float
    self_penetration: float
    seconds: float
    held: tuple[bool, ...] = ()
    """Verdict of the six forces on each grasp, best first; empty when it was not asked for."""
    failures: tuple[str, ...] = ()
    """Why the others did not hold."""

    def success(self, best: int | None = None) -> float:
        """Return the share of the ``best`` grasps (None: all) that held."""
        return float(np.mean(self.held[:best])) if self.held else np.nan


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite measure``."""
    parser = argparse.ArgumentParser(
        prog='dexlite measure', description='Plan on clouds sampled from meshes, then measure '
        'penetration on the convex pieces of the meshes in MuJoCo.')
    parser.add_argument('--objects', required=True, help='folder with manifest.csv')
    parser.add_argument('--split', default='dev')
    parser.add_argument('--tier', default='core')
    parser.add_argument('--only', nargs='+', help='these objects')
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--points', type=int, default=2048, help='points per cloud (2048)')
    parser.add_argument('--view', choices=('full', 'single'), default='full',
                        help='clouds from all sides, or from one camera above (full)')
    parser.add_argument('--noise', type=float, default=0.0,
                        help='of each coordinate, or along the rays of the camera [m] (0)')
    parser.add_argument('--table', action='store_true',
                        help='single view: the object stands on a table the planner knows')
    parser.add_argument('--six-forces', action='store_true',
                        help='simulate whether each grasp holds against 1 N from six sides')
    parser.add_argument('--max-grasps', type=int, default=20)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--device', default='auto')
    parser.add_argument('--output', type=Path, help='write the figures as JSON here')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite measure``."""
    args = parser().parse_args(argv)
    objects = list_objects(args.objects, args.split, args.tier)
    if args.only:
        objects = [each for each in objects if each.name in args.only]
    objects = objects[: args.limit]
    if not objects:
        raise InvalidRequest('--objects', args.objects, 'a folder with objects of that split')
    planner = GraspPlanner(device=args.device)
    planner.warm_up()
    rows = []
    for each in tqdm(objects, unit='object', disable=None):
        try:
            rows.append(_measure(planner, each, args))
        except DexliteError as error:
            tqdm.write(f'{each.name}: {error}')
            rows.append(Measurement(each.name, 0, 0, 0, 0, 0, np.nan, np.nan, np.nan))
    figures = _without_nan({'rows': [asdict(row) for row in rows], 'mean': _means(rows)})
    print(json.dumps(figures, indent=1) if args.json else _table(rows))
    if args.output:
        with replaced(args.output) as temporary:
            temporary.write_text(json.dumps(figures, indent=1) + '\n')
    return 0


def _measure(planner: GraspPlanner, each: ObjectFile, args: argparse.Namespace) -> Measurement:
    setup = Setup(args.view, args.points, args.noise, args.table, args.seed)
    cloud, mesh, table = measured_cloud(
        load_mesh(each.path), setup, np.random.default_rng(args.seed))
    plan = planner.plan(cloud, support=table, max_grasps=args.max_grasps, seed=args.seed)
    return measure_plan(each.name, plan, mesh, judge=args.six_forces)


def measure_plan(
    name: str, plan: GraspPlan, mesh: trimesh.Trimesh, *, judge: bool = False
) -> Measurement:
    """
    Return the figures of one plan, on the convex pieces of the mesh its cloud came from.

    :param mesh: in the frame of the plan [m]
    :param judge: simulate the six forces as well
    """
    hand = HANDS[plan.hand]
    scene = GraspScene(hand, convex_pieces(mesh))
    stages = list(vars(plan.grasps).values())
    joints = np.stack([stage.joints.numpy() for stage in stages])  # (3, K, J)
    pairs = np.array(hand.coupled_indices)
    apart = np.abs(joints[..., pairs[:, 0]] - joints[..., pairs[:, 1]]).max((0, 2))
    at_grasp = [scene.overlap(plan.grasps.grasp, i) for i in range(len(plan))]
    verdicts = [
        six_forces(scene, plan.grasps, i) for i in range(len(plan) if judge else 0)]
    before = [scene.overlap(plan.grasps.pregrasp, i) for i in range(len(plan))]
    return Measurement(
        name, len(plan),
        within_limits=int((plan.metrics.joint_limit_margin > -1e-5).sum()),
        coupled=int((apart < 1e-5).sum()),
        clear=int((plan.metrics.pregrasp_clearance >= 0.01).sum()),
        touching_pregrasp=sum(each.hand_object > 0 for each in before),
        penetration=1e3 * float(np.mean([each.hand_object for each in at_grasp])),
        self_penetration=1e3 * float(np.mean([each.hand_hand for each in at_grasp])),
        seconds=plan.report.times.total,
        held=tuple(verdict.passed for verdict in verdicts),
        failures=tuple(verdict.reason for verdict in verdicts if not verdict.passed))


def _without_nan(value: object) -> object:
    """Return plain data with null for what is not a number, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _means(rows: list[Measurement]) -> dict[str, float]:
    names = ('grasps', 'penetration', 'self_penetration', 'seconds')
    means = {name: float(np.nanmean([getattr(row, name) for row in rows])) for name in names}
    if any(row.held for row in rows):
        # An object without grasps is an object without success.
        for name, best in (('held_all', None), ('held_best_5', 5), ('held_best_1', 1)):
            means[name] = float(np.mean([row.success(best) if row.held else 0 for row in rows]))
    return means


def _table(rows: list[Measurement]) -> str:
    width = max(len(row.name) for row in rows)
    lines = [
        f'{"object":<{width}}  grasps limits coupled clear touching  '
        'penetration  self [mm]   s  held: all   5   1']
    for row in rows:
        held = ''.join(f'{100 * row.success(best):4.0f}' for best in (None, 5, 1))
        lines.append(
            f'{row.name:<{width}}  {row.grasps:6d} {row.within_limits:6d} {row.coupled:7d} '
            f'{row.clear:5d} {row.touching_pregrasp:8d}  {row.penetration:11.2f} '
            f'{row.self_penetration:10.2f} {row.seconds:4.1f}  {held if row.held else ""}')
    mean = _means(rows)
    held = ''.join(
        f'{100 * mean[name]:5.1f}' for name in ('held_all', 'held_best_5', 'held_best_1')
        if name in mean)
    lines.append(
        f'{"mean":<{width}}  {mean["grasps"]:6.1f} {"":29} {mean["penetration"]:11.2f} '
        f'{mean["self_penetration"]:10.2f} {mean["seconds"]:4.1f}  {held}')
    return '\n'.join(lines)

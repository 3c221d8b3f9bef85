# SPDX-License-Identifier: Apache-2.0
"""How often pairs of grasps lift large objects: plan, lift with both hands, count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import math
from pathlib import Path
import time
from typing import Any

import numpy as np
import trimesh

from dexlite_ros.errors import NoGraspFound
from dexlite_ros.files import plain, replaced, write_json
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.offline.objects.measured_cloud import one_view, support_of, View
from dexlite_ros.offline.objects.sources import load_target, ProceduralObject, Target
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.pair_judge import PairTrial
from dexlite_ros.offline.physics.simulation import SimulationSettings
from dexlite_ros.offline.provenance import commit
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.two_hands.settings import Burden, TwoHandSettings
from dexlite_ros.two_hands.two_hand_planner import TwoHandPlanner

CAMERA_DISTANCE = 1.2
"""Between the camera and the middle of the object: it sees the whole of what is 50 cm wide [m]."""


@dataclass(frozen=True)
class PairLifts:
    """What is planned and tried with each object."""

    hands: tuple[str, str]
    mass: float
    """[kg]"""
    friction: float
    """Of every contact, in plan and lift."""
    points: int
    """Number of points of a cloud from all sides that is planned on; 0: the mesh is."""
    noise: float
    """Standard deviation of the points per coordinate, or along the camera's rays [m]."""
    pairs: int
    """Pairs per object, best first."""
    seed: int = 0
    views: View = 'full'
    """Whether the cloud is seen from all sides, or by one camera above a table."""


@dataclass(frozen=True)
class LiftTask:
    """One object."""

    target: Target
    lifts: PairLifts


@dataclass(frozen=True)
class LiftedObject:
    """What became of one object."""

    name: str
    family: str
    size: tuple[float, ...]
    """Sides of its box [m]."""
    seconds: float
    """Time to plan [s]."""
    residuals: tuple[float, ...]
    verdicts: tuple[Verdict, ...]
    error: str = ''
    """Why there is no plan."""

    @property
    def in_time(self) -> bool:
        """Whether it was not ended for taking too long."""
        return not math.isnan(self.seconds)

    def lifted(self, best: int) -> bool:
        """Return whether one of the best pairs lifted it."""
        return any(each.passed for each in self.verdicts[:best])


def family_of(target: Target) -> str:
    """Return the family of a procedural object; empty for a mesh."""
    return target.family if isinstance(target, ProceduralObject) else ''


def lift_object(task: LiftTask) -> LiftedObject:
    """Plan for one object and try its pairs; called by workers."""
    target, lifts = task.target, task.lifts
    mesh, pieces = load_target(target)
    size = tuple(np.round(mesh.extents, 3).tolist())
    planner = TwoHandPlanner(*lifts.hands, TwoHandSettings(threads=1))
    given = _seen(mesh, lifts)
    begin = time.monotonic()
    try:
        plan = planner.plan(
            given, PlanRequest(max_grasps=lifts.pairs, seed=lifts.seed),
            Burden(lifts.mass, friction=lifts.friction),
            support=support_of(mesh) if lifts.views == 'single' else None)
    except NoGraspFound as error:
        return LiftedObject(
            target.name, family_of(target), size, time.monotonic() - begin, (), (), str(error))
    seconds = time.monotonic() - begin
    first, second = lifts.hands
    trial = PairTrial(
        (find_hand(first), find_hand(second)), pieces,
        SimulationSettings(mass=lifts.mass, friction=lifts.friction),
        table=float(mesh.bounds[0, 2]))
    verdicts = trial.judge((plan.first.grasps, plan.second.grasps))
    return LiftedObject(
        target.name, family_of(target), size, seconds, tuple(plan.metrics.residual.tolist()),
        tuple(verdicts))


def _seen(mesh: trimesh.Trimesh, lifts: PairLifts) -> PointCloud | trimesh.Trimesh:
    """Return what is planned on: a cloud of an upright object, or its mesh."""
    rng = np.random.default_rng(lifts.seed)
    if lifts.views == 'single':
        return one_view(mesh, rng, lifts.noise, CAMERA_DISTANCE)
    return sample_mesh(mesh, lifts.points, rng, lifts.noise) if lifts.points else mesh


def figures(objects: Sequence[LiftedObject], lifts: PairLifts) -> dict[str, Any]:
    """Return all figures as plain data."""
    def share(of: Sequence[LiftedObject], best: int) -> float:
        return sum(each.lifted(best) for each in of) / len(of)

    families = list(dict.fromkeys(each.family for each in objects))
    verdicts = [verdict for each in objects for verdict in each.verdicts]
    return plain({
        'question': asdict(lifts),
        'commit': commit(),
        'count': len(objects),
        'best': share(objects, 1),
        'any': share(objects, lifts.pairs),
        'pairs_held': sum(each.passed for each in verdicts) / max(len(verdicts), 1),
        'pairs': len(verdicts),
        'reasons': dict(Counter(
            each.reason for each in verdicts if not each.passed).most_common()),
        'seconds_median': _median_time(objects),
        'families': {
            name: {
                'count': len(own), 'best': share(own, 1), 'any': share(own, lifts.pairs),
                'seconds_median': _median_time(own)}
            for name in families
            for own in [[each for each in objects if each.family == name]]},
        'objects': [asdict(each) for each in objects]})


def _median_time(objects: Sequence[LiftedObject]) -> float:
    """Return the median time to plan [s], of objects that did not take too long; NaN: of none."""
    seconds = [each.seconds for each in objects if each.in_time]
    return float(np.median(seconds)) if seconds else math.nan


def markdown(found: dict[str, Any], command: str) -> str:
    """Return the figures as a page."""
    question = found['question']
    rows = {**found['families'], 'all': found}
    return '\n'.join([
        '# Lifts with two hands', '',
        f'`{command}` at {found["commit"]}: {" and ".join(question["hands"])}, '
        f'{question["mass"]:g} kg, friction {question["friction"]:g}, '
        f'planned on {_planned_on(question)}.', '',
        f'| family | objects | best pair lifts | any of {question["pairs"]} | median plan [s] |',
        '|---|---|---|---|---|',
        *(f'| {name or "-"} | {row["count"]} | {100 * row["best"]:.0f} % | '
          f'{100 * row["any"]:.0f} % | {_told(row["seconds_median"])} |'
          for name, row in rows.items()), '',
        f'{100 * found["pairs_held"]:.0f} % of all {found["pairs"]} pairs hold; not: '
        + (', '.join(f'{reason} {count}' for reason, count in found['reasons'].items()) or 'none')
        + '.',
        *(f'- {each["name"]}: {each["error"]}' for each in found['objects'] if each['error']),
        ''])


def _planned_on(question: dict[str, Any]) -> str:
    if not question['points'] and question['views'] == 'full':
        return 'meshes'
    cloud = ('clouds of one camera above a table' if question['views'] == 'single'
             else f'clouds of {question["points"]} points')
    return f'{cloud}, noise {1e3 * question["noise"]:g} mm'


def _told(seconds: float | None) -> str:
    return '-' if seconds is None else f'{seconds:.1f}'


def write_report(found: dict[str, Any], command: str, folder: Path) -> Path:
    """Write report.json and report.md into a folder, and return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / 'report.json', found)
    path = folder / 'report.md'
    with replaced(path) as temporary:
        temporary.write_text(markdown(found, command))
    return path


def timed_out(task: LiftTask, reason: str) -> LiftedObject:
    """Return what to say of an object that took too long."""
    return LiftedObject(task.target.name, family_of(task.target), (), math.nan, (), (), reason)

# SPDX-License-Identifier: Apache-2.0
"""From candidates to rows: the judge's verdicts and all other stored columns of a grasp."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
import time
from typing import Any

import pyarrow as pa
import torch

from dexlite_ros.errors import FileError, UnusableObject
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.dataset.schema import grasp_schema, stages_to_columns, TESTS
from dexlite_ros.offline.dataset.store import held, object_to_table
from dexlite_ros.offline.generation.candidates import Candidates, Choice, propose
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.objects.prepared_object import prepare, split_of
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.contact_figures import diversity
from dexlite_ros.offline.physics.judge import judge_together
from dexlite_ros.plan import PlanReport

JUDGES = {'six_forces': 'six-forces-quick', 'lift': 'lift-quick'}
"""The test behind each verdict."""


@dataclass(frozen=True)
class Generated:
    """The outcome of one task."""

    grasps: pa.Table
    target: pa.Table | None
    """One row for the object, if the task requested it."""
    figures: dict[str, Any]
    """Counts and times as plain data; only an error when the object cannot be used."""


def generate(task: GenerationTask) -> Generated:
    """Propose and judge in one step; called by workers without a GPU."""
    return judge_candidates(propose(task))


def judge_candidates(candidates: Candidates) -> Generated:
    """Return the rows of the chosen candidates; this needs no GPU."""
    task, choice = candidates.task, candidates.choice
    verdicts: dict[str, list[Verdict]] = {test: [] for test in TESTS}
    if candidates.report is None:
        return left_out(task, candidates.error)
    started = time.perf_counter()
    try:
        if choice is not None:
            rows = judge_together(
                choice.grasps, candidates.pieces, [JUDGES[test] for test in TESTS],
                hand=find_hand(task.hand))
            verdicts = dict(zip(TESTS, map(list, zip(*rows))))
        seconds = time.perf_counter() - started
        target = None if task.digest else object_to_table(prepare(task.target))
    except (FileError, UnusableObject) as error:
        return left_out(task, str(error))
    grasps = _schema(task).empty_table() if choice is None else _table(task, choice, verdicts)
    return Generated(
        grasps, target, _figures(candidates, candidates.report, verdicts, grasps, seconds))


def left_out(task: GenerationTask, error: str) -> Generated:
    """Return the outcome of a task that cannot be done, with the reason."""
    return Generated(_schema(task).empty_table(), None, {
        'object': task.target.name, 'scale': task.scale, 'seed': task.seed, 'mode': task.mode,
        'error': error})


def _schema(task: GenerationTask) -> pa.Schema:
    return grasp_schema(len(find_hand(task.hand).joint_names))


def _table(
    task: GenerationTask, choice: Choice, verdicts: dict[str, list[Verdict]]
) -> pa.Table:
    count, metrics, schema = len(choice.grasps), choice.metrics, _schema(task)
    columns = {
        'object': [task.target.name] * count,
        'split': [split_of(task.target)] * count,
        'scale': [task.scale] * count, 'seed': [task.seed] * count, 'number': range(count),
        'mode': [task.mode] * count, 'parent': choice.parents,
        **stages_to_columns(choice.grasps),
        'associated_point': choice.points, 'point_count': choice.counts,
        'success_probability': choice.probability.numpy(),
        **{name: getattr(metrics, name).numpy() for name in (
            'energy', 'residual', 'penetration', 'self_penetration', 'pregrasp_clearance')},
        'lift_rise': [each.rise for each in verdicts['lift']],
    }
    for test, row in verdicts.items():
        columns |= {
            test: [each.passed for each in row],
            f'{test}_reason': [each.reason for each in row],
            f'{test}_moved': [each.moved for each in row],
            f'{test}_turned': [each.turned for each in row]}
    return pa.table([
        columns[field.name] if isinstance(columns[field.name], pa.Array)
        else pa.array(list(columns[field.name])).cast(field.type) for field in schema],
        schema=schema)


def _figures(
    candidates: Candidates, report: PlanReport, verdicts: dict[str, list[Verdict]],
    grasps: pa.Table, judge_seconds: float,
) -> dict[str, Any]:
    """Return the figures of a task for the log."""
    task, choice = candidates.task, candidates.choice
    good = torch.from_numpy(held(grasps))
    return {
        'object': task.target.name, 'scale': task.scale, 'seed': task.seed, 'mode': task.mode,
        'proposed': report.num_candidates, 'refined': report.num_refined,
        'rejected': asdict(report.rejected), 'judged': len(grasps), 'held': int(good.sum()),
        'verdicts': {
            test: dict(sorted(Counter(each.reason for each in row).items()))
            for test, row in verdicts.items()},
        'diversity': diversity(choice.grasps.grasp[good]) if choice and good.sum() > 1 else None,
        'propose_seconds': candidates.seconds, 'judge_seconds': judge_seconds,
        'seconds': asdict(report.times),
    }

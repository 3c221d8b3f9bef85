"""From candidates to rows: the judge's verdicts, and everything else that is kept of a grasp."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
import time

import pyarrow as pa

from dexlite_ros.offline.contact_figures import diversity
from dexlite_ros.offline.dataset.schema import grasp_schema, stages_to_columns, TESTS
from dexlite_ros.offline.dataset.store import held, object_to_table
from dexlite_ros.offline.generation.candidates import Candidates, Choice, propose
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.judging import judge
from dexlite_ros.offline.prepared_object import prepare, split_of
from dexlite_ros.offline.validation import Verdict

JUDGES = {'six_forces': 'six-forces-quick', 'lift': 'lift-quick'}
"""The test behind each verdict."""


@dataclass(frozen=True)
class Generated:
    """The outcome of one task."""

    grasps: pa.Table
    target: pa.Table | None
    """One row for the object, when the task asked for it."""
    figures: dict
    """Counts and times, plain data; only an error where the object cannot be used."""


def generate(task: GenerationTask) -> Generated:
    """Propose and judge in one go; workers without a GPU call it."""
    return judge_candidates(propose(task))


def judge_candidates(candidates: Candidates) -> Generated:
    """Return the rows of the chosen candidates; this needs no GPU."""
    started = time.perf_counter()
    task, choice = candidates.task, candidates.choice
    if candidates.error:
        return Generated(
            _table(task, None, {}), None,
            {'object': task.target.name, 'scale': task.scale, 'error': candidates.error})
    verdicts: dict[str, list[Verdict]] = {test: [] for test in TESTS}
    if choice is not None:
        for test in TESTS:
            verdicts[test] = list(judge(choice.grasps, candidates.pieces, JUDGES[test]))
    grasps = _table(task, choice, verdicts)
    judged = time.perf_counter() - started
    target = object_to_table(prepare(task.target)) if task.describe else None
    return Generated(grasps, target, _figures(candidates, verdicts, grasps, judged))


def _table(
    task: GenerationTask, choice: Choice | None, verdicts: dict[str, list[Verdict]]
) -> pa.Table:
    schema = grasp_schema(22 if choice is None else choice.grasps.grasp.joints.shape[1])
    if choice is None:
        return schema.empty_table()
    count, metrics = len(choice.grasps), choice.metrics
    columns = {
        'object': [task.target.name] * count,
        'split': [split_of(task.target.name)] * count,
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
    candidates: Candidates, verdicts: dict[str, list[Verdict]], grasps: pa.Table, judged: float
) -> dict:
    """Return what the log keeps of a task."""
    task, report, choice = candidates.task, candidates.report, candidates.choice
    good = held(grasps)
    return {
        'object': task.target.name, 'scale': task.scale, 'seed': task.seed, 'mode': task.mode,
        'proposed': report.num_candidates, 'refined': report.num_refined,
        'rejected': asdict(report.rejected), 'judged': len(grasps), 'held': int(good.sum()),
        'verdicts': {
            test: dict(sorted(Counter(each.reason for each in row).items()))
            for test, row in verdicts.items()},
        'diversity': diversity(choice.grasps.grasp[good]) if good.sum() > 1 else None,
        'propose_seconds': candidates.seconds, 'judge_seconds': judged,
    }

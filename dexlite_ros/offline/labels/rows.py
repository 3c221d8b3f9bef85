# SPDX-License-Identifier: Apache-2.0
"""The rows of the tables, from a plan and its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import torch

from dexlite_ros import __version__
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.dataset.schema import stages_to_columns, vectors
from dexlite_ros.offline.labels.choice import Chosen
from dexlite_ros.offline.labels.judged import heavy_mass
from dexlite_ros.offline.labels.schema import grasp_schema, scene_schema, to_table
from dexlite_ros.offline.labels.task import LabelTask
from dexlite_ros.offline.objects.prepared_object import split_of
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.provenance import commit
from dexlite_ros.offline.scenes.sight import Sight
from dexlite_ros.plan import GraspPlan


@dataclass(frozen=True)
class Labels:
    """The N judged grasps of a scene, and M near misses after them."""

    grasps: StagedGrasp
    """N + M, in the judge's frame."""
    chosen: Chosen
    """Where the N come from in the plan."""
    parents: NDArray[np.int64]
    """(M,) numbers of the grasps that the near misses are copies of."""
    verdicts: list[Verdict]
    """N + M."""
    shares: Mapping[str, Mapping[int, float]]
    """By 'mild' or 'noise', then by number of the grasp."""
    slippery: Mapping[int, bool]
    """Verdicts with little friction, by number of the grasp."""
    heavy: Mapping[int, bool]
    """Verdicts on the heavy object, by number of the grasp."""


def grasp_rows(task: LabelTask, plan: GraspPlan, labels: Labels, sight: Sight) -> pa.Table:
    """Return one row for each judged grasp."""
    count, misses, found = len(labels.verdicts), len(labels.parents), labels.chosen.found
    back = np.linalg.inv(sight.object)
    turn, shift = torch.from_numpy(back[:3, :3]), torch.from_numpy(back[:3, 3])
    own = labels.grasps.each(lambda batch: batch.transformed(turn, shift))
    approach = plan.approach_direction.numpy()[found] @ (back[:3, :3] @ sight.judge[:3, :3]).T
    measured = {
        'rank': found, 'start': plan.start.numpy()[found],
        'contact_pattern': [plan.contact_pattern[each] for each in found],
        'success_probability': plan.success_probability.numpy()[found],
        **{f'metric_{name}': value.numpy()[found] for name, value in vars(plan.metrics).items()},
        **{f'feature_{name}': value.numpy()[found]
           for name, value in vars(plan.features).items()}}
    numbers = range(count)
    return to_table({
        **_keys(task, count), 'number': numbers,
        'near_miss': [number >= len(found) for number in numbers],
        'parent': [None] * len(found) + labels.parents.tolist(),
        'choice': [labels.chosen.choice.get(number) for number in numbers],
        **{name: [*values, *[None] * misses] for name, values in measured.items()},
        # Of near misses as well: Parquet cannot hold a null in place of a vector.
        'approach_direction': vectors(np.concatenate([approach, approach[labels.parents]])),
        **stages_to_columns(own),
        'held': [each.passed for each in labels.verdicts],
        'reason': [each.reason for each in labels.verdicts],
        'moved': [each.moved for each in labels.verdicts],
        'turned': [each.turned for each in labels.verdicts],
        **{f'held_{level}': [shares.get(number) for number in numbers]
           for level, shares in labels.shares.items()},
        'held_low_friction': [labels.slippery.get(number) for number in numbers],
        'held_heavy': [labels.heavy.get(number) for number in numbers],
    }, grasp_schema(find_hand(task.hand)))


def scene_row(
    task: LabelTask, digest: str, sight: Sight | None = None, plan: GraspPlan | None = None,
    standing: int = 0, seconds: Mapping[str, float] | None = None, error: str = '',
) -> pa.Table:
    """
    Return the row of a scene.

    :param sight: None: too little was seen
    :param plan: None: there is none, for the reason ``error``
    """
    row: dict[str, Any] = {
        'source': task.source, 'digest': digest, 'camera': task.scene.camera_name,
        'neighbours': [{'source': source, 'object': each.name}
                       for each, source in task.neighbours],
        'random_seed': task.random_seed, 'heavy_mass': heavy_mass(task.random_seed),
        'test': task.scene.tests.clean, 'standing': standing, 'error': error,
        'release': __version__, 'commit': commit(), **(seconds or {})}
    if sight is not None:
        row |= {'object_pose': sight.object.ravel(), 'planner_pose': sight.judge.ravel(),
                'table': sight.table}
    if plan is not None:
        report = plan.report
        row |= {
            'refined': report.num_refined, 'found': len(plan),
            **{f'rejected_{name}': count for name, count in vars(report.rejected).items()},
            'seen_fraction': report.seen_fraction, 'surface_method': report.surface_method,
            'viewpoint': report.viewpoint.source,
            'hypotheses': [vars(each) for each in report.hypotheses],
            'warnings': [each.code for each in report.warnings]}
    return to_table({**_keys(task, 1), **{name: [each] for name, each in row.items()}},
                    scene_schema(find_hand(task.hand)))


def _keys(task: LabelTask, count: int) -> dict[str, list[Any]]:
    """Return the columns that tell the scene."""
    values = {
        'scene': task.key, 'object': task.target.name, 'split': split_of(task.target),
        'kind': task.scene.kind, 'scale': task.scale, 'seed': task.seed}
    return {name: [value] * count for name, value in values.items()}

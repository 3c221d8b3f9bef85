# SPDX-License-Identifier: Apache-2.0
"""The labelled grasps of a folder with their features: as a table, and as one file of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.files import replaced
from dexlite_ros.offline.calibration.examples import LEVELS, MEASURED
from dexlite_ros.offline.dataset.schema import matrix, stages_from_table
from dexlite_ros.offline.labels.label_set import LabelSet
from dexlite_ros.offline.labels.seen_again import features_again
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.ranking.success_model import FEATURES

KEPT = ('scene', 'object', 'number', 'near_miss', 'choice', 'contact_pattern', 'reason',
        *(level.column for level in LEVELS.values()))
"""Columns of the labels that go into the table as they are."""
POSES = ('position', 'quat_xyzw', 'joints', 'pregrasp_position', 'pregrasp_joints',
         'squeeze_joints')


@dataclass(frozen=True)
class _Scene:
    row: dict[str, Any]
    grasps: pa.Table
    hand: str


def measured_labels(folder: Path, workers: int = 0) -> pa.Table:
    """
    Return the labelled grasps of a folder with the features that the planner computes today.

    Every scene is seen again, so the features may be other ones than those of the labels.

    :param workers: processes; 0: one per CPU
    :raises FileError, InvalidRequest: for a folder without labels, or whose objects are gone
    """
    labels = LabelSet(folder)
    hand = labels.hand.name
    rows = {row['scene']: row for row in labels.scenes().to_pylist() if not row['error']}
    grasps = labels.grasps([*KEPT, *POSES])
    names = np.array(grasps['scene'].to_pylist(), str)
    tasks = [_Scene(rows[name], grasps.filter(pa.array(names == name)), hand)
             for name in sorted(rows) if (names == name).any()]
    if not tasks:
        raise InvalidRequest('labels', str(folder), 'a folder with labelled grasps')
    found = {}
    for task, table in run_tasks(_measured, tasks, workers=workers, unit='scene'):
        found[task.row['scene']] = table
    return pa.concat_tables([found[name] for name in sorted(found)]).unify_dictionaries()


def _measured(scene: _Scene) -> pa.Table:
    """Return the rows of one scene; features and joints in half precision, which is enough."""
    features = features_again(scene.row, stages_from_table(scene.grasps).grasp, scene.hand)
    count = len(scene.grasps)
    columns = {name: scene.grasps[name] for name in KEPT} | {
        'hand': pa.array([scene.hand] * count).dictionary_encode(),
        'kind': pa.array([kind_of(scene.row)] * count).dictionary_encode(),
        'heavy_mass': pa.array([scene.row['heavy_mass']] * count, pa.float32())}
    joints = matrix(scene.grasps, 'joints').astype(np.float16)
    columns |= {'joints': pa.FixedSizeListArray.from_arrays(joints.ravel(), joints.shape[1])}
    columns |= {f'feature_{name}': pa.array(getattr(features, name).numpy().astype(np.float16))
                for name in FEATURES}
    return pa.table(columns)


def kind_of(scene: dict[str, Any]) -> str:
    """Return how the object of a scene was seen, such as 'table kinect crowded'."""
    crowded = 'crowded' if scene['neighbours'] else ''
    return ' '.join(word for word in (scene['kind'], scene['camera'], crowded) if word)


def write_measured(table: pa.Table, path: Path) -> None:
    """Write a table of measured labels."""
    with replaced(path) as temporary:
        pq.write_table(
            table, temporary, compression='zstd', compression_level=19, write_statistics=False,
            use_dictionary=[name for name in table.column_names if name not in MEASURED])


def read_measured(path: Path) -> pa.Table:
    """
    Return the table of a file.

    :raises FileError: for a file that cannot be read, or is another table
    """
    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise FileError(path, str(error)) from error
    missing = {*KEPT, *MEASURED, 'joints', 'hand'} - set(table.column_names)
    if missing:
        raise FileError(path, f'it lacks the columns {sorted(missing)}')
    return table

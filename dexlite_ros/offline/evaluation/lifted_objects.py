# SPDX-License-Identifier: Apache-2.0
"""Lifts of many objects with two hands, one file per object: what is done is not done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
import math
from pathlib import Path
from typing import Any

from dexlite_ros import __version__
from dexlite_ros.errors import FileError
from dexlite_ros.files import plain, read_json, write_json
from dexlite_ros.offline.evaluation.pair_lifts import (
    lift_object,
    LiftedObject,
    LiftTask,
    PairLifts,
    timed_out,
)
from dexlite_ros.offline.objects.sources import Target
from dexlite_ros.offline.physics.closing_choice import SOFT_WRIST
from dexlite_ros.offline.physics.simulation import REVISION
from dexlite_ros.offline.physics.two_hand_lift import TWO_HAND_LIFT
from dexlite_ros.offline.physics.verdict_file import verdict_of
from dexlite_ros.offline.provenance import claim, fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.two_hands.settings import TwoHandSettings

FORMAT = 'dexlite_ros/lifted_object'
VERSION = 1


def lift_objects(
    targets: Sequence[Target], lifts: PairLifts, folder: Path, workers: int = 0,
    limit: float = 0.0,
) -> list[LiftedObject]:
    """
    Lift the objects whose results are missing in a folder, and return those of all.

    :param workers: worker processes; 0: one per CPU
    :param limit: time that one object may take; the next call tries it again [s]. 0: any time
    :raises InvalidRequest: when the folder was made with other settings or another release
    :raises FileError: when a result in it is none
    """
    claim(folder / 'objects' / 'question.json', fingerprint(
        __version__, lifts, TwoHandSettings(), TWO_HAND_LIFT, SOFT_WRIST, REVISION))
    paths = {each: folder / 'objects' / f'{each.name}.json' for each in targets}
    done = {each: _read(path) for each, path in paths.items() if path.exists()}
    missing = [LiftTask(each, lifts) for each in targets if each not in done]
    for task, lifted in run_tasks(
            lift_object, missing, workers=workers, unit='object', limit=limit, late=timed_out):
        done[task.target] = lifted
        if lifted.in_time:
            write_json(paths[task.target], plain(
                {'format': FORMAT, 'version': VERSION, **asdict(lifted)}))
    return [done[each] for each in targets]


def _read(path: Path) -> LiftedObject:
    content: dict[str, Any] = read_json(path, FORMAT, VERSION)
    del content['format'], content['version']
    try:
        return LiftedObject(**content | {
            'size': tuple(content['size']),
            'residuals': tuple(
                math.nan if each is None else each for each in content['residuals']),
            'verdicts': tuple(map(verdict_of, content['verdicts']))})
    except (KeyError, TypeError, AttributeError) as error:
        raise FileError(path, f'it holds no lifted object: {error!r}') from error

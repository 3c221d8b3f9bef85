# SPDX-License-Identifier: Apache-2.0
"""The dataset that grasps are generated into: open it, record runs, add grasps."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, UTC
from pathlib import Path

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.generation.judged import Generated
from dexlite_ros.offline.generation.request import Settings
from dexlite_ros.offline.generation.task import GenerationTask
from dexlite_ros.offline.provenance import commit


def open_or_create(folder: Path, settings: Settings) -> GraspDataset:
    """
    Return a new dataset, or an existing one with the same settings.

    :raises InvalidRequest: when the folder has a merged dataset or one with other settings
    """
    if not (folder / 'dataset.json').exists():
        return GraspDataset.create(folder, {**settings, 'runs': []}, str(settings['hand']))
    dataset = GraspDataset.open(folder)
    about = dataset.about
    if 'merged' in about:
        raise InvalidRequest('output', str(folder), 'a folder that was not merged')
    for name, value in settings.items():
        if about.get(name) != value:
            raise InvalidRequest(
                'output', str(folder), f"a new folder: in this one '{name}' was "
                f'{about.get(name)}, now it is {value}')
    return dataset


def copy_objects(source: GraspDataset, dataset: GraspDataset, names: Set[str]) -> None:
    """Copy the rows of objects, since associated points are indices into their clouds."""
    table = source.objects()
    for index, name in enumerate(table['object'].to_pylist()):
        if name in names and not dataset.object_file(name).exists():
            dataset.write_objects(table.slice(index, 1), dataset.object_file(name))


def note_run(dataset: GraspDataset, command: str) -> None:
    """Record a run in the dataset's description."""
    about = dataset.about
    about['runs'].append({
        'command': command, 'release': __version__, 'commit': commit(),
        'date': f'{datetime.now(UTC):%Y-%m-%d}'})
    write_json(dataset.folder / 'dataset.json', about)


def keep(dataset: GraspDataset, task: GenerationTask, result: Generated) -> None:
    """Store the outcome of a task: the object first, so that no grasp lacks its object."""
    if 'error' not in result.figures:
        path = dataset.object_file(task.target.name)
        if result.target is not None and not path.exists():
            dataset.write_objects(result.target, path)
        dataset.write_grasps(result.grasps, dataset.shard(task.target.name, task.name))
    log.append(dataset.folder / 'log.jsonl', result.figures)

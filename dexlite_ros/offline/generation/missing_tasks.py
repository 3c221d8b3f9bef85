# SPDX-License-Identifier: Apache-2.0
"""Find the tasks of a request that a dataset lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.generation.parents import find_parents
from dexlite_ros.offline.generation.request import GenerationRequest
from dexlite_ros.offline.generation.task import GenerationTask, scale_text
from dexlite_ros.offline.objects.sources import Target

ParentsOf = dict[tuple[str, str], Parents]
"""Grasps that can be expanded, by name and scale of their object."""


def wanted_parents(
    request: GenerationRequest, source: GraspDataset, targets: Sequence[Target]
) -> ParentsOf:
    """
    Return the grasps from which the requested objects can be expanded.

    :raises InvalidRequest: when no grasp held on any of these objects
    """
    wanted = {(each.name, scale_text(scale)) for each in targets for scale in request.scales}
    found = {key: each for key, each in find_parents(source).items() if key in wanted}
    if not found:
        raise InvalidRequest(
            'expand', str(source.folder), 'a dataset with grasps that held on these objects at '
            'these scales')
    return found


def missing_tasks(
    request: GenerationRequest,
    targets: Sequence[Target],
    dataset: GraspDataset,
    parents: ParentsOf | None,
    device: str,
) -> list[GenerationTask]:
    """
    Return the missing tasks: all objects at one scale and seed, then at the next.

    :param parents: grasps to expand; objects without parents get no task. None: synthesis
    :param device: where grasps are refined
    """
    # Workers may run elsewhere, but relative paths refer to this process's directory.
    network = str(Path(request.network).resolve()) if request.network else ''
    known, model_id = dataset.objects(), dataset.about.get('network') or ''
    digests = dict(zip(known['object'].to_pylist(), known['digest'].to_pylist()))
    tasks = []
    for seed in request.all_seeds():
        for scale in request.scales:
            for target in targets:
                started_from = (parents or {}).get((target.name, scale_text(scale)))
                if parents is None or started_from is not None:
                    tasks.append(GenerationTask(
                        target, scale, seed, request.candidates, request.grasps, device,
                        started_from, network, model_id, request.hand,
                        digests.get(target.name, '')))
    return [task for task in tasks if not dataset.shard(task.target.name, task.name).exists()]

# SPDX-License-Identifier: Apache-2.0
"""A run of labelling: find the tasks that a folder lacks, do them, and write the datasheet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.evaluation.cell_list import draw_neighbours
from dexlite_ros.offline.generation.log import Tally
from dexlite_ros.offline.generation.target_choice import TargetChoice
from dexlite_ros.offline.labels.datasheet import write_datasheet
from dexlite_ros.offline.labels.label_set import LabelSet
from dexlite_ros.offline.labels.labelled import label, left_out
from dexlite_ros.offline.labels.scene_choice import IN_THE_AIR, ON_A_TABLE, SceneChoice
from dexlite_ros.offline.labels.task import Effort, LabelTask
from dexlite_ros.offline.physics.judge import find_test
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.offline.scenes.sight import SceneView
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ranking.success_model import SuccessModel


@dataclass(frozen=True)
class LabelRequest:
    """Which scenes to label, and how thoroughly."""

    targets: TargetChoice
    scene: SceneChoice
    scales: tuple[float, ...] = (1.0,)
    seed: int = 0
    seeds: int = 1
    effort: Effort = Effort()
    hand: str = DEFAULT_HAND
    """Name of the hand, or path of its profile."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= self.seed + self.seeds <= 2**31:
            raise InvalidRequest('seed', self.seed, '0 or more, below 2**31')

    def tasks(self) -> list[LabelTask]:
        """
        Return all tasks: every object at one scale and seed, then at the next.

        Neighbours are drawn from all objects of the sources, so they do not depend on how many
        objects are looked at.
        """
        wanted, everything = self.targets.find(), self.targets.all_by_source()
        view = self.scene.viewing(0)
        scene = view if isinstance(view, SceneView) else None
        return [
            LabelTask(
                target, everything[target], scale, self.scene, seed, self.effort, self.hand,
                tuple((each, everything[each])
                      for each in draw_neighbours(list(everything), target, scene, seed)))
            for seed in range(self.seed, self.seed + self.seeds)
            for scale in self.scales for target in wanted]

    def settings(self) -> dict[str, Any]:
        """Return what all labels of a folder have in common."""
        hand = find_hand(self.hand)
        model = SuccessModel.of(hand)
        tests = {name for each in (ON_A_TABLE, IN_THE_AIR) for name in vars(each).values()}
        return {
            'hand': hand.name,
            'effort': asdict(self.effort),
            'fingerprint': fingerprint(
                __version__, PlannerSettings.every_candidate(), model.digest,
                [(name, find_test(name).key()) for name in sorted(tests)])}


def run(
    request: LabelRequest, folder: Path, command: str, workers: int = 0, limit: float = 0.0
) -> dict[str, Any]:
    """
    Do the tasks that a folder lacks, and return the figures of its datasheet.

    :param command: command line to record
    :param workers: worker processes; 0: one per CPU
    :param limit: time that one task may take; the next call tries it again [s]. 0: any time
    :return: the datasheet, with the number 'done' in this run, and 'left_out' with reasons
    :raises InvalidRequest: when the folder was made with other settings
    """
    labels = LabelSet.open_or_create(folder, request.settings())
    tasks = [task for task in request.tasks() if not labels.has(task)]
    if tasks:
        labels.note_run(command)
    tally, failures = Tally(), {}
    try:
        for task, result in run_tasks(
                label, tasks, workers=workers, unit='scene', limit=limit, late=left_out,
                note=lambda result: tally.add(result.figures)):
            labels.keep(task, result)
            if 'left_out' in result.figures:
                failures[task.key] = result.figures['left_out']
    finally:
        sheet = write_datasheet(labels)
    return sheet | {
        'done': len(tasks) - len(failures), 'left_out': failures, 'per_hour': tally.per_hour()}

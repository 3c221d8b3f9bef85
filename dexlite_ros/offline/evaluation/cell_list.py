# SPDX-License-Identifier: Apache-2.0
"""The cells of a question: objects, scales, seeds, and the source of grasps for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re

import numpy as np

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation.cells import Cell
from dexlite_ros.offline.evaluation.grasp_source import GraspSource
from dexlite_ros.offline.evaluation.question import BUILTIN, Question
from dexlite_ros.offline.objects.builtin_objects import write_builtin_objects
from dexlite_ros.offline.objects.sources import find_objects, Target
from dexlite_ros.offline.scenes.recorded_scene import list_scenes
from dexlite_ros.offline.scenes.sight import RecordedView, Scene, SceneView

PLAN_FILE = re.compile(r'scale_([0-9.]+)\.json')


@dataclass(frozen=True)
class Extent:
    """The part of a question to answer; it can be extended later."""

    only: tuple[str, ...] | None = None
    """Names of objects; None: all."""
    limit: int | None = None
    """Maximum number of objects, taken from the start; None: all."""
    scales: tuple[float, ...] = (1.0,)
    """Factors that convert the meshes to metres; imported grasps have their own."""
    seeds: int = 1
    """Plans per object."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InvalidRequest('seeds', self.seeds, '1 or more')


def list_cells(question: Question, extent: Extent, folder: Path) -> list[Cell]:
    """
    Return the cells to plan and judge.

    :param folder: folder of the results; the built-in objects are written there
    :raises InvalidRequest: when no object matches, or none has imported grasps
    """
    everything = find_all(
        question.objects, question.split, question.tier, question.scene, folder / 'objects')
    objects = [each for each in everything if extent.only is None or each.name in extent.only]
    objects = objects[:extent.limit]
    if not objects:
        raise InvalidRequest('objects', question.objects, 'a folder with the wanted objects')
    if isinstance(question.scene, RecordedView) and set(extent.scales) != {1.0}:
        raise InvalidRequest('scales', extent.scales, '1: recorded scenes have their size')
    return [
        Cell(
            target, scale, question.viewing(seed), source, question.max_grasps, question.tests,
            question.device, folder / 'cells',
            draw_neighbours(everything, target, question.scene, seed), question.closing)
        for target, scale, source in _sources(question.source, objects, extent.scales)
        for seed in range(extent.seeds)]


def find_all(
    where: str, split: str | None, tier: str | None, scene: Scene | None, folder: Path
) -> list[Target]:
    """
    Return all objects of a source, or of the recorded scenes.

    :param where: source, or BUILTIN
    :param split, tier: selection from a folder's manifest.csv
    :param folder: the built-in objects are written there
    :raises FileError: when there is no such folder, or nothing in it
    """
    if isinstance(scene, RecordedView):
        return [*list_scenes(scene.folder)]
    if where == BUILTIN:
        return find_objects(str(write_builtin_objects(folder)), split, tier)
    return find_objects(where, split, tier)


def draw_neighbours(
    objects: list[Target], target: Target, scene: Scene | None, seed: int
) -> tuple[Target, ...]:
    """
    Return other objects to put beside one in a simulated scene.

    They are the same for the same seed and the same list of all objects, however few of these
    are looked at.

    :raises InvalidRequest: when there are not as many others as the scene has neighbours
    """
    count = scene.settings.neighbours if isinstance(scene, SceneView) else 0
    others = [each for each in objects if each.name != target.name]
    if len(others) < count:
        raise InvalidRequest(
            'neighbours', count, f'at most {len(others)}: so many other objects there are')
    drawn = np.random.default_rng([seed, objects.index(target)]).permutation(len(others))
    return tuple(others[index] for index in drawn[:count])


def _sources(
    source: GraspSource, objects: list[Target], scales: tuple[float, ...]
) -> list[tuple[Target, float, GraspSource]]:
    """Return each object with its scale and its planner or plan file."""
    if not isinstance(source, Path):
        return [(each, scale, source) for each in objects for scale in scales]
    found: list[tuple[Target, float, GraspSource]] = list(_imported(source, objects))
    if not found:
        raise InvalidRequest(
            'planner', str(source), 'a folder with OBJECT/scale_S.json of these objects')
    return found


def _imported(
    folder: Path, objects: list[Target]
) -> Iterator[tuple[Target, float, Path]]:
    for each in objects:
        for path in sorted((folder / each.name).glob('scale_*.json')):
            scale = PLAN_FILE.fullmatch(path.name)
            if scale:
                yield each, float(scale[1]), path

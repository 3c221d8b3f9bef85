# SPDX-License-Identifier: Apache-2.0
"""Simulated scenes of given objects, with neighbours drawn from the same objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import trimesh

from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.offline.scenes.seen_scene import SeenScene
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene


@dataclass(frozen=True)
class DrawnScene:
    """One scene of an object."""

    name: str
    """Name of the object."""
    mesh: trimesh.Trimesh
    """The object in its own frame [m]."""
    scene: SeenScene


def draw_scenes(
    targets: Sequence[Target], settings: SceneSettings, seed: int
) -> Iterator[DrawnScene | tuple[str, DexliteError]]:
    """
    Yield one scene per object, or the object's name and why there is none of it.

    A scene depends on the seed, the place of its object among the objects, and all of them.

    :param targets: the objects; each has neighbours among the others
    :param settings: camera and number of neighbours
    :param seed: seed of all scenes, 0 or more
    :raises InvalidRequest: when there are too few objects for that many neighbours
    """
    if len(targets) <= settings.neighbours:
        raise InvalidRequest(
            'objects', f'{len(targets)} objects',
            f'at least {settings.neighbours + 1}, so that each has {settings.neighbours} others '
            'as neighbours')
    for index, target in enumerate(targets):
        rng = np.random.default_rng([seed, index])
        others = [each for each in targets if each is not target]
        chosen = rng.choice(len(others), settings.neighbours, replace=False)
        try:
            mesh, _ = load_target(target)
            meshes = [load_target(others[each])[0] for each in chosen]
            yield DrawnScene(target.name, mesh, table_scene(mesh, meshes, settings, rng))
        except DexliteError as error:
            yield target.name, error

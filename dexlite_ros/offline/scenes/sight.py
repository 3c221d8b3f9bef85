# SPDX-License-Identifier: Apache-2.0
"""
What a planner is given of a known object, and where the truth is.

The object is seen from all sides, by one camera without a scene, in a simulated scene on a table,
or in a recorded one. The judge's frame has z up; grasps are moved to it before they are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.support import Plane
from dexlite_ros.offline.objects.measured_cloud import measured_cloud, Setup
from dexlite_ros.offline.scenes.recorded_scene import read_scene
from dexlite_ros.offline.scenes.seen_scene import SeenScene
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
"""The table of every scene, in the world."""


@dataclass(frozen=True)
class SceneView:
    """A simulated scene on a table: object, neighbours, and a depth camera."""

    settings: SceneSettings
    oracle: bool = False
    """Whether the planner is given the true mesh and table instead of the object's cloud."""
    seed: int = 0
    view: Literal['table'] = 'table'


@dataclass(frozen=True)
class RecordedView:
    """A scene from a folder of recorded ones."""

    folder: Path
    oracle: bool = False
    """As in ``SceneView``."""
    seed: int = 0
    """Seed of the plan; the scene is what it is."""
    view: Literal['recorded'] = 'recorded'


Scene = SceneView | RecordedView
Viewing = Setup | Scene


@dataclass(frozen=True)
class Sight:
    """The planner's input in its own frame, and the truth in the frame of the judge."""

    target: PointCloud | trimesh.Trimesh
    """The object's cloud, or its true mesh."""
    obstacles: Points | None
    """(M, 3) points that the hand must not touch [m]."""
    support: Plane | None
    """What the object stands on, if it is known."""
    judge: NDArray[np.float64]
    """(4, 4) pose of the planner's frame in the judge's."""
    object: NDArray[np.float64]
    """(4, 4) pose of the true mesh in the judge's frame."""
    table: float | None
    """Height of the table in the judge's frame [m]; None: no table."""


def see(
    name: str, mesh: trimesh.Trimesh, viewing: Viewing,
    neighbours: Sequence[trimesh.Trimesh] = (), rng: np.random.Generator | None = None,
) -> tuple[Sight, tuple[trimesh.Trimesh, ...]]:
    """
    Return what is seen of an object, and its neighbours where they stand in the judge's frame.

    :param name: of the object, or of the recorded scene
    :param mesh: true mesh in its own frame [m]
    :param neighbours: meshes to put beside it in a simulated scene [m]
    :param rng: in the state that the viewing's seed gives; None: a new one
    :raises BadCloud: when the camera sees too little of the object
    :raises FileError: when a recorded scene cannot be read
    """
    rng = rng or np.random.default_rng(viewing.seed)
    if isinstance(viewing, Setup):
        cloud, pose, support = measured_cloud(mesh, viewing, rng)
        height = None if support is None else support.offset
        return Sight(cloud, None, support, np.eye(4), pose, height), ()
    if isinstance(viewing, RecordedView):
        seen = read_scene(viewing.folder, name)
    else:
        seen = table_scene(mesh, neighbours, viewing.settings, rng)
    sight = _known(mesh, seen) if viewing.oracle else Sight(
        seen.cloud, seen.rest, None, seen.camera, seen.object, 0.0)
    return sight, seen.neighbours


def _known(mesh: trimesh.Trimesh, seen: SeenScene) -> Sight:
    """Return what a planner would be given that knows the object and the table."""
    truth = mesh.copy().apply_transform(seen.object)
    rest = trimesh.transform_points(seen.rest, seen.camera)
    return Sight(truth, rest, TABLE, np.eye(4), seen.object, 0.0)

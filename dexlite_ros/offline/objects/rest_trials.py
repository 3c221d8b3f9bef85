# SPDX-License-Identifier: Apache-2.0
"""Trials of whether objects rest stably on a table, in one physics engine or in two."""

from __future__ import annotations

from dataclasses import dataclass

from dexlite_ros.errors import DexliteError
from dexlite_ros.object.geometry_file import MENDED
from dexlite_ros.offline.objects.mesh_folder import load_pieces, ObjectFile
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.table_stability import Engine, resting_poses, table_stability


@dataclass(frozen=True)
class RestTrial:
    """One object, and the settings of its trial."""

    target: ObjectFile
    engines: tuple[Engine, ...]
    poses: int
    """Number of poses tried, most likely first."""
    scale: float
    """Factor that converts the mesh to metres."""


@dataclass(frozen=True)
class Stability:
    """Verdicts on one object."""

    verdicts: dict[Engine, list[Verdict]]
    """By engine, one verdict per pose, most likely first."""
    error: str = ''
    """Why the object cannot be tried."""
    mended: tuple[str, ...] = ()
    """What was changed in its mesh, in sentences."""

    def agree(self) -> bool:
        """Return whether all engines agree on every pose; False without verdicts."""
        if self.error:
            return False
        answers = [[each.passed for each in row] for row in self.verdicts.values()]
        return all(each == answers[0] for each in answers)


def try_object(trial: RestTrial) -> Stability:
    """Return the verdicts on one object; called by workers."""
    try:
        mesh, pieces = load_pieces(trial.target, trial.scale)
        poses = resting_poses(mesh, trial.poses)
        return Stability({
            engine: [table_stability(pieces, pose, engine) for pose in poses]
            for engine in trial.engines}, mended=mesh.metadata[MENDED])
    except DexliteError as error:
        return not_tried(trial, str(error))


def not_tried(trial: RestTrial, why: str) -> Stability:
    """Return the outcome for an object that cannot be tried."""
    return Stability({engine: [] for engine in trial.engines}, why)

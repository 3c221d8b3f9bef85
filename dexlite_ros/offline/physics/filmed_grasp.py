# SPDX-License-Identifier: Apache-2.0
"""Recording of one grasp in one test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.physics.film import Filmer, Poses, record, write_film, write_picture
from dexlite_ros.offline.physics.trial import Trial


@dataclass(frozen=True)
class FilmedGrasp:
    """The recording of a grasp."""

    filmer: Filmer
    begin: Poses
    """Poses before the hand closes."""
    frames: list[Poses]
    label: str
    """The test and its verdict."""

    @classmethod
    def of(cls, trial: Trial, mesh: trimesh.Trimesh, rank: int) -> FilmedGrasp:
        """
        Record a grasp in the first test of a trial.

        :param mesh: the object, in the frame of the grasps [m]
        :param rank: rank of the grasp; the best is 0
        :raises InvalidRequest: when there is no grasp of this rank
        """
        grasps, hand = trial.grasp_set.grasps, find_hand(trial.grasp_set.hand)
        if not 0 <= rank < len(grasps):
            raise InvalidRequest('grasp', rank, f'a rank from 0 to {len(grasps) - 1}')
        test = trial.test(trial.tests[0])
        scene = test.scene(trial.pieces, hand, trial.table)
        grasp = test.prepared(grasps, rank, hand, trial.seed, rank)
        scene.pose(grasp.pregrasp, 0)
        begin = scene.link_poses()
        verdict, frames = record(test, scene, grasp, 0)
        # Mesh and pieces share the object's frame.
        filmer = Filmer(scene, mesh, begin)
        return cls(filmer, begin, frames, f'{trial.tests[0]}: {verdict.reason}')

    def write_picture(self, path: Path) -> Path:
        """Write the start and the end side by side as PNG and return the path."""
        return write_picture(path, self.filmer, [self.begin, *self.frames], self.label)

    def write_film(self, path: Path) -> Path:
        """
        Write a .gif or .mp4 in real time and return the path.

        :raises InvalidRequest: for another suffix
        :raises MissingDependency: for .mp4 without imageio-ffmpeg
        """
        return write_film(path, self.filmer, self.frames, self.label)

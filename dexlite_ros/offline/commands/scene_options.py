# SPDX-License-Identifier: Apache-2.0
"""Options of the commands that look at objects on a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.offline.evaluation.question import BUILTIN
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.offline.scenes.sight import RecordedView, Scene, SceneView
from dexlite_ros.offline.scenes.table_scene import SceneSettings


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """Which objects, and the scenes that they are seen in."""

    without_scenes: ClassVar[tuple[str, ...]] = ()
    """Names of the command's options that have no effect on scenes."""
    objects: str = BUILTIN
    """Folder of meshes, or folder with a manifest.csv; procedural:N-M or household:N-M: that range
    of generated objects; 'builtin': six shapes."""
    scene: Literal['table'] | None = None
    """Simulated scenes on a table, seen by a depth camera; None: clouds without a scene."""
    camera: CameraName | None = None
    """The camera of these scenes, with its errors; None: kinect."""
    neighbours: Annotated[int, AT_LEAST_0] = 0
    """Number of other objects beside the object, in these scenes."""
    scenes: Path | None = None
    """Folder of recorded scenes, in place of objects; docs/evaluation.md describes its files."""

    def viewed_scene(self, oracle: bool = False) -> Scene | None:
        """
        Return how scenes are seen; None without scenes.

        :param oracle: whether the planner is given the true mesh and table
        :raises InvalidRequest: for options that exclude each other, or have no effect
        """
        beside = [name for name in self.without_scenes
                  if getattr(self, name) != getattr(type(self), name)]
        if beside and (self.scene or self.scenes):
            raise InvalidRequest(
                beside[0].replace('_', '-'), getattr(self, beside[0]),
                'no such option with --scene or --scenes, whose camera sees what it sees')
        if self.scenes is not None:
            if self.scene or self.objects != BUILTIN or self.neighbours or self.camera:
                raise InvalidRequest(
                    'scenes', str(self.scenes),
                    'no --scene, --objects, --neighbours and --camera beside it')
            return RecordedView(self.scenes, oracle)
        if self.scene:
            return SceneView(
                SceneSettings(self.camera or SceneSettings.camera, self.neighbours), oracle)
        if oracle or self.neighbours or self.camera:
            raise InvalidRequest(
                'scene', None,
                "'table' or --scenes: --camera, --neighbours and --oracle are for scenes")
        return None

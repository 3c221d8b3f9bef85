# SPDX-License-Identifier: Apache-2.0
"""The kinds of scenes that grasps are labelled in, and the tests that label them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.objects.measured_cloud import Setup
from dexlite_ros.offline.physics.judge import TestName
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.offline.scenes.sight import SceneView, Viewing
from dexlite_ros.offline.scenes.table_scene import SceneSettings

Kind = Literal['table', 'floating', 'full']
"""On a table before a depth camera; one view of an object that floats; seen from all sides."""
FULL_POINTS = 2048


@dataclass(frozen=True)
class LabelTests:
    """The tests that label a grasp; they differ in the wrist's pose alone."""

    clean: TestName
    mild: TestName
    """The wrist is off by up to 5 mm and 5 degrees per axis."""
    noise: TestName
    """The same, Gaussian."""


ON_A_TABLE = LabelTests('table-lift', 'table-lift-mild', 'table-lift-noise')
IN_THE_AIR = LabelTests('six-forces-quick', 'mild-quick', 'noise-quick')


@dataclass(frozen=True)
class SceneChoice:
    """How the objects are seen."""

    kind: Kind = 'table'
    camera: CameraName | None = None
    """The camera of a table's scene; None: kinect."""
    neighbours: int = 0
    """Number of other objects on the table."""

    def __post_init__(self) -> None:
        if self.kind != 'table' and (self.camera is not None or self.neighbours):
            raise InvalidRequest(
                'scene', self.kind, "'table' beside --camera or --neighbours")
        self.settings()

    def settings(self) -> SceneSettings:
        """Return the settings of a scene on a table."""
        return SceneSettings(self.camera or SceneSettings.camera, self.neighbours)

    def viewing(self, seed: int) -> Viewing:
        """Return how an object is seen."""
        if self.kind == 'table':
            return SceneView(self.settings(), seed=seed)
        view: Literal['single', 'full'] = 'single' if self.kind == 'floating' else 'full'
        return Setup(view, FULL_POINTS, Setup.usual_noise(view), support=False, seed=seed)

    @property
    def tests(self) -> LabelTests:
        """The tests that label its grasps."""
        return ON_A_TABLE if self.kind == 'table' else IN_THE_AIR

    @property
    def camera_name(self) -> str:
        """The camera of a table's scene; otherwise empty."""
        return self.settings().camera if self.kind == 'table' else ''

    @property
    def name(self) -> str:
        """Return a name unique among scenes of one object, such as 'table_kinect_3'."""
        if self.kind != 'table':
            return self.kind
        return f'table_{self.camera_name}' + (f'_{self.neighbours}' if self.neighbours else '')

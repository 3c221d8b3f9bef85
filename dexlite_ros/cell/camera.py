# SPDX-License-Identifier: Apache-2.0
"""What the depth camera of a cell sees: table and objects, without the robot's own hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import trimesh

from dexlite_ros.cell.gantry import Pose
from dexlite_ros.cell.layout import CellObject
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.offline.scenes.camera_pose import look_at
from dexlite_ros.offline.scenes.depth_camera import CameraName, CAMERAS, DepthImage
from dexlite_ros.offline.scenes.table_scene import table_top

EYE = (0.55, 0.0, 0.55)
"""Where the camera is in the world [m]; the table's middle is the origin."""
TARGET = (0.0, 0.0, 0.03)
"""What it looks at [m]."""


class CellCamera:
    """A depth camera at a fixed place."""

    def __init__(self, name: CameraName, hand: HandDescription, seed: int = 0) -> None:
        """
        Set up the camera.

        :param name: its make, which determines its errors
        :param hand: that is left out of its images, as a robot's self-filter does
        :param seed: of the errors
        """
        self.optics = CAMERAS[name]
        self.pose = look_at(np.array(EYE), np.array(TARGET))
        """(4, 4) of the optical frame in the world [m]."""
        self._rng = np.random.default_rng(seed)
        self._links = dict(zip(hand.link_names, link_meshes(hand)))
        self._table = table_top()

    def look(
        self, objects: Sequence[CellObject], motions: Sequence[Pose], links: dict[str, Pose]
    ) -> DepthImage:
        """
        Return an image; NaN where nothing was measured and where the hand is.

        :param objects: as they were laid out
        :param motions: (4, 4) of each since then, in the world [m]
        :param links: poses of the hand's links in the world [m]
        """
        bodies = [
            each.mesh.copy().apply_transform(motion) for each, motion in zip(objects, motions)]
        image = self.optics.look(
            [*bodies, self._hand(links)], self.pose, self._rng, [self._table])
        image.depth[image.labels == len(bodies) + 1] = np.nan
        return image

    def _hand(self, links: dict[str, Pose]) -> trimesh.Trimesh:
        """Return the hand as one mesh in the world [m]."""
        whole = trimesh.util.concatenate([
            trimesh.Trimesh(
                trimesh.transform_points(vertices, links[name]), faces, process=False)
            for name, (vertices, faces) in self._links.items()])
        assert isinstance(whole, trimesh.Trimesh)
        return whole

# SPDX-License-Identifier: Apache-2.0
"""
What the rays of a pinhole camera meet.

Frames: the camera's optical frame has x to the right of the image, y down and z forward. R is the
number of rays, or the shape of an image of rays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.open3d_core import open3d_core, raycasting_scene

Array = NDArray[np.float64]
SHADOW_GAP = 0.003
"""A body does not shadow itself over this share of the way to the second eye."""


@dataclass(frozen=True)
class Hits:
    """First hit of each ray."""

    depth: Array
    """(R) z along the optical axis [m]; infinite where nothing was met."""
    body: NDArray[np.int64]
    """(R) index of the body; -1 where nothing was met."""
    normal: Array
    """(R, 3) unit normal in the optical frame, on the camera's side; 0 where nothing was met."""


class BodyRays:
    """Bodies in front of a pinhole camera, and rays through its pixels."""

    def __init__(
        self, bodies: Sequence[trimesh.Trimesh], pose: Array, focal: float,
        size: tuple[int, int],
    ) -> None:
        """
        Place the bodies.

        :param bodies: meshes in the world [m]
        :param pose: (4, 4) of the camera's optical frame in the world
        :param focal: focal length [pixels]
        :param size: width and height of the image, whose middle is on the optical axis [pixels]
        """
        self._core = open3d_core()
        self._focal, self._size = focal, size
        to_camera = np.linalg.inv(pose)
        self._scene = raycasting_scene(*(
            (trimesh.transform_points(body.vertices, to_camera), body.faces) for body in bodies))

    def pixels(self) -> tuple[Array, Array]:
        """Return column and row (H, W) of each pixel's centre [pixels]."""
        width, height = self._size
        column, row = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
        return column, row

    def directions(self, column: Array, row: Array) -> Array:
        """Return the directions (R, 3) through places (R) of the image, whose z is 1."""
        width, height = self._size
        return np.stack([
            (column - (width - 1) / 2) / self._focal, (row - (height - 1) / 2) / self._focal,
            np.ones_like(column)], axis=-1)

    def cast(self, column: Array, row: Array) -> Hits:
        """Return what the rays through places (R) of the image meet first."""
        ways = self.directions(column, row)
        rays = np.concatenate([np.zeros_like(ways), ways], axis=-1)
        found = self._scene.cast_rays(self._tensor(rays))
        depth = found['t_hit'].numpy().astype(np.float64)
        hit = np.isfinite(depth)
        normal = found['primitive_normals'].numpy().astype(np.float64)
        away = np.einsum('...i,...i->...', normal, ways) > 0
        normal[away] *= -1
        normal[~hit] = 0.0
        body = np.where(hit, found['geometry_ids'].numpy().astype(np.int64), -1)
        return Hits(depth, body, normal)

    def shadowed(self, points: Array, eye: Array) -> NDArray[np.bool_]:
        """Return which points (N, 3) on bodies are hidden from an eye (3,), optical frame [m]."""
        rays = np.concatenate([points, eye - points], axis=-1)
        return self._scene.test_occlusions(
            self._tensor(rays), tnear=SHADOW_GAP, tfar=1.0).numpy()

    def _tensor(self, values: Array) -> Any:
        return self._core.core.Tensor(np.ascontiguousarray(values, np.float32))

# SPDX-License-Identifier: Apache-2.0
"""
Simulated depth cameras, with the errors of real ones.

Frames: the camera's optical frame has x to the right of the image, y down and z forward.
H, W: rows and columns of an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
import trimesh

from dexlite_ros.offline.scenes.body_rays import Array, BodyRays, Hits
from dexlite_ros.offline.scenes.sensor_errors import Mask, SensorErrors, smooth_noise

CameraName = Literal['ideal', 'kinect', 'stereo']
JUMP = 0.01
"""Depths of neighbouring pixels that differ by more than this belong to an edge [m]."""
EDGE_REACH = 3
"""Distance from an edge within which its place in the image may be wrong [pixels]."""


@dataclass(frozen=True)
class DepthImage:
    """What a depth camera measures."""

    depth: Array
    """(H, W) z along the optical axis [m]; NaN where nothing was measured."""
    labels: NDArray[np.int64]
    """(H, W) 0: background, 1: the first body, 2...: the others, as a segmentation gives them."""
    focal: float
    """Focal length [pixels]."""

    def points(self) -> Array:
        """Return the organised cloud (H, W, 3) in the optical frame [m]; NaN: not measured."""
        height, width = self.depth.shape
        column = (np.arange(width) - (width - 1) / 2) / self.focal
        row = (np.arange(height)[:, None] - (height - 1) / 2) / self.focal
        return np.stack([column * self.depth, row * self.depth, self.depth], axis=-1)


@dataclass(frozen=True)
class DepthCamera:
    """Intrinsics of a pinhole depth camera and its errors; its optical axis meets the middle."""

    width: int
    """[pixels]"""
    height: int
    """[pixels]"""
    focal: float
    """Focal length [pixels]."""
    errors: SensorErrors = SensorErrors()

    def look(
        self,
        bodies: Sequence[trimesh.Trimesh],
        pose: Array,
        rng: np.random.Generator,
        background: Sequence[trimesh.Trimesh] = (),
    ) -> DepthImage:
        """
        Return the image of bodies; the same state of ``rng`` gives the same image.

        :param bodies: meshes in the world [m], labelled 1, 2, ... in this order
        :param pose: (4, 4) of the optical frame in the world
        :param rng: random number generator of all errors
        :param background: meshes in the world with the label 0 [m]
        """
        rays = BodyRays([*bodies, *background], pose, self.focal, (self.width, self.height))
        seen = rays.cast(*rays.pixels())
        labels = np.where(seen.body < len(bodies), seen.body + 1, 0)
        ways = rays.directions(*rays.pixels())
        ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
        cosine = -np.einsum('hwi,hwi->hw', ways, seen.normal)
        incidence = np.arccos(cosine.clip(0.0, 1.0))
        missing = self._missing(rays, seen, incidence, rng)
        for label in range(1, len(bodies) + 1):
            mask = labels == label
            if mask.any():
                missing[mask] |= self.errors.shiny(ways[mask], seen.normal[mask], rng)
        depth = self._with_wrong_edges(rays, seen, incidence, rng)
        depth[missing | ~np.isfinite(depth)] = np.nan
        depth = self.errors.measured_depth(depth, incidence, self.focal, rng)
        return DepthImage(depth, self.errors.masks(labels, rng), self.focal)

    def _missing(
        self, rays: BodyRays, seen: Hits, incidence: Array, rng: np.random.Generator
    ) -> Mask:
        """Return where (H, W) surfaces are too steep, or in the shadow of the second eye."""
        missing = self.errors.too_grazing(incidence, rng)
        if self.errors.baseline:
            lit = np.isfinite(seen.depth) & ~missing
            points = rays.directions(*rays.pixels())[lit] * seen.depth[lit, None]
            missing[lit] = rays.shadowed(points, np.array([self.errors.baseline, 0.0, 0.0]))
        return missing

    def _with_wrong_edges(
        self, rays: BodyRays, seen: Hits, incidence: Array, rng: np.random.Generator
    ) -> Array:
        """Return depths (H, W) whose edges are displaced, with pixels that mix both sides."""
        depth = seen.depth.copy()
        if not self.errors.lateral:
            return depth
        edge = _near_edges(depth)
        spread = self.errors.lateral_deviation(incidence[edge])
        column, row = (
            place[edge] + spread * smooth_noise(depth.shape, self.errors.correlation, rng)[edge]
            for place in rays.pixels())
        shown = rays.cast(column, row).depth
        half = 0.5 * self.errors.footprint
        beside = rays.cast(column + rng.uniform(-half, half, len(column)),
                           row + rng.uniform(-half, half, len(row))).depth
        mixed = (rng.random(len(shown)) < self.errors.flying) & _differ(shown, beside)
        share = rng.random(len(shown))
        shown[mixed] = (share * shown + (1.0 - share) * beside)[mixed]
        depth[edge] = np.where(_differ(shown, depth[edge]), shown, depth[edge])
        return depth


def _near_edges(depth: Array) -> Mask:
    """Return which pixels (H, W) are close to a jump of the depth."""
    finite = np.where(np.isfinite(depth), depth, 1e3)
    jump = maximum_filter(finite, 3) - minimum_filter(finite, 3) > JUMP
    return maximum_filter(jump, 2 * EDGE_REACH + 1)


def _differ(one: Array, other: Array) -> Mask:
    """Return where depths (R), which may be infinite, are of different surfaces."""
    with np.errstate(invalid='ignore'):
        return (np.abs(one - other) > JUMP) | (np.isfinite(one) != np.isfinite(other))


CAMERAS: dict[CameraName, DepthCamera] = {
    'ideal': DepthCamera(640, 480, 570.0),
    # Axial and lateral noise: Nguyen, Izadi and Lovell, "Modeling Kinect sensor noise for improved
    # 3D reconstruction and tracking", 2012. Focal length, baseline, steps of 1/8 pixel and the
    # matching window of 9 x 9 pixels (2.6 pixels RMS): Konolige and Mihelich, "Technical
    # description of Kinect calibration", 2011. The waves have the autocorrelation of the depths
    # of flat boxes in recorded images, and the rest is chosen by eye after such images.
    'kinect': DepthCamera(640, 480, 570.0, SensorErrors(
        axial_floor=0.0012, axial_growth=0.0019, axial_offset=0.4, axial_grazing=0.0001,
        correlation=2.6, axial_waves=12.0, lateral=0.8, lateral_grazing=0.035, baseline=0.075,
        disparity_step=1 / 8, flying=0.3, footprint=1.0, grazing_limit=np.deg2rad(80.0),
        grazing_spread=np.deg2rad(3.0), shiny_spots=2, lamp_size=(0.01, 0.04),
        outliers=0.0005, outlier_size=0.1, mask_offset=(-1, 3), mask_ragged=0.7)),
    # Intel RealSense D435 at 640 x 480: baseline 50 mm, focal length for a horizontal view of 79
    # degrees; RMS error z^2 * 0.08 pixels / (focal * baseline) and disparities in 1/32 pixel:
    # Grunnet-Jepsen et al., "Tuning depth cameras for best performance" and "Subpixel linearity
    # improvement for Intel RealSense depth cameras". The rest as above.
    'stereo': DepthCamera(640, 480, 388.0, SensorErrors(
        axial_growth=0.08 / (388.0 * 0.05), correlation=2.6, axial_waves=12.0, lateral=1.0,
        baseline=0.05,
        disparity_step=1 / 32, flying=0.6, footprint=1.5, grazing_limit=np.deg2rad(80.0),
        grazing_spread=np.deg2rad(4.0), shiny_spots=2, lamp_size=(0.01, 0.04),
        outliers=0.001, outlier_size=0.1, mask_offset=(-1, 3), mask_ragged=0.7)),
}
"""``ideal`` has no errors at all."""

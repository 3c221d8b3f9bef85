# SPDX-License-Identifier: Apache-2.0
"""
Visibility from one camera position: the space in front of the seen surface is empty.

The points of a cloud are drawn into a new depth image whose resolution matches their density, so
neither camera intrinsics nor an organised cloud are needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dexlite_ros.object.cloud import mean_spacing, Points

# The silhouette is closed over this many spacings, to bridge gaps between neighbouring points.
_BRIDGE = 1.5
# Offset of the outline outside the outermost points [spacings]. The object is rounder than the
# prism behind its outline, so an outline slightly inside the points fits best.
_RIM = -0.2


@dataclass(frozen=True)
class DepthView:
    """Depth image of a cloud seen from one eye point; U x V pixels on a plane at distance 1."""

    eye: Points
    """(3,) position [m]."""
    axes: Points
    """(3, 3) rows: right, down and forward, unit."""
    corner: Points
    """(2,) image coordinates of pixel (0, 0)."""
    pixel: float
    """Side of a pixel on the plane at distance 1."""
    depth: NDArray[np.float64]
    """(U, V) distance along the ray to the seen surface [m]; nearest value where none is seen."""
    inside: NDArray[np.float64]
    """(U, V) distance to the outline on the plane at distance 1; negative outside."""

    @classmethod
    def of(cls, points: Points, eye: Points) -> DepthView:
        """
        Draw ``points`` as seen from ``eye``.

        :param points: (N, 3) [m].
        :param eye: (3,) outside the points' bounding sphere [m].
        """
        middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
        axes = camera_axes(middle - eye)
        pixel = 0.5 * mean_spacing(points) / float(np.linalg.norm(middle - eye))
        image, reach = project(points - eye, axes)
        pad = 6
        corner = image.min(axis=0) - pad * pixel
        index = np.rint((image - corner) / pixel).astype(int)
        shape = index.max(axis=0) + pad + 1
        depth = np.full(shape, np.inf)
        np.minimum.at(depth, tuple(index.T), reach)
        seen = np.isfinite(depth)
        off, nearest = ndimage.distance_transform_edt(~seen, return_indices=True)
        bridge = 2.0 * _BRIDGE
        outside = off > bridge
        filled = ndimage.distance_transform_edt(~outside) > bridge
        inside = ndimage.distance_transform_edt(filled) - ndimage.distance_transform_edt(~filled)
        return cls(eye, axes, corner, pixel, depth[tuple(nearest)], (inside + 2.0 * _RIM) * pixel)

    def behind(self, points: Points) -> NDArray[np.float64]:
        """
        Return the depth (N,) of ``points`` behind the seen surface [m].

        Positive: hidden from the eye and possibly inside the object. Negative: visible and empty.

        :param points: (N, 3) [m].
        """
        image, reach = project(points - self.eye, self.axes)
        index = np.rint((image - self.corner) / self.pixel).astype(int)
        index = np.clip(index, 0, np.array(self.depth.shape) - 1)
        where = tuple(index.T)
        depth: NDArray[np.float64] = np.minimum(
            reach - self.depth[where], self.inside[where] * reach)
        return depth


def camera_axes(forward: Points) -> Points:
    """
    Return the axes (..., 3, 3) of cameras that look along ``forward`` (..., 3).

    The rows are right, down and forward.
    """
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    right = np.cross(forward, np.eye(3)[np.argmin(np.abs(forward), axis=-1)])
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack([right, np.cross(forward, right), forward], axis=-2)


def project(rays: Points, axes: Points) -> tuple[Points, NDArray[np.float64]]:
    """Return image coordinates (N, 2) on the plane at distance 1, and lengths (N,) of ``rays``."""
    depth = np.maximum(rays @ axes[2], 1e-6)  # points beside the eye project outside the image
    image = np.stack([rays @ axes[0] / depth, rays @ axes[1] / depth], axis=1)
    return image, np.sqrt(np.einsum('ni,ni->n', rays, rays))

"""
What one camera position tells: the space in front of the seen surface is empty.

The points of a cloud are drawn into a depth image of their own, as fine as they are dense, so
neither the camera's intrinsics nor an organised cloud are needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, Points

# Closing the silhouette over this many spacings bridges the gaps between neighbouring points.
_BRIDGE = 1.5
# The outline is drawn this many spacings outside the outermost points. Seen from elsewhere the
# object is rounder than the prism behind its outline, so slightly inside them fits best.
_RIM = -0.2


@dataclass(frozen=True)
class DepthView:
    """Depth image of a cloud from one eye; U x V pixels on a plane at distance 1."""

    eye: Points
    """(3,) position [m]."""
    axes: Points
    """(3, 3) rows: right, down and forward, unit."""
    corner: Points
    """(2,) image coordinates of pixel (0, 0)."""
    pixel: float
    """Side of a pixel on the plane at distance 1."""
    depth: NDArray[np.float64]
    """(U, V) distance along the ray of the seen surface, nearest value where none is seen [m]."""
    inside: NDArray[np.float64]
    """(U, V) distance to the outline on the plane at distance 1, negative outside."""

    @classmethod
    def of(cls, points: Points, eye: Points) -> DepthView:
        """
        Draw ``points`` as seen from ``eye``.

        :param points: (N, 3) [m].
        :param eye: (3,) outside the points' bounding sphere [m].
        """
        middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
        axes = _camera_axes(middle - eye)
        pixel = 0.5 * mean_spacing(points) / float(np.linalg.norm(middle - eye))
        image, reach = _project(points - eye, axes)
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
        Return how deep ``points`` lie in the shadow of the seen surface [m].

        Positive: hidden from the eye, so possibly inside the object. Negative: in view and empty.

        :param points: (N, 3) [m].
        """
        image, reach = _project(points - self.eye, self.axes)
        index = np.rint((image - self.corner) / self.pixel).astype(int)
        index = np.clip(index, 0, np.array(self.depth.shape) - 1)
        where = tuple(index.T)
        depth: NDArray[np.float64] = np.minimum(
            reach - self.depth[where], self.inside[where] * reach)
        return depth


def find_eye(points: Points, viewpoint: Points | None) -> Points | None:
    """
    Return from where a one-sided cloud was seen; None for a cloud from all around.

    A viewpoint inside the bounding sphere cannot be meant and counts as unknown. For an unknown
    one the origin is tried first, where a camera's own frame has it, then all directions; it must
    hide nearly no point. Thin walls measured on both sides hide none either, but are layered.

    :param points: (N, 3) [m].
    :param viewpoint: (3,) of the sensor [m], None when unknown.
    """
    centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    if viewpoint is not None and np.linalg.norm(viewpoint - centre) > 1.05 * radius:
        return viewpoint if _hidden_from(points, viewpoint - centre) < 0.25 else None
    if is_layered(points):
        return None
    if np.linalg.norm(centre) > 1.5 * radius and _hidden_from(points, -centre) < 0.06:
        return np.zeros(3)
    directions = sphere_directions(200)
    directions = directions[hidden_share(points, directions) < 0.06]
    if len(directions) == 0:
        return None
    # A shell hides nothing from its hollow side either; its middle is nearest to the true eye.
    local = points - points.mean(axis=0)
    depth = -local @ directions.T  # (N, D)
    aside = np.einsum('ni,ni->n', local, local)[:, None] - depth**2
    bulge = np.mean((depth - depth.mean(axis=0)) * (aside - aside.mean(axis=0)), axis=0)
    eye: Points = centre + 6.0 * radius * directions[bulge.argmax()]
    return eye


def is_layered(points: Points) -> bool:
    """
    Tell whether most neighbourhoods hold two sheets, as thin walls measured on both sides do.

    The distances of neighbours from their common plane then have two humps, so a kurtosis near 1
    where noise has 3.

    :param points: (N, 3) [m].
    """
    _, index = cKDTree(points).query(points, k=min(16, len(points)), workers=-1)
    near = points[index] - points[index].mean(axis=1, keepdims=True)
    square, axes = np.linalg.eigh(np.swapaxes(near, 1, 2) @ near)
    off = np.einsum('nki,ni->nk', near, axes[:, :, 0])
    rough = square[:, 0] >= max(float(np.quantile(square[:, 0], 0.3)), (1e-4) ** 2)
    if rough.mean() < 0.5:
        return False
    off = off[rough]
    kurtosis = np.mean(off**4, axis=1) / np.mean(off**2, axis=1) ** 2
    return bool(np.median(kurtosis) < 2.15)


def _hidden_from(points: Points, direction: Points) -> float:
    return float(hidden_share(points, direction[None] / np.linalg.norm(direction))[0])


def hidden_share(points: Points, directions: Points) -> NDArray[np.float64]:
    """
    Return the share (D,) of ``points`` that lie well behind others, seen from far away.

    Near 0 for what one camera measured from there, about a half for points all around an object.

    :param points: (N, 3) [m].
    :param directions: (D, 3) unit, towards the eye.
    """
    spacing = mean_spacing(points)
    local = points - points.min(axis=0)
    shares = []
    for direction in directions:
        right, down, forward = _camera_axes(-direction)
        depth = local @ forward
        pixel = np.stack([local @ right, local @ down], axis=1) / (1.5 * spacing)
        pixel = np.rint(pixel - pixel.min(axis=0)).astype(int)
        front = np.full(pixel.max(axis=0) + 1, np.inf)
        np.minimum.at(front, tuple(pixel.T), depth)
        shares.append(np.mean(depth - front[tuple(pixel.T)] > 4.0 * spacing))
    return np.array(shares)


def sphere_directions(count: int) -> Points:
    """Return ``count`` unit vectors (count, 3) spread evenly (Fibonacci lattice)."""
    z = (2.0 * np.arange(count) + 1.0) / count - 1.0
    angle = np.pi * (1.0 + np.sqrt(5.0)) * np.arange(count)
    radius = np.sqrt(1.0 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def _camera_axes(forward: Points) -> Points:
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, np.eye(3)[np.argmin(np.abs(forward))])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _project(rays: Points, axes: Points) -> tuple[Points, NDArray[np.float64]]:
    """Return image coordinates (N, 2) on the plane at distance 1, and lengths (N,) of ``rays``."""
    depth = np.maximum(rays @ axes[2], 1e-6)  # what lies beside the eye is outside the image
    image = np.stack([rays @ axes[0] / depth, rays @ axes[1] / depth], axis=1)
    return image, np.sqrt(np.einsum('ni,ni->n', rays, rays))

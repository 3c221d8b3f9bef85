# SPDX-License-Identifier: Apache-2.0
"""
How well a closed surface explains what one camera measured.

Three things can contradict a surface: measured points that are not on it, measured points that it
hides, and places of the image where the camera looked past the object and the surface stands in
the way. N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
import trimesh

from dexlite_ros.object.cloud import mean_spacing, Points
from dexlite_ros.object.depth_view import camera_axes, project
from dexlite_ros.object.support import Plane
from dexlite_ros.open3d_core import open3d_core, raycasting_scene

POINTS, FREE = 700, 1500
"""Largest numbers of points and of empty places that are looked at."""
OUTLIER = 9.0
"""Cost of a point that is three times the noise from the surface, and the most that it costs."""
AROUND = 0.5
"""Width of the part of the image around the object, relative to the object's size in it."""
MARGIN = 2
"""Pixels around the object that may be empty or not: masks are wrong by some pixels."""
_CLEAR = 3.0
# An obstacle this many times the noise behind a surface is hidden by it.
_NEAREST = 0.005
# The same, at least [m].


@dataclass(frozen=True)
class Fit:
    """What contradicts a surface; costs are means over the seen points, 0 to 9."""

    misfit: float
    """Squared distance of measured points, in units of the noise; those hidden count in full."""
    intrusion: float
    """Empty places of the image where the surface stands, in units of the points' places."""

    @property
    def cost(self) -> float:
        """Return their sum."""
        return self.misfit + self.intrusion


class ViewEvidence:
    """What one camera measured of an object and around it."""

    def __init__(
        self, points: Points, eye: Points, noise: float, walls: Points, support: Plane | None
    ) -> None:
        """
        Look where the object is in the camera's image, and where it is not.

        :param points: (N, 3) of the object [m]
        :param eye: (3,) position of the camera [m]
        :param noise: typical error of a point [m]
        :param walls: (M, 3) other measured points, none if it is not known what is around [m]
        :param support: plane that the object stands on, if known
        """
        self.noise, self._eye = noise, eye
        chosen = np.random.default_rng(0).permutation(len(points))[:POINTS]
        self._points = points[chosen]
        rays = points - eye
        axes = camera_axes(rays.mean(axis=0))
        image, reach = project(rays, axes)
        pixel = mean_spacing(points) / float(np.median(reach))
        size = float(np.ptp(image, axis=0).max())
        border = int(np.ceil(AROUND * size / pixel)) + MARGIN
        corner = image.min(axis=0) - border * pixel
        place = np.rint((image - corner) / pixel).astype(int)
        shape = tuple(place.max(axis=0) + border + 1)
        seen = np.zeros(shape, dtype=bool)
        seen[tuple(place.T)] = True
        seen = ndimage.binary_closing(np.pad(seen, 3), iterations=2)[3:-3, 3:-3] | seen
        # Nothing may have been measured in a hole: only a wall behind it shows that it is one.
        solid = seen if len(walls) else ndimage.binary_fill_holes(seen)
        apart = ndimage.distance_transform_cdt(~solid, metric='chessboard') > MARGIN
        depth = _wall_depths(walls - eye, axes, corner, pixel, shape)
        rows = np.argwhere(apart & np.isfinite(depth) if len(walls) else apart)
        directions = np.column_stack([
            corner + pixel * rows, np.ones(len(rows))]) @ axes
        length = np.linalg.norm(directions, axis=1)
        free = depth[tuple(rows.T)] if len(walls) else np.full(len(rows), np.inf)
        if support is not None:
            # Seen past the object, the table itself is the farthest that is empty.
            with np.errstate(divide='ignore', invalid='ignore'):
                to_table = -support.height(eye[None])[0] / (directions @ support.normal / length)
            free = np.minimum(free, np.where(to_table > 0.0, to_table, np.inf))
        few = np.random.default_rng(0).permutation(len(rows))[:FREE]
        self._ways, self._free = (directions / length[:, None])[few], free[few]
        self._share = len(rows) / max(len(few), 1) / max(int(seen.sum()), 1)

    def of(self, mesh: trimesh.Trimesh) -> Fit:
        """Return how a closed surface fits; in the frame of the points [m]."""
        core, scene = open3d_core(), raycasting_scene((mesh.vertices, mesh.faces))
        rays = self._points - self._eye
        reach = np.linalg.norm(rays, axis=1)
        ways = np.concatenate([rays / reach[:, None], self._ways])
        hits = scene.cast_rays(core.core.Tensor(np.concatenate(
            [np.broadcast_to(self._eye, ways.shape), ways], axis=1).astype(np.float32)))
        hit = hits['t_hit'].numpy().astype(np.float64)
        count = len(reach)
        off = scene.compute_distance(
            core.core.Tensor(self._points.astype(np.float32))).numpy().astype(np.float64)
        behind = max(_CLEAR * self.noise, _NEAREST)
        misfit = np.minimum((off / self.noise)**2, OUTLIER)
        misfit[(off > self.noise) & (hit[:count] < reach - behind)] = OUTLIER
        blocked = hit[count:] < self._free - behind
        return Fit(
            float(misfit.mean()), OUTLIER * float(blocked.sum()) * self._share)


def _wall_depths(
    rays: Points, axes: Points, corner: Points, pixel: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the distance (U, V) of the nearest wall in each pixel [m]; NaN where none is near."""
    depth = np.full(shape, np.inf)
    if len(rays):
        image, reach = project(rays, axes)
        place = np.rint((image - corner) / pixel).astype(int)
        inside = ((place >= 0) & (place < shape)).all(axis=1) & (rays @ axes[2] > 0.0)
        np.minimum.at(depth, tuple(place[inside].T), reach[inside])
    known = np.isfinite(depth)
    if not known.any():
        return np.full(shape, np.nan)
    away, nearest = ndimage.distance_transform_edt(~known, return_indices=True)
    return np.where(away <= 2 * MARGIN, depth[tuple(nearest)], np.nan)

# SPDX-License-Identifier: Apache-2.0
"""
What one camera measured of an object on a table, and the solids fitted to it.

The frame is that of the support: z up, the table at z = 0. N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import BadCloud, InvalidRequest
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.primitives.robust import mode
from dexlite_ros.open3d_core import open3d_core, raycasting_scene

FEWEST = 20
"""Smallest number of points that a solid is fitted to."""
# Share of the points, the nearest ones, that a residual is computed from.
_BEST = 0.95


@dataclass(frozen=True)
class SeenPart:
    """Measured part of an object, in the frame of its support."""

    points: Points
    """(N, 3) cleaned and evenly thinned [m]."""
    normals: Points
    """(N, 3) unit, towards the camera; as noisy as the points are."""
    eye: Points
    """(3,) position of the camera [m]."""
    noise: float
    """Typical error of a point [m]."""
    others: Points | None = None
    """(M, 3) measured on everything else, which may hide a part of the object [m]."""

    def __post_init__(self) -> None:
        for name, shape in (
                ('points', (-1, 3)), ('normals', (-1, 3)), ('eye', (3,)), ('others', (-1, 3))):
            if getattr(self, name) is None:
                continue
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.shape[-1:] != (3,) or value.ndim != len(shape):
                raise InvalidRequest(name, value.shape, 'shape (N, 3); the eye (3,)')
            if not np.isfinite(value).all():
                raise InvalidRequest(name, 'not finite', 'finite numbers')
            object.__setattr__(self, name, value)
        if self.eye.shape != (3,):
            raise InvalidRequest('eye', self.eye.shape, 'shape (3,)')
        if self.normals.shape != self.points.shape:
            raise InvalidRequest('normals', self.normals.shape, f'shape {self.points.shape}')
        if not 0.0 < self.noise < 0.1:
            raise InvalidRequest('noise', self.noise, 'a length above 0 and below 0.1 m')
        if len(self.points) < FEWEST:
            raise BadCloud(
                f'{len(self.points)} points are too few to fit a solid to, {FEWEST} are needed')

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> SeenPart:
        """Select points."""
        return replace(self, points=self.points[index], normals=self.normals[index])

    def thinned(self, count: int) -> SeenPart:
        """Return at most ``count`` of the points, spread over all of them."""
        if len(self) <= count:
            return self
        chosen = np.random.default_rng(0).choice(len(self), count, replace=False)
        return self[np.sort(chosen)]

    def height(self) -> float:
        """Return where the upper points are densest if they look up, else their upper end [m]."""
        z = self.points[:, 2]
        upper = (self.normals[:, 2] > 0.8) & (z > 0.5 * np.quantile(z, 0.98))
        if upper.sum() > 0.05 * len(self):
            return mode(z[upper], 4.0 * self.noise)
        return float(np.quantile(z, 0.98))


@dataclass(frozen=True)
class Primitive:
    """A closed solid that explains a seen part."""

    kind: str
    """Such as ``box``, ``cylinder`` or ``sphere``."""
    mesh: trimesh.Trimesh
    """Watertight, faces outwards, in the frame of the support [m]."""
    residual: float
    """Root mean square distance of the nearest 95 % of the points to the faces that look at the
    camera [m]."""
    free: int
    """Number of fitted parameters."""


def turn(yaw: float) -> NDArray[np.float64]:
    """Return the axes (3, 3), in columns, after a turn about the vertical by ``yaw`` [rad]."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def primitive(
    kind: str, mesh: trimesh.Trimesh, part: SeenPart, free: int
) -> Primitive | None:
    """
    Return a fitted solid with its residual; None if its mesh is not a closed solid.

    Only the faces that look at the camera can have been measured. A solid that the points lie
    inside of, or behind, is thus no explanation of them.

    :param kind: of the solid.
    :param mesh: in the frame of the part [m].
    :param part: what the solid was fitted to.
    :param free: number of fitted parameters.
    """
    if not (np.isfinite(mesh.vertices).all() and mesh.is_watertight and mesh.volume > 1e-9):
        return None
    facing = np.einsum('fi,fi->f', mesh.face_normals, part.eye - mesh.triangles_center) > 0.0
    if not facing.any():
        return None
    scene = raycasting_scene((mesh.vertices, mesh.faces[facing]))
    places = part.points.astype(np.float32)
    nearest = scene.compute_closest_points(open3d_core().core.Tensor(places))['points'].numpy()
    square = np.sort(((places - nearest)**2).sum(axis=1))[:int(np.ceil(_BEST * len(part)))]
    return Primitive(kind, mesh, float(np.sqrt(square.mean())), free)


def silhouette(points: Points, eye: Points) -> tuple[Points, float]:
    """
    Return the axis (2,) and radius of the upright cylinder between the outermost lines of sight.

    :param points: (N, 3) of its side towards the camera [m].
    :param eye: (3,) position of the camera [m].
    """
    flat = points[:, :2]
    gaze = eye[:2] - np.median(flat, axis=0)
    gaze /= max(float(np.linalg.norm(gaze)), 1e-9)
    beside = np.array([-gaze[1], gaze[0]])
    low, high = np.quantile(flat @ beside, (0.02, 0.98))
    radius = max(0.5 * float(high - low), 0.002)
    near = float(np.quantile(flat @ gaze, 0.85))
    return 0.5 * (low + high) * beside + (near - radius) * gaze, radius

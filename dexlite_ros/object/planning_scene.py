# SPDX-License-Identifier: Apache-2.0
"""The planner's view of an object: a closed surface and distance fields, from sensor data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.errors import ScaleError
from dexlite_ros.object.cloud import clean_cloud, CloudLimits, PointCloud
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.object.support import fit_support, Plane
from dexlite_ros.object.surface import (
    close_surface,
    ObjectSurface,
    surface_from_mesh,
    SurfaceSettings,
)


@dataclass(frozen=True)
class PlanningScene:
    """An object prepared for planning, moved so that its centre is at the origin."""

    surface: ObjectSurface
    field: DistanceField
    obstacles: Obstacles | None
    offset: NDArray[np.float64]
    """(3,) position of this origin in the frame of the input [m]."""
    num_points: int
    """Points of the cleaned cloud; 0 for a mesh."""

    @classmethod
    def build(
        cls,
        target: PointCloud | trimesh.Trimesh,
        *,
        obstacles: NDArray[np.floating] | None = None,
        support: Plane | None = None,
        limits: CloudLimits | None = None,
        settings: SurfaceSettings | None = None,
        device: torch.device | str = 'cpu',
    ) -> PlanningScene:
        """
        Close the surface and build the distance fields.

        :param target: points on the object, or its mesh [m]
        :param obstacles: (M, 3) points the hand must not touch [m]
        :param support: plane the object stands on; None: detected in the obstacles
        :raises BadCloud, ScaleError: for clouds that cannot be used
        """
        mesh, cloud = None, None
        if isinstance(target, trimesh.Trimesh):
            offset = np.asarray(target.bounds.mean(0))
            _check_size(target, limits or CloudLimits())
            mesh = target.copy().apply_translation(-offset)
            points = PointCloud(np.asarray(mesh.vertices))
        else:
            cloud = clean_cloud(target, limits)
            offset = cloud.points.mean(0)
            points = cloud = _moved(cloud, -offset)
        walls = None if obstacles is None or not len(obstacles) else obstacles - offset
        if support is not None:
            support = Plane(support.normal, support.offset - float(support.normal @ offset))
        elif walls is not None:
            support = fit_support(walls, points)
        if mesh is not None:
            surface = surface_from_mesh(mesh)
        else:
            surface = close_surface(points, support, settings)
        around = None
        if walls is not None or support is not None:
            walls = np.zeros((0, 3)) if walls is None else walls
            around = Obstacles.around(walls, surface.vertices, support).to(device)
        return cls(
            surface, DistanceField.from_mesh(surface.vertices, surface.faces).to(device), around,
            offset, 0 if cloud is None else len(cloud))


def _check_size(mesh: trimesh.Trimesh, limits: CloudLimits) -> None:
    extent = float(mesh.extents.max())
    if not limits.extent_min <= extent <= limits.extent_max:
        raise ScaleError(extent, limits.extent_min, limits.extent_max)


def _moved(cloud: PointCloud, shift: NDArray[np.float64]) -> PointCloud:
    viewpoint = None if cloud.viewpoint is None else cloud.viewpoint + shift
    return PointCloud(cloud.points + shift, cloud.normals, viewpoint)

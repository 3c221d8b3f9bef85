# SPDX-License-Identifier: Apache-2.0
"""The planner's view of an object: a closed surface and distance fields, from sensor data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.errors import ScaleError
from dexlite_ros.object.cleaning import clean_cloud, CleanCloud, DroppedPoints, main_points
from dexlite_ros.object.cloud import CloudLimits, PointCloud, Points
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.hypotheses import hypotheses, Hypothesis
from dexlite_ros.object.image_border import cut_length
from dexlite_ros.object.obstacles import (
    apart_from_object,
    Obstacles,
    of_support,
    SUPPORT_SLACK,
)
from dexlite_ros.object.occlusion import hidden_outline
from dexlite_ros.object.orientation import estimate_noise
from dexlite_ros.object.support import fit_support, Plane, plane_noise
from dexlite_ros.object.surface import ObjectSurface, surface_from_mesh, SurfaceSettings
from dexlite_ros.object.touching_objects import are_two_objects
from dexlite_ros.object.viewpoint import Viewpoint
from dexlite_ros.plan_warning import PlanWarning

HARDLY_SEEN = 0.3
"""Seen fraction of the surface below which there is a warning."""
HIDDEN = 0.25
"""Share of the outline along which something nearer stands, above which there is a warning."""
CUT = 0.2
"""Share of the object's width on the border of the image, above which there is a warning."""
FLAT = 2.4
"""Height of the object relative to the noise of its support, below which there is a warning."""
ON_OBJECT = 30
"""Number of obstacle points on the object from which there is a warning: fewer may touch it."""


@dataclass(frozen=True)
class InputReport:
    """What became of the input."""

    num_points: int = 0
    """Points of the cleaned cloud; 0 for a mesh."""
    viewpoint: Viewpoint = Viewpoint(None, 'none')
    """In the frame of the input."""
    dropped: DroppedPoints = DroppedPoints()
    warnings: tuple[PlanWarning, ...] = ()
    noise: float = 0.0
    """Typical distance of measured points from the planes through their neighbours [m]."""


@dataclass(frozen=True)
class PlanningScene:
    """An object prepared for planning, moved so that its centre is at the origin."""

    hypotheses: tuple[Hypothesis, ...]
    """What the object may look like, the likeliest surface first."""
    field: DistanceField
    """Of the likeliest surface."""
    obstacles: Obstacles | None
    offset: NDArray[np.float64]
    """(3,) position of this origin in the frame of the input [m]."""
    input: InputReport
    measured: Points | None = None
    """(N, 3) points of the cleaned cloud [m]; None for a mesh."""

    @property
    def surface(self) -> ObjectSurface:
        """The likeliest surface, the one to plan on."""
        return self.hypotheses[0].surface

    @property
    def up(self) -> torch.Tensor | None:
        """Unit normal (3,) of the support; None: there is none."""
        if self.obstacles is None or self.obstacles.support is None:
            return None
        return torch.from_numpy(self.obstacles.support.normal)

    def believing(self, index: int) -> PlanningScene:
        """Return the scene with one of the hypotheses as the first, and its distance field."""
        chosen = self.hypotheses[index]
        others = (*self.hypotheses[:index], *self.hypotheses[index + 1:])
        field = DistanceField.from_mesh(chosen.surface.vertices, chosen.surface.faces)
        return replace(
            self, hypotheses=(chosen, *others), field=field.to(self.field.centre_of_mass.device))

    def surfaces_of_input(self) -> tuple[ObjectSurface, ...]:
        """Return the surfaces of all hypotheses in the frame of the input."""
        return tuple(
            replace(each.surface, vertices=each.surface.vertices + self.offset)
            for each in self.hypotheses)

    @classmethod
    def build(
        cls,
        target: PointCloud | trimesh.Trimesh,
        *,
        obstacles: NDArray[np.floating] | None = None,
        support: Plane | None = None,
        limits: CloudLimits | None = None,
        settings: SurfaceSettings | None = None,
        slack: float = SUPPORT_SLACK,
        device: torch.device | str = 'cpu',
        between: Callable[[], None] = lambda: None,
    ) -> PlanningScene:
        """
        Close the surface and build the distance fields.

        :param target: points on the object, or its mesh [m]
        :param obstacles: (M, 3) points the hand must not touch [m]; those that are not finite or
            lie on the object are dropped
        :param support: plane the object stands on; None: detected in the obstacles or the cloud
        :param slack: how much nearer the hand may come to it than to obstacles [m]
        :param between: called between long steps; ends the work by raising an error
        :raises BadCloud, ScaleError: for clouds that cannot be used
        """
        limits = limits or CloudLimits()
        walls, warnings = _finite(obstacles)
        support = support or _support_among(walls, target, limits)
        if isinstance(target, trimesh.Trimesh):
            _check_size(target, limits)
            offset = np.asarray(target.bounds.mean(0))
            mesh = target.copy().apply_translation(-offset)
            account, measured = InputReport(), None
            found: tuple[Hypothesis, ...] = (Hypothesis(surface_from_mesh(mesh), 1.0),)
        else:
            clean = clean_cloud(target, limits, support, walls)
            between()
            support, walls = clean.support, np.concatenate([walls, clean.others])
            offset = clean.cloud.points.mean(0)
            account = InputReport(
                len(clean.cloud), clean.viewpoint, clean.dropped,
                (*clean.warnings, *_doubts_of_view(target, clean, walls)),
                estimate_noise(clean.cloud.points))
            measured = clean.cloud.points - offset
            found = hypotheses(
                clean.cloud.moved(-offset), _moved(support, -offset), walls - offset, settings,
                between=between)
            account = replace(account, warnings=(
                *account.warnings, *_doubts_of_shape(clean, found, walls, between)))
        between()
        surface = found[0].surface
        field = DistanceField.from_mesh(surface.vertices, surface.faces)
        support, walls = _moved(support, -offset), walls - offset
        walls = walls[~of_support(walls, support)]
        apart = apart_from_object(walls, field)
        warnings = (*warnings, *account.warnings, *_doubts(surface, walls[~apart]))
        around = None
        if support is not None or apart.any():
            around = Obstacles.around(walls[apart], surface.vertices, support, slack).to(device)
        account = replace(account, warnings=warnings, dropped=replace(
            account.dropped, obstacles_on_object=int((~apart).sum())))
        return cls(found, field.to(device), around, offset, account, measured)


def _finite(obstacles: NDArray[np.floating] | None) -> tuple[Points, tuple[PlanWarning, ...]]:
    """Return the finite obstacles (M, 3), with a warning if there were some and none is finite."""
    if obstacles is None:
        return np.zeros((0, 3)), ()
    walls = np.asarray(obstacles, dtype=np.float64).reshape(-1, 3)
    walls = walls[np.isfinite(walls).all(axis=1)]
    if len(walls):
        return walls, ()
    return walls, (PlanWarning(
        'obstacles_empty',
        f'the obstacle cloud has {len(obstacles)} points and none is finite; nothing is avoided'),)


def _doubts(surface: ObjectSurface, on_object: Points) -> tuple[PlanWarning, ...]:
    """Return what the closed surface gives reason to warn of."""
    found = []
    if surface.method.startswith('view') and surface.seen_fraction < HARDLY_SEEN:
        found.append(PlanWarning(
            'hardly_seen',
            f'only {100 * surface.seen_fraction:.0f} % of the surface was measured, the rest is '
            'inferred; scores are less certain: see more of the object'))
    if surface.method == 'partial':
        found.append(PlanWarning(
            'part_missing',
            f'{100 * (1 - surface.seen_fraction):.0f} % of the surface was not measured and no '
            'single viewpoint explains it; that part is inferred'))
    if len(on_object) >= ON_OBJECT:
        found.append(PlanWarning(
            'object_in_obstacles',
            f'{len(on_object)} points of the obstacle cloud lie on the object; they were dropped'))
    return tuple(found)


def _doubts_of_view(
    measured: PointCloud, clean: CleanCloud, walls: Points
) -> tuple[PlanWarning, ...]:
    """Return what gives reason to doubt that these points are one whole object."""
    found, cloud, support = [], clean.cloud, clean.support
    if support is not None:
        noise = plane_noise(walls, support)
        height = float(np.quantile(support.height(cloud.points), 0.9))
        if height < FLAT * noise:
            found.append(PlanWarning(
                'hardly_above_support',
                f'the points are {1e3 * height:.1f} mm above the support, which is measured with '
                f'an error of {1e3 * noise:.1f} mm: this may be a part of the support'))
    if cloud.viewpoint is not None:
        hidden = hidden_outline(cloud.points, cloud.viewpoint, walls)
        if hidden > HIDDEN:
            found.append(PlanWarning(
                'partly_hidden',
                f'something nearer stands along {100 * hidden:.0f} % of the outline and may hide '
                'a part of the object; how large it is was inferred: look from another side'))
        # Seen from a guessed place, what was measured has no image with straight borders.
        cut = 0.0 if clean.viewpoint.source == 'guessed' else cut_length(
            measured, cloud.points, cloud.viewpoint, walls)
        if cut > CUT:
            found.append(PlanWarning(
                'cut_by_image_border',
                f'{100 * cut:.0f} % of its width lie on the border of the image, or of what was '
                'given of it; the object is taken to end there: move it into the image'))
    return tuple(found)


def _doubts_of_shape(
    clean: CleanCloud, found: Sequence[Hypothesis], walls: Points, between: Callable[[], None]
) -> tuple[PlanWarning, ...]:
    """Return what the shape gives reason to warn of, where no simple solid explains it."""
    if (clean.cloud.viewpoint is None or clean.support is None
            or any(each.solid for each in found)
            or not are_two_objects(clean.cloud, clean.support, walls, between)):
        return ()
    return (PlanWarning(
        'objects_touch',
        'no simple solid explains the cloud, but one explains either side of a seam in it: it may '
        'be of two objects that touch; part their masks'),)


def _support_among(
    walls: Points, target: PointCloud | trimesh.Trimesh, limits: CloudLimits
) -> Plane | None:
    """Return the plane among the obstacles that the object stands on; None: there is none."""
    if not len(walls):
        return None
    if isinstance(target, trimesh.Trimesh):
        return fit_support(walls, np.asarray(target.vertices))
    return fit_support(walls, main_points(target, limits))


def _check_size(mesh: trimesh.Trimesh, limits: CloudLimits) -> None:
    extent = float(mesh.extents.max())
    if not limits.extent_min <= extent <= limits.extent_max:
        raise ScaleError(extent, limits.extent_min, limits.extent_max)


def _moved(plane: Plane | None, shift: NDArray[np.float64]) -> Plane | None:
    return None if plane is None else plane.moved(shift)

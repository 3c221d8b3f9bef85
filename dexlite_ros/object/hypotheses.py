# SPDX-License-Identifier: Apache-2.0
"""
What an object seen by one camera may look like: a few closed surfaces, with weights.

Simple solids are fitted to the measured points, and the view is completed without assuming one.
Each candidate is compared with what the camera saw (``view_evidence``); of those that explain it,
the ones that differ are kept. N is the number of points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.depth_view import camera_axes
from dexlite_ros.object.mesh_distance import signed_distance
from dexlite_ros.object.orientation import facing_normals
from dexlite_ros.object.primitives.fit import fit_primitives
from dexlite_ros.object.primitives.seen_part import SeenPart
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.support import Plane, plane_noise
from dexlite_ros.object.surface import (
    close_surface,
    ObjectSurface,
    seen_fraction,
    SurfaceSettings,
    Texture,
)
from dexlite_ros.object.view_evidence import ViewEvidence

MOST = 4
"""Largest number of hypotheses."""


@dataclass(frozen=True)
class HypothesisSettings:
    """How candidates are weighed; costs are those of ``view_evidence.Fit``."""

    noise_min: float = 0.0007
    """Smallest noise that a cloud is believed to have [m]."""
    per_parameter: float = 0.03
    """Cost of each number that was fitted."""
    parameters_max: int = 10
    """Largest number of parameters that cost; outlines have hundreds."""
    extended: float = 0.5
    """Cost of a box longer than what was seen of it, where a neighbour hides its end."""
    walls_max: int = 4000
    """Number of points around the object that are looked at for that."""
    completion: float = 2.5
    """Cost of the completed view, which passes through all points and so cannot be compared."""
    certain: float = 1.6
    """Cost up to which a simple solid is believed without completing the view."""
    sharpness: float = 2.0
    """Weights fall with exp(-sharpness * cost)."""
    weight_min: float = 0.05
    """Smallest weight relative to the best."""
    differ: float = 0.003
    """Mean distance from which two surfaces count as different [m]."""
    edge: float = 0.012
    """Longest edge of the triangles of a simple solid [m]."""


@dataclass(frozen=True)
class Hypothesis:
    """A closed surface, and how likely it is among the others."""

    surface: ObjectSurface
    weight: float
    """The weights of all hypotheses add up to 1."""
    solid: bool = False
    """Whether it is a simple solid."""


def hypotheses(
    cloud: PointCloud,
    support: Plane | None = None,
    walls: Points | None = None,
    settings: SurfaceSettings | None = None,
    choice: HypothesisSettings = HypothesisSettings(),
    between: Callable[[], None] = lambda: None,
) -> tuple[Hypothesis, ...]:
    """
    Return the surfaces that explain a clean cloud, the likeliest first.

    Without a viewpoint or a support there is one.

    :param cloud: from ``clean_cloud``.
    :param support: plane the object stands on, if known.
    :param walls: (M, 3) points around the object [m]; None: not known.
    :param settings: of the surface; None: the defaults.
    :param between: called between long steps; ends the work by raising an error.
    :raises BadCloud: when no surface fits.
    """
    if cloud.viewpoint is None or support is None:
        return (Hypothesis(close_surface(cloud, support, settings, between), 1.0),)
    walls = np.zeros((0, 3)) if walls is None else walls
    found, evidence = _simple(cloud, support, walls, settings, choice)
    between()
    if not found or found[0].cost > choice.certain:
        surface = close_surface(cloud, support, settings, between, evidence.noise)
        mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
        cost = choice.completion + evidence.of(mesh).intrusion
        found = sorted([*found, _Candidate(cost, mesh, surface)], key=lambda each: each.cost)
    kept = _different(found, choice)
    weights = np.exp(choice.sharpness * (kept[0].cost - np.array([each.cost for each in kept])))
    return tuple(
        Hypothesis(
            each.surface or _surface(each, cloud.points, choice.edge), float(weight),
            each.surface is None)
        for each, weight in zip(kept, weights / weights.sum()))


def solid_cost(
    cloud: PointCloud, support: Plane, walls: Points,
    choice: HypothesisSettings = HypothesisSettings(),
) -> float:
    """
    Return the cost of the simple solid that explains a cloud best; infinite if none fits at all.

    :param cloud: of one object, with a viewpoint.
    :param support: plane it stands on.
    :param walls: (M, 3) points around it [m].
    """
    middle = cloud.points.mean(axis=0)
    found, _ = _simple(
        cloud.moved(-middle), support.moved(-middle), walls - middle, None, choice)
    return found[0].cost if found else float('inf')


def spread(hypotheses: Sequence[Hypothesis], points: Points) -> NDArray[np.float64]:
    """
    Return how far apart the surfaces are at ``points`` (N, 3) [m], in the frame of the surfaces.

    The standard deviation (N,) of the signed distances to them, by their weights [m].
    """
    if len(hypotheses) < 2 or not len(points):
        return np.zeros(len(points))
    weight = np.array([each.weight for each in hypotheses])
    distance = np.stack([
        signed_distance(each.surface.vertices, each.surface.faces, points)
        for each in hypotheses])
    mean = weight @ distance
    deviation: NDArray[np.float64] = np.sqrt(weight @ (distance - mean)**2)
    return deviation


@dataclass(frozen=True)
class _Candidate:
    cost: float
    mesh: trimesh.Trimesh
    surface: ObjectSurface | None = None
    """None: a simple solid, whose mesh is too coarse yet."""
    kind: str = ''
    """Of the simple solid."""


def _simple(
    cloud: PointCloud, support: Plane, walls: Points, settings: SurfaceSettings | None,
    choice: HypothesisSettings,
) -> tuple[list[_Candidate], ViewEvidence]:
    """Return the simple solids, the best ones first, and what they were compared with."""
    assert cloud.viewpoint is not None
    texture = Texture.of(cloud.points, settings or SurfaceSettings())
    noise = max(texture.noise, plane_noise(walls, support), choice.noise_min)
    evidence = ViewEvidence(cloud.points, cloud.viewpoint, noise, walls, support)
    few = walls[::1 + len(walls) // choice.walls_max]
    turn, foot = _support_frame(support, cloud.points)
    normals = facing_normals(cloud.points, cloud.viewpoint, texture.neighbours)
    part = SeenPart(
        (cloud.points - foot) @ turn.T, normals @ turn.T, (cloud.viewpoint - foot) @ turn.T, noise,
        (few - foot) @ turn.T)
    found = []
    for each in fit_primitives(part):
        mesh = trimesh.Trimesh(each.mesh.vertices @ turn + foot, each.mesh.faces, process=False)
        cost = evidence.of(mesh).cost
        cost += choice.per_parameter * min(each.free, choice.parameters_max)
        cost += choice.extended * each.kind.startswith('longe')
        found.append(_Candidate(cost, mesh, kind=each.kind))
    return sorted(found, key=lambda each: each.cost), evidence


def _support_frame(support: Plane, points: Points) -> tuple[Points, Points]:
    """Return axes (3, 3), in rows, with z up from the support, and an origin (3,) on it [m]."""
    return camera_axes(support.normal), support.project(points.mean(axis=0)[None])[0]


def _surface(solid: _Candidate, points: Points, edge: float) -> ObjectSurface:
    """Return a solid as a surface of small triangles, as whatever is sampled on it needs."""
    vertices, faces = trimesh.remesh.subdivide_to_size(
        solid.mesh.vertices, solid.mesh.faces, edge)
    fine = trimesh.Trimesh(vertices, faces)
    return ObjectSurface(
        np.array(fine.vertices), np.array(fine.faces), seen_fraction(fine, points),
        f'view+{solid.kind}')


def _different(found: list[_Candidate], choice: HypothesisSettings) -> list[_Candidate]:
    """Return those that are likely enough and differ from better ones."""
    most = found[0].cost - np.log(choice.weight_min) / choice.sharpness
    kept: list[_Candidate] = []
    for each in found:
        if each.cost <= most and len(kept) < MOST and all(
                _distance(each.mesh, other.mesh) > choice.differ for other in kept):
            kept.append(each)
    return kept


def _distance(one: trimesh.Trimesh, other: trimesh.Trimesh) -> float:
    """Return the mean distance of two surfaces, from points on each to the other [m]."""
    return 0.5 * sum(
        float(np.abs(signed_distance(
            there.vertices, there.faces,
            sample_mesh(here, 1000, np.random.default_rng(0)).points)).mean())
        for here, there in ((one, other), (other, one)))

# SPDX-License-Identifier: Apache-2.0
"""
Accuracy of closed surfaces against ground truth: ``dexlite surface-accuracy``.

Looks at known meshes, closes their surfaces as the planner does, and compares signed distances.
Only locations within 2 cm of the true surface count, since those determine where fingers stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
import time

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from tqdm import tqdm
import trimesh

from dexlite_ros.errors import DexliteError
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.mesh_distance import signed_distance
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.offline.evaluation.closed_view import ClosedView
from dexlite_ros.offline.objects.sources import load_solid, Target
from dexlite_ros.offline.scenes.sight import see, Viewing
from dexlite_ros.open3d_core import open3d_core, raycasting_scene

BAND = 0.02
"""Locations at most this far from the true surface are compared [m]."""
DEEP = 0.002
"""A location this deep inside the object counts as wrong if classified as outside [m]."""
SEEN = 0.008
"""A place of the true surface within this distance of a measured point counts as seen [m]."""


@dataclass(frozen=True)
class Accuracy:
    """Differences of one closed surface from the true one."""

    name: str
    method: str
    error: float
    """Mean absolute error of the signed distance [mm]."""
    bias: float
    """Mean error [mm]; positive where the closed surface is too small."""
    wrong_sign: float
    """Fraction of deep locations classified as outside; NaN if no location is that deep."""
    normal_error: float
    """Mean angle between the normals of both surfaces, at the true surface [deg]."""
    iou: float
    """Volume of the intersection over volume of the union."""
    seen_fraction: float
    """Seen fraction as reported by the closed surface."""
    seconds: float
    """Time from the cloud to the closed surface and its distance field [s]."""
    unseen: float
    """As ``error``, of locations whose nearest point of the true surface was not seen; each counts
    for at most 20 mm. NaN if everything was seen [mm]."""


@dataclass(frozen=True)
class Measured:
    """The accuracy of one closed surface, and what a picture of it needs."""

    accuracy: Accuracy
    truth: trimesh.Trimesh
    """In the frame of the judge."""
    closed: ClosedView


def measure_all(
    subjects: Sequence[tuple[Target, Sequence[Target]]], viewing: Viewing
) -> tuple[list[Measured], dict[str, str]]:
    """
    Measure objects; return the results, and the failure reasons by name.

    :param subjects: each object, with its neighbours in a simulated scene
    :param viewing: how they are seen
    """
    results: list[Measured] = []
    failed: dict[str, str] = {}
    for target, beside in tqdm(subjects, unit='object', disable=None):
        try:
            results.append(measure(
                target.name, load_solid(target), viewing, [load_solid(each) for each in beside]))
        except DexliteError as error:
            failed[target.name] = str(error)
    return results, failed


def measure(
    name: str, mesh: trimesh.Trimesh, viewing: Viewing,
    neighbours: Sequence[trimesh.Trimesh] = (),
) -> Measured:
    """
    Look at ``mesh``, close what is seen as the planner does, and compare.

    :param name: name of the object in the result, or of the recorded scene
    :param mesh: closed true surface in its own frame [m]
    :param viewing: how it is seen
    :param neighbours: meshes beside it in a simulated scene [m]
    """
    rng = np.random.default_rng(viewing.seed)
    sight, _ = see(name, mesh, viewing, neighbours, rng)
    begin = time.perf_counter()
    scene = PlanningScene.build(
        sight.target, obstacles=sight.obstacles, support=sight.support)
    seconds = time.perf_counter() - begin
    surface = replace(scene.surface, vertices=scene.surface.vertices + scene.offset)
    closed = ClosedView.of(surface, sight)
    truth = mesh.copy().apply_transform(sight.object)
    seen = truth.vertices if isinstance(sight.target, trimesh.Trimesh) else (
        trimesh.transform_points(sight.target.points, sight.judge))
    accuracy = Accuracy(
        name=name, method=surface.method, seen_fraction=surface.seen_fraction, seconds=seconds,
        **differences(truth, closed, seen, rng))
    return Measured(accuracy, truth, closed)


def mean_of(results: Sequence[Accuracy]) -> Accuracy:
    """Return the mean of every number over objects, leaving out NaN."""
    numbers = {
        key: _mean_of_known(np.array([getattr(row, key) for row in results]))
        for key, value in asdict(results[0]).items()
        if isinstance(value, float)
    }
    return Accuracy(name=f'mean of {len(results)}', method='', **numbers)


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float('nan')


def differences(
    mesh: trimesh.Trimesh, closed: ClosedView, seen: Points, rng: np.random.Generator
) -> dict[str, float]:
    """
    Return the figures of ``Accuracy`` that compare a closed surface with the true one.

    :param mesh: closed true surface [m]
    :param closed: in the same frame
    :param seen: (N, 3) measured points of the object, in the same frame [m]
    :param rng: chooses the places that are compared
    """
    low, high = mesh.bounds
    places = rng.uniform(low - BAND, high + BAND, (40000, 3))
    truth = signed_distance(mesh.vertices, mesh.faces, places)
    found = signed_distance(closed.vertices, closed.faces, places)
    near, deep = np.abs(truth) < BAND, truth < -DEEP
    error = 1e3 * (found - truth)[near]
    both, either = (truth < 0) & (found < 0), (truth < 0) | (found < 0)
    on_surface = sample_mesh(mesh, 2000, rng).points
    cosine = np.einsum(
        'ni,ni->n',
        _nearest(mesh.vertices, mesh.faces, on_surface)['primitive_normals'],
        _nearest(closed.vertices, closed.faces, on_surface)['primitive_normals'],
    )
    foot = _nearest(mesh.vertices, mesh.faces, places[near])['points']
    unseen = cKDTree(seen).query(foot, distance_upper_bound=SEEN)[0] > SEEN
    return {
        'error': float(np.abs(error).mean()),
        'bias': float(error.mean()),
        'wrong_sign': float(np.mean(found[deep] > 0)) if deep.any() else float('nan'),
        'normal_error': float(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))).mean()),
        'iou': both.sum() / max(int(either.sum()), 1),
        'unseen': _mean_of_known(np.minimum(np.abs(error), 1e3 * BAND)[unseen]),
    }


def _nearest(
    vertices: Points, faces: NDArray[np.int64], points: Points
) -> dict[str, NDArray[np.float32]]:
    """Return the nearest ``points`` (N, 3) of a mesh, and ``primitive_normals`` (N, 3) there."""
    found = raycasting_scene((vertices, faces)).compute_closest_points(
        open3d_core().core.Tensor(np.array(points, np.float32)))
    return {name: found[name].numpy() for name in ('points', 'primitive_normals')}

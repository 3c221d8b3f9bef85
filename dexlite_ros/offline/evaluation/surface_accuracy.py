# SPDX-License-Identifier: Apache-2.0
"""
Accuracy of closed surfaces against ground truth: ``dexlite surface-accuracy``.

Measures clouds of known meshes, closes their surfaces, and compares signed distances. Only
locations within 2 cm of the true surface count, since those determine where fingers stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm
import trimesh

from dexlite_ros.errors import DexliteError
from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.geometry_file import load_mesh
from dexlite_ros.object.mesh_distance import signed_distance
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.object.surface import close_surface, ObjectSurface
from dexlite_ros.offline.objects.measured_cloud import measured_cloud, Setup
from dexlite_ros.offline.objects.mesh_folder import ObjectFile
from dexlite_ros.open3d_core import open3d_core

BAND = 0.02
"""Locations at most this far from the true surface are compared [m]."""
DEEP = 0.002
"""A location this deep inside the object counts as wrong if classified as outside [m]."""


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
    """Time to clean and close the cloud [s]."""


def measure_all(
    files: list[ObjectFile],
    setup: Setup,
) -> tuple[list[Accuracy], dict[str, str]]:
    """Measure objects; return their accuracies, and the failure reasons by name."""
    results: list[Accuracy] = []
    failed: dict[str, str] = {}
    for file in tqdm(files, unit='object', disable=None):
        try:
            results.append(measure(file.name, load_mesh(file.path), setup))
        except DexliteError as error:
            failed[file.name] = str(error)
    return results, failed


def measure(name: str, mesh: trimesh.Trimesh, setup: Setup) -> Accuracy:
    """
    Measure a cloud of ``mesh``, close it, and compare.

    :param name: name of the object in the result.
    :param mesh: closed true surface [m].
    :param setup: how the cloud is measured.
    """
    rng = np.random.default_rng(setup.seed)
    cloud, pose, support = measured_cloud(mesh, setup, rng)
    mesh = mesh.copy().apply_transform(pose)
    begin = time.perf_counter()
    clean = clean_cloud(cloud, support=support)
    surface = close_surface(clean.cloud, clean.support)
    seconds = time.perf_counter() - begin
    return Accuracy(
        name=name,
        method=surface.method,
        seen_fraction=surface.seen_fraction,
        seconds=seconds,
        **_differences(mesh, surface, rng),
    )


def mean_of(results: list[Accuracy]) -> Accuracy:
    """Return the mean of every number over objects, ignoring NaN."""
    numbers = {
        key: float(np.nanmean([getattr(row, key) for row in results]))
        for key, value in asdict(results[0]).items()
        if isinstance(value, float)
    }
    return Accuracy(name=f'mean of {len(results)}', method='', **numbers)


def _differences(
    mesh: trimesh.Trimesh,
    surface: ObjectSurface,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Compare signed distances near the surface, and normals on it."""
    low, high = mesh.bounds
    places = rng.uniform(low - BAND, high + BAND, (40000, 3))
    truth = signed_distance(mesh.vertices, mesh.faces, places)
    found = signed_distance(surface.vertices, surface.faces, places)
    near, deep = np.abs(truth) < BAND, truth < -DEEP
    error = 1e3 * (found - truth)[near]
    both, either = (truth < 0) & (found < 0), (truth < 0) | (found < 0)
    on_surface = sample_mesh(mesh, 2000, rng).points
    cosine = np.einsum(
        'ni,ni->n',
        _normals(mesh.vertices, mesh.faces, on_surface),
        _normals(surface.vertices, surface.faces, on_surface),
    )
    return {
        'error': float(np.abs(error).mean()),
        'bias': float(error.mean()),
        'wrong_sign': float(np.mean(found[deep] > 0)) if deep.any() else float('nan'),
        'normal_error': float(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))).mean()),
        'iou': both.sum() / max(int(either.sum()), 1),
    }


def _scene(
    vertices: Points, faces: NDArray[np.int64]
) -> tuple[Any, Callable[[Points], Any]]:
    """Return the raycasting scene of a mesh, and the conversion from points to its tensors."""
    open3d = open3d_core()
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        open3d.core.Tensor(np.array(vertices, np.float32)),
        open3d.core.Tensor(np.array(faces, np.uint32)),
    )
    return scene, lambda points: open3d.core.Tensor(np.array(points, np.float32))


def _normals(vertices: Points, faces: NDArray[np.int64], points: Points) -> Points:
    """Return the unit normals (N, 3) of the faces nearest to ``points``."""
    scene, tensor = _scene(vertices, faces)
    return scene.compute_closest_points(tensor(points))['primitive_normals'].numpy()

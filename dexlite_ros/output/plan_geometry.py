# SPDX-License-Identifier: Apache-2.0
"""
What a plan was made on, as a section of its file: the cloud and the surfaces it may have.

Arrays are base64 of their little-endian bytes, as in the data URIs of glTF: a surface of 2 000
vertices has 90 kB so, and would have 300 kB as lists of numbers. Layout: docs/plan_format.md.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.plan import GraspPlan

Points = NDArray[np.float64]
COORDINATES, INDICES = np.dtype('<f4'), np.dtype('<u4')


@dataclass(frozen=True)
class WeightedSurface:
    """A closed surface that the object may have, in the frame of the grasps."""

    vertices: Points
    """(V, 3) [m]"""
    faces: NDArray[np.int64]
    """(F, 3) vertex indices, counter-clockwise seen from outside."""
    method: str
    """Method that closed it, or where it comes from."""
    weight: float | None = None
    """How likely it is; the weights of all add up to 1. None: not known."""


@dataclass(frozen=True)
class PlanGeometry:
    """Cloud and surfaces in the frame of the grasps."""

    cloud: Points | None = None
    """(N, 3) the points that were planned on [m]; None: not known, or a mesh was."""
    surfaces: tuple[WeightedSurface, ...] = ()
    """The likeliest first; grasps are planned on it."""

    @classmethod
    def of(cls, plan: GraspPlan) -> PlanGeometry:
        """Return what a plan was made on."""
        surfaces = (plan.surface, *plan.other_surfaces)
        return cls(plan.cloud, tuple(
            WeightedSurface(each.vertices, each.faces, each.method, likely.weight)
            for each, likely in zip(surfaces, plan.report.hypotheses, strict=True)))


def geometry_to_dict(geometry: PlanGeometry) -> dict[str, Any]:
    """Return cloud and surfaces as the section ``geometry`` of a plan file."""
    return {
        'cloud': None if geometry.cloud is None else _encoded(geometry.cloud, COORDINATES),
        'surfaces': [
            {'method': each.method, 'weight': each.weight,
             'vertices': _encoded(each.vertices, COORDINATES),
             'faces': _encoded(each.faces, INDICES)}
            for each in geometry.surfaces],
    }


def geometry_from_dict(section: dict[str, Any]) -> PlanGeometry:
    """
    Return cloud and surfaces from the section ``geometry`` of a plan file.

    :raises KeyError, TypeError, ValueError: when it does not have the layout of
        ``geometry_to_dict``
    """
    cloud = section['cloud']
    return PlanGeometry(
        None if cloud is None else _decoded(cloud, COORDINATES, 'cloud').astype(np.float64),
        tuple(_surface(each) for each in section['surfaces']))


def _surface(entry: dict[str, Any]) -> WeightedSurface:
    vertices = _decoded(entry['vertices'], COORDINATES, 'vertices').astype(np.float64)
    faces = _decoded(entry['faces'], INDICES, 'faces').astype(np.int64)
    if len(faces) and faces.max() >= len(vertices):
        raise ValueError(f'faces name vertex {faces.max()} of {len(vertices)}')
    return WeightedSurface(vertices, faces, str(entry['method']), float(entry['weight']))


def _encoded(rows: NDArray[Any], kind: np.dtype[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(rows, dtype=kind).tobytes()).decode('ascii')


def _decoded(text: str, kind: np.dtype[Any], name: str) -> NDArray[Any]:
    """Return rows of three finite numbers."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f'{name} is not base64: {error}') from error
    if len(data) % (3 * kind.itemsize):
        raise ValueError(f'{name} has {len(data)} bytes, not rows of 3 times {kind.itemsize}')
    rows = np.frombuffer(data, kind).reshape(-1, 3)
    if not np.isfinite(rows).all():
        raise ValueError(f'{name} holds numbers that are not finite')
    return rows

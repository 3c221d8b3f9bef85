# SPDX-License-Identifier: Apache-2.0
"""Closed surfaces beside the true ones, with the measured points, from the side not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.offline.scenes.scene_picture import TRUTH_COLOUR
from dexlite_ros.offline.scenes.sight import Sight
from dexlite_ros.output.picture import (
    cloud_mesh,
    ColouredMesh,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)

PANEL = (240, 240)
"""Width and height of one picture [pixels]."""
COLUMNS = 8
"""Pictures in a row: four objects."""
POINTS = 1200
"""Largest number of measured points that are kept."""
POINT_COLOUR = (0.25, 0.35, 0.75)
OBLIQUE = np.array([0.6, -0.6, 0.5])
"""Direction of the view where no camera saw the object."""


@dataclass(frozen=True)
class ClosedView:
    """A surface and what it was closed from, in the frame of the judge [m]."""

    vertices: NDArray[np.float64]
    """(V, 3)"""
    faces: NDArray[np.int64]
    """(T, 3)"""
    points: NDArray[np.float64]
    """(P, 3) some of the measured points of the object."""
    eye: NDArray[np.float64] | None
    """(3,) position of the camera; None: seen from all sides."""

    @classmethod
    def of(cls, surface: ObjectSurface, sight: Sight) -> ClosedView:
        """
        Return a surface with the points that it was closed from.

        :param surface: in the planner's frame
        :param sight: what the planner was given; a true mesh has no points
        """
        points, eye = np.zeros((0, 3)), None
        if not isinstance(sight.target, trimesh.Trimesh):
            points, viewpoint = sight.target.points, sight.target.viewpoint
            chosen = np.random.default_rng(0).permutation(len(points))[:POINTS]
            points = trimesh.transform_points(points[chosen], sight.judge)
            if viewpoint is not None:
                eye = trimesh.transform_points(viewpoint[None], sight.judge)[0]
        return cls(
            trimesh.transform_points(surface.vertices, sight.judge),
            np.asarray(surface.faces), points, eye)

    def write(self, path: Path) -> None:
        """Write a compressed .npz file, with lengths to a float's precision."""
        eye = np.zeros((0, 3)) if self.eye is None else self.eye[None]
        with replaced(path) as temporary, temporary.open('wb') as stream:
            np.savez_compressed(
                stream, vertices=self.vertices.astype(np.float32),
                faces=self.faces.astype(np.int32), points=self.points.astype(np.float32),
                eye=eye.astype(np.float32))

    @classmethod
    def read(cls, path: Path) -> ClosedView:
        """
        Read what ``write`` wrote.

        :raises FileError: when the file cannot be read as such
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                vertices, points, eye = (
                    stored[name].astype(np.float64) for name in ('vertices', 'points', 'eye'))
                faces = stored['faces'].astype(np.int64)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise FileError(path, str(error)) from error
        return cls(vertices, faces, points, eye[0] if len(eye) else None)


def write_closed_views(
    path: Path, shown: Sequence[tuple[str, trimesh.Trimesh, ClosedView]]
) -> Path:
    """
    Write a PNG with two pictures per object, and return its path.

    On the left is the true mesh in green, on the right the closed surface in orange, both with
    the measured points in blue and to the same scale, from the side that the camera did not see.

    :param shown: label, true mesh in the frame of the judge [m], and closed surface of each
    """
    panels = []
    for label, truth, view in shown:
        frame = np.concatenate([np.asarray(truth.vertices), view.vertices])
        away = _unseen_side(view, truth)
        points = replace(cloud_mesh(view.points), colour=POINT_COLOUR)
        for vertices, faces, colour in (
                (np.asarray(truth.vertices), np.asarray(truth.faces), TRUTH_COLOUR),
                (view.vertices, view.faces, OBJECT_COLOUR)):
            solid = ColouredMesh(vertices, faces, colour)
            panels.append(render([solid, points], away, PANEL, frame=frame))
        write_label(panels[-2], label)
    return write_sheet(path, panels, min(COLUMNS, len(panels)))


def _unseen_side(view: ClosedView, truth: trimesh.Trimesh) -> NDArray[np.float64]:
    """Return the direction (3,) opposite to the camera's, from as far above."""
    if view.eye is None:
        return OBLIQUE
    return (view.eye - truth.bounds.mean(axis=0)) * (-1.0, -1.0, 1.0)

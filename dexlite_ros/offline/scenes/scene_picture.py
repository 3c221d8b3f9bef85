# SPDX-License-Identifier: Apache-2.0
"""Contact sheet of scenes: what the camera measured, and the same points from another side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
import trimesh

from dexlite_ros.offline.scenes.body_rays import Array
from dexlite_ros.offline.scenes.seen_scene import SeenScene
from dexlite_ros.output.camera_view import camera_view
from dexlite_ros.output.picture import (
    cloud_mesh,
    ColouredMesh,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)

PANEL = (360, 270)
"""Width and height of one picture [pixels]."""
COLUMNS = 4
"""Pictures in a row: two scenes."""
TABLE_COLOUR = (0.62, 0.62, 0.62)
NEIGHBOUR_COLOUR = (0.4, 0.6, 0.85)
TRUTH_COLOUR = (0.75, 0.85, 0.75)
TABLE_NOISE = 0.01
"""Other points higher than this above the table are coloured as neighbours [m]."""
DRAWN_POINTS = 6000
"""Largest number of points of one colour in the other picture."""
SIDEWAYS = np.deg2rad(70.0)
"""Angle about the vertical between the camera and the other picture [rad]."""


def write_scenes_picture(
    path: Path, scenes: Sequence[tuple[str, trimesh.Trimesh, SeenScene]]
) -> Path:
    """
    Write a PNG with two pictures per scene, and return its path.

    On the left are the measured points as the camera sees them, darker with distance: the object's
    in orange, the table's in grey, others in blue. On the right is the object's cloud from the
    side, in orange, around the true mesh in green.

    :param scenes: name, true mesh in its own frame [m] and scene of each
    """
    panels = []
    for name, mesh, scene in scenes:
        panels += [_camera_panel(scene), _side_panel(mesh, scene)]
        write_label(panels[-2], name)
    return write_sheet(path, panels, min(COLUMNS, len(panels)))


def _camera_panel(scene: SeenScene) -> Image.Image:
    """Return the points as the camera sees them; the object is in the middle of the picture."""
    points = np.concatenate([scene.rest, scene.cloud.points])
    colours = np.concatenate([
        _rest_colours(scene), np.tile(OBJECT_COLOUR, (len(scene.cloud), 1))])
    seen = scene.cloud.points[:, :2] / scene.cloud.points[:, 2:]
    return camera_view(points, colours, np.append(seen.mean(axis=0), 1.0), PANEL)


def _rest_colours(scene: SeenScene) -> Array:
    """Return the colours (M, 3) of the points that are not the object's."""
    height = trimesh.transform_points(scene.rest, scene.camera)[:, 2]
    return np.where((height > TABLE_NOISE)[:, None], NEIGHBOUR_COLOUR, TABLE_COLOUR)


def _side_panel(mesh: trimesh.Trimesh, scene: SeenScene) -> Image.Image:
    """Return the object's cloud around the true mesh, seen from the camera's right."""
    truth = mesh.copy().apply_transform(scene.object)
    cloud = trimesh.transform_points(scene.cloud.points, scene.camera)
    thinned = cloud[np.linspace(0, len(cloud) - 1, min(len(cloud), DRAWN_POINTS)).astype(int)]
    turn = trimesh.transformations.rotation_matrix(SIDEWAYS, (0, 0, 1))[:3, :3]
    away = turn @ (scene.camera[:3, 3] - truth.bounds.mean(axis=0))
    solid = ColouredMesh(np.asarray(truth.vertices), np.asarray(truth.faces), TRUTH_COLOUR)
    balls = replace(cloud_mesh(thinned), colour=OBJECT_COLOUR)
    return render([solid, balls], away, PANEL, frame=np.asarray(truth.vertices))

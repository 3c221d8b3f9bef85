# SPDX-License-Identifier: Apache-2.0
"""Picture of a result: what the camera saw, the surface that was made of it, the best grasps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree
import torch
import trimesh

from dexlite_ros.msg import DexGraspArray, SynthesisReport
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.support import fit_support, Plane
from dexlite_ros.object.surface import SEEN_WITHIN
from dexlite_ros.output.camera_view import camera_view
from dexlite_ros.output.grasp_table import rank_label
from dexlite_ros.output.picture import (
    cloud_mesh,
    ColouredMesh,
    grasp_panel,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)
from dexlite_ros.ros.conversions import staged_grasps
from dexlite_ros.ros.demo.sight import Sight

PANEL = (420, 420)
COLUMNS = 3
HANDS = 3
INFERRED_COLOUR = (0.62, 0.80, 0.86)
POINT_COLOUR = (0.65, 0.30, 0.08)
SUPPORT_COLOUR, REST_COLOUR = (0.70, 0.70, 0.70), (0.52, 0.66, 0.52)
TABLE_NOISE = 0.01
"""Points higher than this above the support are not of it [m]."""
SPLAT = 3
"""Radius of a point in the camera's picture [pixels]."""
NEAREST = 0.01
"""Points nearer to the sensor, or behind it, are not drawn [m]."""
DRAWN = 1000
"""Largest number of points on the surface."""
EDGE = 0.004
"""Longest edge of the triangles that are coloured [m]."""
TURNS = np.deg2rad([50.0, 200.0])
"""Angles about the vertical from the camera to where the surface is shown from [rad]."""
SIDEWAYS, HIGHER = np.array([1.0, 0.0]), 0.45
# Where the surface is shown from if it has been seen from several sides, and how high.


def draw_sight(
    result: DexGraspArray, report: SynthesisReport, sight: Sight, path: Path
) -> Path:
    """
    Write a PNG and return its path; its folder is created if needed.

    The object's points are orange, the support's grey and all others green. The surface is orange
    where a point is within 8 mm, as for the report's ``seen_fraction``, and blue where it was
    inferred.

    :param result: with at least one grasp.
    :param report: of the same response.
    :param sight: in the frame of the result.
    """
    support = fit_support(sight.rest, sight.points) if len(sight.rest) else None
    colours = _rest_colours(sight.rest, support)
    turn = _upright(support, sight)
    sight = _turned(sight, turn)
    panels = [] if sight.eye is None else [_camera_panel(sight, colours)]
    if sight.surface is None:
        target = [cloud_mesh(_few(sight.points))]
    else:
        target = _coloured(sight.surface, sight.points)
        panels += _surface_panels(target, sight, report)
    grasps = staged_grasps(result).grasp
    grasps = grasps.transformed(torch.from_numpy(turn).to(grasps.rotation))
    for rank, grasp in enumerate(result.grasps[:HANDS]):
        panels.append(grasp_panel(
            grasp.hand, grasps[[rank]], target, rank_label(rank, f'score {grasp.score:.2f}'),
            PANEL))
    return write_sheet(path, panels, min(COLUMNS, len(panels)))


def _upright(support: Plane | None, sight: Sight) -> NDArray[np.float64]:
    """Return a rotation (3, 3) to a frame with z up, if it is known what is up."""
    if support is None:
        return np.eye(3)
    up = support.normal
    along = None if sight.eye is None else sight.points.mean(axis=0) - sight.eye
    if along is None or np.linalg.norm(np.cross(up, along)) < 0.1 * np.linalg.norm(along):
        along = np.eye(3)[np.argmin(np.abs(up))]
    side = np.cross(up, along)
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(up, side), up])


def _turned(sight: Sight, turn: NDArray[np.float64]) -> Sight:
    return Sight(
        sight.points @ turn.T, sight.rest @ turn.T,
        None if sight.eye is None else turn @ sight.eye,
        None if sight.surface is None else sight.surface @ turn.T)


def _rest_colours(rest: Points, support: Plane | None) -> NDArray[np.float64]:
    """Return the colours (M, 3) of the points that are not the object's."""
    on_support = np.zeros(len(rest), dtype=bool)
    if support is not None:
        on_support = support.height(rest) < TABLE_NOISE
    return np.where(on_support[:, None], SUPPORT_COLOUR, REST_COLOUR)


def _camera_panel(sight: Sight, rest_colours: NDArray[np.float64]) -> Image.Image:
    """Return the points as the sensor sees them, upright."""
    assert sight.eye is not None
    middle = np.median(sight.points, axis=0) - sight.eye
    forward = middle / np.linalg.norm(middle)
    # Straight from above any direction is upright.
    right = np.cross(forward, [0.0, 0.0, 1.0] if abs(forward[2]) < 0.99 else [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    points = (np.concatenate([sight.rest, sight.points]) - sight.eye) @ axes.T
    colours = np.concatenate([
        rest_colours, np.broadcast_to(OBJECT_COLOUR, sight.points.shape)])
    # What is beside the camera is in no picture.
    ahead = points[:, 2] > NEAREST
    panel = camera_view(points[ahead], colours[ahead], axes @ middle, PANEL, SPLAT)
    write_label(panel, 'what the camera saw')
    return panel


def _coloured(corners: NDArray[np.float64], points: Points) -> list[ColouredMesh]:
    """Return the measured and the inferred part of a surface (T, 3, 3)."""
    mesh = trimesh.Trimesh(**trimesh.triangles.to_kwargs(corners))
    vertices, faces = trimesh.remesh.subdivide_to_size(mesh.vertices, mesh.faces, EDGE)
    distance, _ = cKDTree(points).query(
        vertices[faces].mean(axis=1), distance_upper_bound=SEEN_WITHIN)
    near = np.isfinite(distance)
    return [
        ColouredMesh(vertices, faces[chosen], colour)
        for chosen, colour in ((near, OBJECT_COLOUR), (~near, INFERRED_COLOUR)) if chosen.any()]


def _surface_panels(
    surface: list[ColouredMesh], sight: Sight, report: SynthesisReport
) -> list[Image.Image]:
    """Return the surface with the points on it from two sides."""
    corners = np.concatenate([each.vertices[each.faces.ravel()] for each in surface])
    away = SIDEWAYS if sight.eye is None else (sight.eye - corners.mean(axis=0))[:2]
    away = away / max(float(np.linalg.norm(away)), 1e-9)
    dots = replace(cloud_mesh(_few(sight.points)), colour=POINT_COLOUR)
    labels = (
        f'{report.surface_method}\n{report.seen_fraction:.0%} measured, the rest inferred',
        'its other side')
    panels = []
    for angle, label in zip(TURNS, labels):
        cosine, sine = np.cos(angle), np.sin(angle)
        flat = np.array([[cosine, -sine], [sine, cosine]]) @ away
        panels.append(render([*surface, dots], np.append(flat, HIGHER), PANEL, frame=corners))
        write_label(panels[-1], label)
    return panels


def _few(points: Points) -> Points:
    return points[:: 1 + len(points) // DRAWN]

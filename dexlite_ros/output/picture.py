# SPDX-License-Identifier: Apache-2.0
"""
Pictures of grasps by ray casting on the CPU; they need no screen, GPU or system library.

Letters: H, W pixels, R rays, T triangles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
import torch
import trimesh

from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.open3d_core import raycasting_scene
from dexlite_ros.output.grasp_table import rank_label
from dexlite_ros.output.hand_view import view_in_palm
from dexlite_ros.plan import GraspPlan, TwoHandPlan

OBJECT_COLOUR = (0.93, 0.72, 0.42)
HAND_COLOUR = (0.42, 0.52, 0.66)
TIP_COLOUR = (0.25, 0.36, 0.53)
BACKGROUND = 255
PANEL = (560, 560)
OVERSAMPLING = 2
FIELD_OF_VIEW = np.deg2rad(28.0)
OBLIQUE = np.array([0.75, -0.6, 0.5])
LIGHT = np.array([0.4, -0.3, 1.0])


@dataclass(frozen=True)
class ColouredMesh:
    """T triangles of one colour."""

    vertices: NDArray[np.float64]
    """(V, 3) [m]"""
    faces: NDArray[np.int64]
    """(T, 3)"""
    colour: tuple[float, float, float]


def render_plan(plan: GraspPlan, path: str | Path, *, max_hands: int = 3) -> Path:
    """
    Write a PNG of a plan's best grasps side by side and return its path.

    :param path: PNG file to write; its folder is created if needed
    :param max_hands: largest number of panels
    """
    count = min(max_hands, len(plan))
    target = ColouredMesh(plan.surface.vertices, plan.surface.faces, OBJECT_COLOUR)
    labels = [rank_label(rank, f'score {float(plan.score[rank]):.2f}') for rank in range(count)]
    return render_grasps(path, plan.hand, plan.grasps.grasp[:count], target, labels)


def render_pairs(plan: TwoHandPlan, path: str | Path, *, max_pairs: int = 3) -> Path:
    """
    Write a PNG of the best pairs of a plan of two hands side by side and return its path.

    :param path: PNG file to write; its folder is created if needed
    :param max_pairs: largest number of panels
    """
    surface, panels = plan.first.surface, []
    for rank in range(min(max_pairs, len(plan))):
        hands = [mesh for each in plan.plans
                 for mesh in hand_meshes(each.hand, each.grasps.grasp[[rank]])]
        first, second = (each.grasps.grasp.translation[rank].numpy() for each in plan.plans)
        # From beside the line between the palms, and from above.
        beside = np.cross(second - first, [0.0, 0.0, 1.0]) / np.linalg.norm(second - first)
        panels.append(render(
            [ColouredMesh(surface.vertices, surface.faces, OBJECT_COLOUR), *hands],
            beside + [0.0, 0.0, 0.6]))
        residual = 100 * float(plan.metrics.residual[rank])
        write_label(panels[-1], rank_label(rank, f'{residual:.1f} % of the weight unbalanced'))
    return write_sheet(path, panels, columns=len(panels))


def render_surfaces(path: str | Path, surfaces: list[ColouredMesh], labels: list[str]) -> Path:
    """
    Write a PNG with one panel per surface, seen obliquely from above, and return its path.

    :param surfaces: what an object may look like
    :param labels: text for each of the panels
    """
    panels = [render([surface], OBLIQUE) for surface in surfaces]
    for panel, label in zip(panels, labels, strict=True):
        write_label(panel, label)
    return write_sheet(path, panels, columns=len(panels))


def render_grasps(
    path: str | Path, hand: str, grasps: GraspBatch, target: ColouredMesh, labels: list[str]
) -> Path:
    """
    Write a PNG with one panel per grasp and return its path.

    :param hand: name of the hand
    :param grasps: B grasps in the frame of the target
    :param target: the object, or ``cloud_mesh`` of its points
    :param labels: text for each of the B panels
    """
    panels = [
        grasp_panel(hand, grasps[[index]], [target], label) for index, label in enumerate(labels)]
    return write_sheet(path, panels, columns=len(panels))


def grasp_panel(
    hand: str,
    grasp: GraspBatch,
    target: Sequence[ColouredMesh],
    label: str,
    size: tuple[int, int] = PANEL,
    colour: tuple[int, int, int] = (60, 60, 60),
) -> Image.Image:
    """Return a picture of one hand (a batch of 1) on an object, seen from the thumb's side."""
    direction = grasp.rotation[0].numpy() @ view_in_palm(find_hand(hand))
    panel = render([*target, *hand_meshes(hand, grasp)], direction, size)
    write_label(panel, label, colour)
    return panel


def write_label(
    panel: Image.Image, label: str, colour: tuple[int, int, int] = (60, 60, 60)
) -> None:
    """Write text into the upper left corner of a picture, scaled with the picture."""
    size = max(11, panel.width // 25)
    ImageDraw.Draw(panel).text(
        (0.7 * size, 0.5 * size), label, fill=colour, font=ImageFont.load_default(size=size))


def write_sheet(path: str | Path, panels: list[Image.Image], columns: int) -> Path:
    """Write pictures of equal size as one PNG, arranged in rows, and return its path."""
    width, height = panels[0].size
    rows = -(-len(panels) // columns)
    sheet = Image.new('RGB', (width * columns, height * rows), 'white')
    for index, panel in enumerate(panels):
        sheet.paste(panel, (index % columns * width, index // columns * height))
    with replaced(path) as temporary:
        sheet.save(temporary, format='PNG')
    return Path(path)


def cloud_mesh(points: NDArray[np.floating], radius: float = 0.0012) -> ColouredMesh:
    """Return points (N, 3) [m] as small balls."""
    ball = trimesh.creation.icosphere(subdivisions=1, radius=radius)
    vertices = points[:, None] + np.asarray(ball.vertices)
    offsets = len(ball.vertices) * np.arange(len(points))
    faces = np.asarray(ball.faces)[None] + offsets[:, None, None]
    return ColouredMesh(vertices.reshape(-1, 3), faces.reshape(-1, 3), OBJECT_COLOUR)


def hand_meshes(hand: str, grasp: GraspBatch) -> list[ColouredMesh]:
    """Return the meshes of one hand's links (a batch of 1) in the pose of the grasp."""
    description = find_hand(hand)
    grasp = grasp.to(torch.float32)
    poses = HandKinematics(description)(grasp)
    meshes = []
    for index, (vertices, faces) in enumerate(_link_meshes(hand)):
        rotation, position = poses.rotation[0, index].numpy(), poses.position[0, index].numpy()
        colour = link_colour(description, description.links[index].name)
        meshes.append(ColouredMesh(vertices @ rotation.T + position, faces, colour))
    return meshes


@cache
def _link_meshes(hand: str) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Keep the meshes of a known hand, for the panels of one picture."""
    return link_meshes(find_hand(hand))


def link_colour(hand: HandDescription, link: str) -> tuple[float, float, float]:
    """Return the colour of a link of the hand; fingertips stand out."""
    return TIP_COLOUR if link in hand.tip_links else HAND_COLOUR


def render(
    meshes: list[ColouredMesh],
    direction: NDArray[np.float64],
    size: tuple[int, int] = PANEL,
    frame: NDArray[np.float64] | None = None,
) -> Image.Image:
    """
    Return a picture of meshes that fills the frame.

    :param direction: (3,) from the scene's centre to the camera
    :param size: width and height [pixels]
    :param frame: (V, 3) points that fill the frame [m]; None: all vertices
    """
    scene = raycasting_scene(*((mesh.vertices, mesh.faces) for mesh in meshes))
    colours = [mesh.colour for mesh in meshes]
    if frame is None:
        frame = np.concatenate([mesh.vertices for mesh in meshes])
    rays, axes = _camera(frame, direction, size)
    found = scene.cast_rays(rays)
    hit = np.isfinite(found['t_hit'].numpy())
    hits = {name: values.numpy()[hit] for name, values in found.items()}
    shade = _shade(scene, hits, rays[hit], axes)
    colour = np.array(colours)[hits['geometry_ids'].astype(int)] * shade[:, None]
    pixels = np.full((*hit.shape, 3), BACKGROUND, np.uint8)
    pixels[hit] = 255 * colour.clip(0, 1) ** (1 / 1.6)
    full = Image.fromarray(pixels)
    return full.resize(size, Image.Resampling.LANCZOS)


def _camera(
    corners: NDArray[np.float64], direction: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return rays (H, W, 6) and the camera's axes (3, 3): right, up, towards the camera."""
    back = direction / np.linalg.norm(direction)
    up = np.array([0.0, 0.0, 1.0]) if abs(back[2]) < 0.95 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back])
    seen = corners @ axes.T
    centre = (seen.min(0) + seen.max(0)) / 2
    radius = np.linalg.norm(seen - centre, axis=1).max()
    eye = (centre + [0.0, 0.0, 1.02 * radius / np.sin(FIELD_OF_VIEW / 2)]) @ axes
    width, height = (OVERSAMPLING * side for side in size)
    reach = np.tan(FIELD_OF_VIEW / 2)
    across = reach * width / height * ((np.arange(width) + 0.5) / width * 2 - 1)
    down = reach * (1 - (np.arange(height) + 0.5) / height * 2)
    rays = np.empty((height, width, 6), np.float32)
    rays[..., :3] = eye
    rays[..., 3:] = across[:, None] * axes[0] + (down[:, None] * axes[1] - axes[2])[:, None]
    return rays, axes


def _shade(
    scene: Any, hits: dict[str, NDArray[Any]], rays: NDArray[np.float32],
    axes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return the brightness (R,) at each hit: a lamp with shadow, sky light, a light at the eye.

    :param scene: the raycasting scene of open3d, which has no type annotations
    :param hits: its results for the rays (R, 6), all of which hit
    :param axes: (3, 3) of the camera
    """
    normal = hits['primitive_normals']
    facing = (normal * rays[:, 3:]).sum(-1, keepdims=True) > 0
    normal = np.where(facing, -normal, normal)
    lamp = (LIGHT / np.linalg.norm(LIGHT)) @ axes
    point = rays[:, :3] + hits['t_hit'][:, None] * rays[:, 3:] + 4e-4 * normal
    to_lamp = np.concatenate([point, np.broadcast_to(lamp, point.shape)], axis=-1)
    lit = ~scene.test_occlusions(to_lamp.astype(np.float32)).numpy()
    direct = (normal @ lamp).clip(0, 1) * lit
    sky = 0.5 + 0.5 * normal @ axes[1]
    eye = (normal @ axes[2]).clip(0, 1)
    light: NDArray[np.float64] = 0.5 * direct + 0.22 * sky + 0.25 * eye
    return light

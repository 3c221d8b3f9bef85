# SPDX-License-Identifier: Apache-2.0
"""
A picture of a hand: the axes of its palm link, and where it is meant to touch.

Letters: T triangles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import ContactRegion, HandDescription, Link
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.output.hand_view import anatomical_axes
from dexlite_ros.output.picture import (
    ColouredMesh,
    hand_meshes,
    PANEL,
    render,
    write_label,
    write_sheet,
)

AXIS_COLOURS = ((0.9, 0.1, 0.1), (0.1, 0.7, 0.1), (0.1, 0.2, 0.95))
BEYOND = 0.05
"""How far an axis protrudes from the hand [m]."""
GROUP_COLOURS = {
    'tip': (0.92, 0.33, 0.2), 'middle': (0.95, 0.7, 0.15), 'proximal': (0.25, 0.65, 0.35),
    'palm': (0.3, 0.45, 0.9)}
REST_COLOUR = (0.6, 0.62, 0.65)
BESIDE_AXES = np.array([0.8, 0.9, 0.45])
FROM_PALM = np.array([0.45, -0.9, 0.35])
FINE = 0.0035
"""Longest side of the triangles that are coloured [m]."""


def render_hand(path: str | Path, hand: str) -> Path:
    """
    Write a PNG of a hand, fingers up, and return its path.

    Left the stretched hand with the axes of its palm link: x is red, y green, z blue. Right the
    open hand from the palm: what is meant to touch has the colour of its group.
    """
    description = find_hand(hand)
    own = anatomical_axes(description)
    # Proper, so that a left hand stays one.
    upright = own * [np.linalg.det(own), 1.0, 1.0]
    # From the back or the palm, towards which an axis points.
    back = own[:, 1]
    beside = BESIDE_AXES * [1.0, np.sign(back[np.abs(back).argmax()]), 1.0]
    stretched = HandKinematics(description).clamp(torch.zeros(1, len(description.joints)))
    opened = torch.tensor([[joint.open for joint in description.joints]])
    panels = [
        _panel([*hand_meshes(hand, _still(stretched)), *_axes(description)], upright, beside,
               own, 'palm link'),
        _panel(touching_meshes(description, _still(opened)), upright, FROM_PALM, own,
               'where it touches')]
    _write_legend(panels[1], [region.group for region in description.contact_regions])
    return write_sheet(path, panels, columns=2)


def _still(joints: torch.Tensor) -> GraspBatch:
    return GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], joints)


def _axes(hand: HandDescription) -> list[ColouredMesh]:
    """Return bars along the axes of the palm link, long enough to protrude from the hand."""
    stretched = HandKinematics(hand).clamp(torch.zeros(1, len(hand.joints)))
    corners = np.concatenate([
        mesh.vertices for mesh in hand_meshes(hand.name, _still(stretched))])
    bars = []
    for axis, colour in enumerate(AXIS_COLOURS):
        # What lies around the axis hides it.
        beside = np.linalg.norm(np.delete(corners, axis, axis=1), axis=1) < BEYOND
        end = np.zeros(3)
        end[axis] = max(0.0, float(corners[beside, axis].max(initial=0.0))) + BEYOND
        bar = trimesh.creation.cylinder(radius=0.002, segment=[np.zeros(3), end])
        bars.append(ColouredMesh(np.asarray(bar.vertices), np.asarray(bar.faces), colour))
    return bars


def _panel(
    meshes: list[ColouredMesh], upright: NDArray[np.float64], view: NDArray[np.float64],
    own: NDArray[np.float64], label: str,
) -> Image.Image:
    """Return a picture; view: direction to the camera, along the columns of own (3, 3)."""
    turned = [ColouredMesh(each.vertices @ upright, each.faces, each.colour) for each in meshes]
    panel = render(turned, upright.T @ own @ view)
    write_label(panel, label)
    return panel


def touching_meshes(hand: HandDescription, grasp: GraspBatch) -> list[ColouredMesh]:
    """Return the meshes of one hand (a batch of 1), each cut into what may touch and the rest."""
    poses = HandKinematics(hand)(grasp.to(torch.float32))
    meshes = []
    for index, link in enumerate(hand.links):
        own = link_mesh(link)
        vertices, faces = trimesh.remesh.subdivide_to_size(
            np.asarray(own.vertices), np.asarray(own.faces), FINE, max_iter=20)
        region = hand.region(link.name)
        mask = _touching(hand, link, region, vertices[faces])
        colour = GROUP_COLOURS[region.group] if region else REST_COLOUR
        rotation, position = poses.rotation[0, index].numpy(), poses.position[0, index].numpy()
        placed = vertices @ rotation.T + position
        meshes += [ColouredMesh(placed, faces[chosen], tint)
                   for chosen, tint in ((mask, colour), (~mask, REST_COLOUR)) if chosen.any()]
    return meshes


def _touching(
    hand: HandDescription, link: Link, region: ContactRegion | None,
    triangles: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return a mask (T,) of the triangles (T, 3, 3) in a link's frame that may touch."""
    touching = np.full(len(triangles), region is not None)
    if region is None:
        return touching
    if not region.side and {geom.shape for geom in link.geoms} == {'box'}:
        normals = trimesh.triangles.normals(triangles)[0]
        return np.asarray(normals @ np.array(hand.palmar_direction) > 0.5)
    for space in region.side:
        touching &= triangles.mean(1) @ np.array(space.normal) > space.offset
    return touching


def _write_legend(panel: Image.Image, groups: list[str]) -> None:
    """Write the groups that a hand has into the lower left corner, in their colours."""
    size = PANEL[0] // 28
    draw, font = ImageDraw.Draw(panel), ImageFont.load_default(size=size)
    shown = [group for group in GROUP_COLOURS if group in groups]
    for row, group in enumerate(shown):
        top = panel.height - 1.5 * size * (len(shown) - row) - 0.5 * size
        red, green, blue = (int(255 * each) for each in GROUP_COLOURS[group])
        draw.rectangle((0.7 * size, top, 1.7 * size, top + size), fill=(red, green, blue))
        draw.text((2.2 * size, top - 0.2 * size), group, fill=(60, 60, 60), font=font)

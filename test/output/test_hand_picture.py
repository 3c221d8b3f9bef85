# SPDX-License-Identifier: Apache-2.0
"""A hand is drawn from where its parts can be seen, whatever the axes of its palm link."""

from pathlib import Path

import numpy as np
import open3d
from PIL import Image
import pytest
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT
from dexlite_ros.output.hand_picture import (
    GROUP_COLOURS,
    render_hand,
    REST_COLOUR,
    touching_meshes,
)
from dexlite_ros.output.hand_view import anatomical_axes

ALL = pytest.mark.parametrize('hand', HANDS.values(), ids=lambda hand: hand.name)


@ALL
def test_the_camera_knows_thumb_back_and_fingers(hand: HandDescription):
    """Tips are ahead of the palm along the fingers, and the thumb begins on its own side."""
    axes = anatomical_axes(hand)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    poses = HandKinematics(hand)(GraspBatch(
        torch.zeros(1, 3), torch.eye(3)[None], torch.zeros(1, len(hand.joints))))
    placed = dict(zip(hand.link_names, poses.position[0].double().numpy() - hand.palm_centre))
    thumb = hand.pinch_points[0][0]
    others = [placed[tip] for tip in hand.tip_links if tip != thumb]
    assert placed[hand.finger(thumb)] @ axes[:, 0] > 0
    assert all(tip @ axes[:, 2] > max(0.05, placed[thumb] @ axes[:, 2]) for tip in others)


def test_axes_of_the_shadow_hands():
    """Those of the right hand are its palm's; the left hand's thumb is on the other side."""
    np.testing.assert_allclose(anatomical_axes(SHADOW_RIGHT), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(anatomical_axes(SHADOW_LEFT), np.diag([-1, 1, 1]), atol=1e-9)


@ALL
def test_coloured_is_what_the_planner_lets_touch(hand: HandDescription):
    """Points of the surface that may touch lie on coloured triangles, the others on grey ones."""
    geometry = HandGeometry(HandKinematics(hand))
    grasp = GraspBatch(
        torch.zeros(1, 3), torch.eye(3)[None],
        torch.tensor([[joint.open for joint in hand.joints]]))
    points = geometry(grasp).points[0].numpy()
    surface = geometry.point_radius.numpy() == 0
    touching = np.zeros(len(points), dtype=bool)
    for group in geometry.candidates:
        touching[group.numpy()] = True
    meshes = touching_meshes(hand, grasp)
    for mask, grey in ((touching, False), (~touching, True)):
        scene = open3d.t.geometry.RaycastingScene()
        for mesh in meshes:
            if (mesh.colour == REST_COLOUR) == grey:
                scene.add_triangles(
                    mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))
        away = scene.compute_distance(points[mask & surface]).numpy()
        assert away.max(initial=0.0) < 2e-3


def test_two_views_show_axes_and_groups(tmp_path: Path):
    """Left red, green and blue bars, right each group's colour, on a hand with fingers up."""
    with Image.open(render_hand(tmp_path / 'new' / 'hand.png', LEAP_RIGHT.name)) as image:
        left, right = np.split(np.asarray(image.convert('HSV'), int), 2, axis=1)
    vivid = [panel[(panel[..., 1] > 110) & (panel[..., 2] > 60)][:, 0] for panel in (left, right)]
    for hue in (0, 85, 160):
        apart = np.abs((vivid[0] - hue + 128) % 256 - 128)
        assert (apart < 12).sum() > 100
    for colour in GROUP_COLOURS.values():
        swatch = np.array([[[int(255 * each) for each in colour]]], np.uint8)
        hue = int(np.asarray(Image.fromarray(swatch).convert('HSV'))[0, 0, 0])
        apart = np.abs((vivid[1] - hue + 128) % 256 - 128)
        assert (apart < 10).sum() > 600, 'more than its square in the legend'
    ink = left[..., 2] < 250
    ink[:60] = False
    assert np.ptp(np.nonzero(ink.any(1))) > 300

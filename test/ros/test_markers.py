# SPDX-License-Identifier: Apache-2.0
"""Markers show the plan in the right place, and nothing of the previous plan."""

from collections import Counter

import numpy as np
import pytest
import roma
import torch

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Time
from plans import make_plan
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.ros.markers import clear_markers, MarkerStyle, PlanMarkers, surface_corners

HEADER = Header(stamp=Time(sec=3), frame_id='camera')


@pytest.fixture(scope='module')
def drawn() -> MarkerArray:
    """Return the markers of three grasps, serialised and deserialised."""
    markers = PlanMarkers(SHADOW_RIGHT).draw(make_plan(5), HEADER, MarkerStyle(3, 0.8))
    return deserialize_message(serialize_message(markers), MarkerArray)


def test_the_first_marker_clears_the_others(drawn: MarkerArray) -> None:
    """The next plan may have fewer grasps."""
    assert drawn.markers[0].action == Marker.DELETEALL
    assert drawn.markers[0].header.frame_id == 'camera'
    assert all(marker.action == Marker.ADD for marker in drawn.markers[1:])
    assert len(clear_markers(HEADER).markers) == 1


def test_every_grasp_has_hand_contacts_approach_and_label(drawn: MarkerArray) -> None:
    """Three of five grasps are drawn, and no two markers have the same name."""
    shown = drawn.markers[1:]
    names = Counter((marker.ns, marker.id) for marker in shown)
    assert max(names.values()) == 1
    counts = Counter(marker.ns for marker in shown)
    shapes = sum(len(vertices) > 0 for vertices, _ in link_meshes(SHADOW_RIGHT))
    assert counts == {
        'hand/0': shapes, 'hand/1': shapes, 'hand/2': shapes,
        'contacts': 3, 'forces': 3, 'approach': 3, 'label': 3, 'surface': 1,
    }
    assert len([m for m in shown if m.ns == 'contacts' and m.id == 1][0].points) == 3


def test_markers_are_well_formed(drawn: MarkerArray) -> None:
    """Sizes are positive, quaternions unit and triangles whole, else RViz complains."""
    for marker in drawn.markers[1:]:
        assert marker.header == HEADER
        q = marker.pose.orientation
        assert q.x**2 + q.y**2 + q.z**2 + q.w**2 == pytest.approx(1.0, abs=1e-9)
        assert marker.color.a > 0
        if marker.type == Marker.TRIANGLE_LIST:
            assert len(marker.points) % 3 == 0 and len(marker.points) > 0
            assert (marker.scale.x, marker.scale.y, marker.scale.z) == (1.0, 1.0, 1.0)
        if marker.type == Marker.LINE_LIST:
            assert marker.scale.x > 0 and len(marker.points) % 2 == 0
        if marker.type == Marker.TEXT_VIEW_FACING:
            assert marker.scale.z > 0 and marker.text.startswith(f'#{marker.id}')


def test_ghost_hands_stand_where_the_kinematics_says(drawn: MarkerArray) -> None:
    """Every triangle vertex of every link agrees within a hundredth of a millimetre."""
    plan = make_plan(5)
    poses = HandKinematics(SHADOW_RIGHT)(plan.grasps.grasp)
    for link, (vertices, faces) in enumerate(link_meshes(SHADOW_RIGHT)):
        found = [m for m in drawn.markers if m.ns == 'hand/2' and m.id == link]
        if not len(vertices):
            assert not found
            continue
        corners = np.array([[p.x, p.y, p.z] for p in found[0].points])
        np.testing.assert_allclose(corners, vertices[faces].reshape(-1, 3))
        place, q = found[0].pose.position, found[0].pose.orientation
        rotation = roma.unitquat_to_rotmat(torch.tensor([q.x, q.y, q.z, q.w])).numpy()
        shown = corners @ rotation.T + [place.x, place.y, place.z]
        truth = corners @ poses.rotation[2, link].numpy().T + poses.position[2, link].numpy()
        np.testing.assert_allclose(shown, truth, atol=1e-5)


def test_the_surface_is_the_one_that_was_planned_on(drawn: MarkerArray) -> None:
    """Its triangles arrive with their corners in order, also for clients; without it None."""
    surface = make_plan(5).surface
    corners = surface_corners(drawn)
    np.testing.assert_allclose(corners, surface.vertices[surface.faces], atol=1e-12)
    assert surface_corners(clear_markers(HEADER)) is None


def test_approach_arrows_point_out_of_the_palm(drawn: MarkerArray) -> None:
    """They point along the palm's own -y axis and end where the hand closes."""
    plan = make_plan(5)
    for marker in (m for m in drawn.markers if m.ns == 'approach'):
        tail, tip = (np.array([p.x, p.y, p.z]) for p in marker.points)
        rotation = plan.grasps.grasp.rotation[marker.id].numpy()
        direction = (tip - tail) / np.linalg.norm(tip - tail)
        np.testing.assert_allclose(direction, rotation @ SHADOW_RIGHT.palmar_direction, atol=1e-5)

# SPDX-License-Identifier: Apache-2.0
"""The scene that browsers are given holds the plan, and its controls change what they say."""

from collections.abc import Iterator
from dataclasses import replace
import socket
import sys
from urllib.request import urlopen

import numpy as np
from plans import make_pairs, make_plan
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.grasp import STAGES
from dexlite_ros.output.browser.plan_viewer import FORCE_SCALE, PlanViewer
from dexlite_ros.output.browser.viewed_plan import read_viewed_plan, ViewedPlan
from dexlite_ros.output.browser.web_server import start_server
from dexlite_ros.output.pair_file import write_pairs
from dexlite_ros.output.picture import hand_meshes
from dexlite_ros.output.plan_file import write_plan

pytest.importorskip('viser', reason="the viewer needs viser: pip install 'dexlite_ros[view]'")
PLAN = make_plan(3)


@pytest.fixture
def plan(tmp_path) -> ViewedPlan:
    """Return three grasps as they are read from a file."""
    return read_viewed_plan(write_plan(PLAN, tmp_path / 'plan.json'))


@pytest.fixture
def viewer(plan) -> Iterator[PlanViewer]:
    """Return a page that shows them."""
    viewer = PlanViewer(port=0)
    viewer.show(plan, 'plan.json')
    yield viewer
    viewer.close()


def placed(handle) -> np.ndarray:
    """Return the vertices (V, 3) of a mesh where the browser draws them."""
    turn = Rotation.from_quat(handle.wxyz, scalar_first=True)
    return turn.apply(np.asarray(handle.vertices, float)) + handle.position


@pytest.mark.parametrize(('rank', 'stage'), [(0, 'grasp'), (2, 'squeeze'), (1, 'pregrasp')])
def test_the_hand_is_where_kinematics_puts_it(viewer, rank, stage):
    """Each vertex drawn is one of the link's, and none of the link's is missing."""
    viewer.choose(rank, STAGES.index(stage))
    expected = hand_meshes(PLAN.hand, getattr(PLAN.grasps, stage)[[rank]])
    for link, mesh in zip(viewer.scene.hands[0].links, expected, strict=True):
        drawn = placed(link)
        for one, other in ((drawn, mesh.vertices), (mesh.vertices, drawn)):
            assert cKDTree(one).query(other)[0].max() < 1e-5


def test_both_hands_of_a_pair_are_shown(viewer, tmp_path):
    """At the same rank and stage, each with its own contacts; then one hand is shown again."""
    pairs = make_pairs()
    viewer.show(read_viewed_plan(write_pairs(pairs, tmp_path / 'pairs.json')), 'pairs.json')
    viewer.choose(1, STAGES.index('squeeze'))
    for hand, own in zip(viewer.scene.hands, pairs.plans, strict=True):
        expected = hand_meshes(own.hand, own.grasps.squeeze[[1]])
        for link, mesh in zip(hand.links, expected, strict=True):
            assert cKDTree(placed(link)).query(mesh.vertices)[0].max() < 1e-5
        np.testing.assert_allclose(
            np.asarray(hand.forces.points)[:, 1], own.contacts[1].points, atol=1e-6)
    viewer.show(read_viewed_plan(write_plan(PLAN, tmp_path / 'plan.json')), 'plan.json')
    assert len(viewer.scene.hands) == 1


def test_the_next_rank_moves_the_hand(viewer):
    """Unless it is the last."""
    places = []
    for rank in range(3):
        viewer.choose(rank)
        assert viewer.chosen == (rank, 1.0)
        places.append(np.array(viewer.scene.hands[0].links[0].position))
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).min() > 0.05


def test_forces_end_at_their_contacts(viewer):
    """Their arrows are as long as the scale says, and follow the rank."""
    viewer.choose(2)
    contacts = PLAN.contacts[2]
    arrows = np.asarray(viewer.scene.hands[0].forces.points)
    np.testing.assert_allclose(arrows[:, 1], contacts.points, atol=1e-6)
    lengths = 1e-3 * FORCE_SCALE * contacts.forces.norm(dim=1).numpy()
    np.testing.assert_allclose(
        np.linalg.norm(arrows[:, 1] - arrows[:, 0], axis=1), lengths, rtol=1e-4)
    viewer.scene.scale_forces(2 * FORCE_SCALE)
    longer = np.asarray(viewer.scene.hands[0].forces.points)
    np.testing.assert_allclose(
        longer[:, 1] - longer[:, 0], 2 * (arrows[:, 1] - arrows[:, 0]), rtol=1e-4, atol=1e-6)


def test_the_approach_ends_at_the_open_hand(viewer):
    """It points where the plan says."""
    (start, end), = np.asarray(viewer.scene.hands[0].approach.points)
    np.testing.assert_allclose(
        (end - start) / np.linalg.norm(end - start), PLAN.approach_direction[0], atol=1e-5)


def test_surfaces_are_drawn_with_their_shape(viewer):
    """The likeliest is seen at first, and others when they are asked for."""
    surfaces = viewer.scene.surfaces
    assert [each.visible for each in surfaces] == [True, False]
    for handle, own in zip(surfaces, (PLAN.surface, *PLAN.other_surfaces)):
        assert cKDTree(placed(handle)).query(own.vertices)[0].max() < 1e-6
    viewer.scene.show_surface(1, True)
    assert surfaces[1].visible


def test_another_plan_takes_the_place_of_the_first(viewer, plan):
    """What was hidden stays hidden, and the best grasp is shown."""
    viewer.choose(2, 0.0)
    viewer.shown['cloud'].value = False
    assert not viewer.scene.parts['cloud'].visible
    viewer.show(replace(plan, grasps=plan.grasps[[1]], facts=plan.facts[1:2]), 'other.json')
    assert viewer.chosen == (0, 1.0) and not viewer.scene.parts['cloud'].visible
    np.testing.assert_allclose(
        viewer.scene.hands[0].links[0].position, plan.grasps.grasp.translation[1], atol=1e-5)


@pytest.mark.parametrize('up', ['+z', '-y', '-x'])
def test_the_camera_looks_at_the_object_from_above(viewer, up):
    """Whatever is up."""
    place, target = viewer.scene.camera(0, up)
    height = np.zeros(3)
    height['xyz'.index(up[1])] = -1.0 if up[0] == '-' else 1.0
    way = (place - target) / np.linalg.norm(place - target)
    assert 0.3 < way @ height < 0.9


def test_the_page_is_served_to_this_machine(viewer):
    """From the library's own files."""
    assert viewer.url.startswith('http://127.0.0.1:')
    with urlopen(viewer.url, timeout=10.0) as answer:
        assert b'<html' in answer.read(2000).lower()


def test_a_taken_port_is_passed_over(viewer):
    """The second viewer says where it is."""
    port = viewer.server.get_port()
    second = PlanViewer(port=port)
    assert second.server.get_port() != port
    second.close()


def test_a_closed_viewer_gives_its_port_back():
    """Nobody listens there afterwards."""
    viewer = PlanViewer(port=0)
    port = viewer.server.get_port()
    viewer.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port), timeout=5.0)


@pytest.mark.parametrize(('host', 'port', 'reason'), [
    ('203.0.113.1', 0, 'host is .*address of this machine'),
    ('127.0.0.1', 70000, 'port is 70000')])
def test_addresses_that_cannot_be_are_refused(host, port, reason):
    """With the value and the remedy; 203.0.113.0/24 belongs to nobody (RFC 5737)."""
    with pytest.raises(InvalidRequest, match=reason):
        start_server(host, port)


def test_without_viser_the_remedy_is_told(monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, 'viser', None)
    with pytest.raises(MissingDependency, match=r'pip install .dexlite_ros\[view\]'):
        start_server('127.0.0.1', 0)

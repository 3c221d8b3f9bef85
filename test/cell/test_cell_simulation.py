# SPDX-License-Identifier: Apache-2.0
"""Objects stay, the hand goes where it is sent, and the camera sees everything but the hand."""

import numpy as np
import pytest

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.messages import camera_info, joint_state, organised_cloud, stamp
from dexlite_ros.cell.simulation import CellSimulation, TICK
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.ros.point_clouds import finite_points

TARGETS = find_objects('procedural:3')


@pytest.fixture(scope='module')
def cell() -> CellSimulation:
    """Return a cell with three objects, one second after the start."""
    objects = lay_out(TARGETS, np.array(EYE), np.random.default_rng(0))
    simulation = CellSimulation(SHADOW_RIGHT, objects, 'ideal')
    simulation.advance(50)
    return simulation


def test_pieces_stand_where_their_meshes_do(cell):
    """Moved to their place both have the same bounds, and stand on the table."""
    assert [each.name for each in cell.objects] == [each.name for each in TARGETS]
    for each in cell.objects:
        corners = np.concatenate(each.pieces)
        np.testing.assert_allclose(corners.min(0), each.mesh.bounds[0], atol=2e-3)
        np.testing.assert_allclose(corners.max(0), each.mesh.bounds[1], atol=2e-3)
        assert abs(each.mesh.bounds[0, 2]) < 1e-6


def test_objects_rest(cell):
    """Nothing moves or sinks in."""
    assert np.abs(cell.rises()).max() < 2e-3
    assert cell.state().time == pytest.approx(50 * TICK)


def test_the_hand_goes_where_it_is_sent(cell):
    """Wrist and fingers reach their commands; gravity does not bend the arm."""
    goal = cell.home.copy()
    goal[:3, 3] += 0.0, 0.1, 0.05
    bent = {**cell.open_posture, 'rh_FFJ3': 0.8}
    took = max(cell.move_wrist(goal), cell.move_fingers(
        list(bent), [0.5], np.array([list(bent.values())])))
    cell.advance(round((took + 1.0) / TICK))
    state = cell.state()
    np.testing.assert_allclose(state.palm, goal, atol=2e-3)
    np.testing.assert_allclose(state.joints, list(bent.values()), atol=0.02)
    assert np.abs(state.speeds).max() < 0.02
    message = joint_state(state, SHADOW_RIGHT.joint_names)
    assert message.position[message.name.index('rh_FFJ3')] == pytest.approx(0.8, abs=0.02)


def test_the_camera_sees_objects_and_not_the_hand(cell):
    """Points of the table are at its height, others at most as high as the objects."""
    _, image = cell.look()
    points = image.points()[np.isfinite(image.depth)]
    pose = cell.camera.pose
    world = points @ pose[:3, :3].T + pose[:3, 3]
    assert world[:, 2].max() < max(each.mesh.bounds[1, 2] for each in cell.objects) + 1e-3
    assert np.median(np.abs(world[:, 2])) < 1e-3
    for number, each in enumerate(cell.objects, 1):
        own = image.points()[image.labels == number] @ pose[:3, :3].T + pose[:3, 3]
        assert len(own) > 100
        assert (own > each.mesh.bounds[0] - 2e-3).all()
        assert (own < each.mesh.bounds[1] + 2e-3).all()


def test_messages_say_what_was_measured(cell):
    """The cloud is organised as the image is, and the intrinsics project its points."""
    now, image = cell.look()
    cloud, info = organised_cloud(image, now), camera_info(image, now)
    assert (cloud.height, cloud.width) == image.depth.shape == (info.height, info.width)
    points = finite_points(cloud)
    assert len(points) == np.isfinite(image.depth).sum()
    row, column = (each[::997] for each in np.nonzero(np.isfinite(image.depth)))
    seen = image.points()[row, column] @ np.array(info.k).reshape(3, 3).T
    np.testing.assert_allclose(seen[:, 0] / seen[:, 2], column, atol=1e-6)
    np.testing.assert_allclose(seen[:, 1] / seen[:, 2], row, atol=1e-6)


def test_stamps_carry_whole_nanoseconds():
    """Rounding never reaches a whole second of nanoseconds."""
    assert (stamp(1.25).sec, stamp(1.25).nanosec) == (1, 250_000_000)
    assert stamp(2.9999999999).nanosec < 10**9


def test_what_is_removed_is_gone(cell):
    """It is neither seen nor in the way."""
    cell.remove(1)
    cell.advance(2)
    _, image = cell.look()
    assert not (image.labels == 2).any()


def test_time_may_go_on_from_another_cell():
    """Whoever keeps time by the clock never sees it go back, and commands begin then."""
    later = CellSimulation(SHADOW_RIGHT, (), 'ideal', begin=7.0)
    assert later.state().time == 7.0
    goal = later.home.copy()
    goal[2, 3] += 0.1
    took = later.move_wrist(goal)
    later.advance(round((took + 0.5) / TICK))
    assert later.state().time == pytest.approx(7.5 + took, abs=2 * TICK)
    np.testing.assert_allclose(later.state().palm[:3, 3], goal[:3, 3], atol=2e-3)


def test_what_is_flung_off_is_no_pick():
    """Physics that is lost is known; what was put away is not lost."""
    objects = lay_out(TARGETS[:2], np.array(EYE), np.random.default_rng(0))
    own = CellSimulation(SHADOW_RIGHT, objects, 'ideal')
    own.remove(0)
    own.advance(10)
    assert not own.diverged
    own.push(1, np.array([0.0, 0.0, 1e6]))
    own.advance(1)
    assert own.diverged

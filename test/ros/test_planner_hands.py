# SPDX-License-Identifier: Apache-2.0
"""A node serves the hand of its parameter: names, frames and numbers of joints are that hand's."""

from collections.abc import Iterator

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from planner_process import active_planner, box_points, cloud_message, PlannerProcess, QUICK
from sensor_msgs.msg import JointState
from visualization_msgs.msg import MarkerArray

from dexlite_ros.hand.allegro_hand import ALLEGRO_RIGHT
from dexlite_ros.msg import SynthesisReport as Report


@pytest.fixture(scope='module')
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlannerProcess]:
    """Start a planner of the Allegro Hand."""
    with active_planner(
            '/allegro', tmp_path_factory.mktemp('node'), hand=ALLEGRO_RIGHT.name) as node:
        yield node


def test_its_grasps_are_of_that_hand(planner: PlannerProcess) -> None:
    """In the result, the joint states and the markers; another hand is refused."""
    planner.publish(cloud_message(box_points()))
    response = planner.call(object_id='box', hand=ALLEGRO_RIGHT.name, **QUICK)
    assert (response.report.error_code, response.report.error_msg) == (Report.NONE, '')
    for grasp in response.result.grasps:
        assert (grasp.hand, grasp.hand_link) == (ALLEGRO_RIGHT.name, ALLEGRO_RIGHT.palm_link)
        assert tuple(grasp.hand_trajectory.joint_names) == ALLEGRO_RIGHT.joint_names
        assert [len(point.positions) for point in grasp.hand_trajectory.points] == [16] * 3
    assert set(planner.latest(JointState, 'best_joint_states').name) == set(
        ALLEGRO_RIGHT.joint_names)
    hands = [each for each in planner.latest(MarkerArray, 'markers').markers
             if each.ns.startswith('hand/')]
    assert len(hands) >= len(ALLEGRO_RIGHT.links)
    other = planner.call(object_id='box', hand='shadow_right', **QUICK)
    assert other.report.error_code == Report.UNSUPPORTED_HAND
    assert ALLEGRO_RIGHT.name in other.report.error_msg

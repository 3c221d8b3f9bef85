# SPDX-License-Identifier: Apache-2.0
"""The node as a process, over real DDS: every answer and every error code."""

from collections.abc import Iterator
import re
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, PoseArray, PoseStamped, Vector3
from planner_process import (
    active_planner,
    box_points,
    cloud_message,
    empty,
    FAST,
    PlannerProcess,
    QUICK,
    request,
    wait_for,
    without_xyz,
)
from rcl_interfaces.srv import SetParameters
from rclpy.duration import Duration as Duration_
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState, PointCloud2
from visualization_msgs.msg import Marker, MarkerArray

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.msg import DexGraspArray
from dexlite_ros.msg import SynthesisReport as Report
from dexlite_ros.ros.markers import surface_corners


@pytest.fixture(scope='module')
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlannerProcess]:
    """Start a planner as a launch file would, and wait until it is active."""
    with active_planner('/left', tmp_path_factory.mktemp('node')) as node:
        yield node


def test_a_cloud_on_the_topic_becomes_ranked_grasps(planner: PlannerProcess) -> None:
    """The main use: publish a cloud, call with few fields, get a complete response."""
    cloud = cloud_message(box_points())
    planner.publish(cloud)
    response = planner.call(object_id='box', **QUICK)
    report, result = response.report, response.result
    assert (report.error_code, report.error_msg) == (Report.NONE, '')
    assert result.header == cloud.header
    assert (result.object_id, result.model_id) == ('box', report.model_id)
    assert 1 <= report.num_returned == len(result.grasps) <= 4
    assert (report.num_candidates, report.device) == (48, 'cpu')
    assert report.seed > 0 and report.num_points > 1000
    stages = (report.surface_time, report.propose_time, report.refine_time, report.stage_time,
              report.rank_time)
    assert 0 < sum(stages) <= report.total_time < 40
    scores = [grasp.score for grasp in result.grasps]
    assert scores == sorted(scores, reverse=True) and 0 <= min(scores) <= max(scores) <= 1
    for rank, grasp in enumerate(result.grasps):
        assert (grasp.rank, grasp.hand, grasp.hand_link) == (rank, 'shadow_right', 'rh_palm')
        assert grasp.header == cloud.header
        assert tuple(grasp.hand_trajectory.joint_names) == SHADOW_RIGHT.joint_names
        limits = [(joint.lower, joint.upper) for joint in SHADOW_RIGHT.joints]
        for point in grasp.hand_trajectory.points:
            assert all(low - 1e-5 <= q <= high + 1e-5
                       for q, (low, high) in zip(point.positions, limits, strict=True))
        palm = grasp.grasp_pose.position
        assert np.linalg.norm([palm.x, palm.y, palm.z - 0.5]) < 0.25
        assert len(grasp.contact_links) == len(grasp.contact_points) > 0


def test_late_subscribers_get_the_last_result(planner: PlannerProcess) -> None:
    """All topics show the same result, and RViz may start after the call."""
    result = planner.call(cloud=cloud_message(box_points()), **QUICK).result
    assert repr(planner.latest(DexGraspArray, 'grasps')) == repr(result)  # NaN is not itself
    poses = planner.latest(PoseArray, 'grasp_poses')
    assert poses.poses == [grasp.grasp_pose for grasp in result.grasps]
    best = planner.latest(PoseStamped, 'best_grasp_pose')
    assert (best.header, best.pose) == (result.header, poses.poses[0])
    joints = planner.latest(JointState, 'best_joint_states')
    assert len(joints.name) == len(joints.position) == 24
    markers = planner.latest(MarkerArray, 'markers').markers
    assert markers[0].action == Marker.DELETEALL
    assert {m.ns for m in markers} >= {'hand/0', 'contacts', 'approach', 'label'}
    assert all(m.header == result.header for m in markers)


def test_a_plan_without_grasps_shows_its_surface(planner: PlannerProcess) -> None:
    """The surface alone, in its place; the other topics keep the last result."""
    result = planner.call(cloud=cloud_message(box_points()), **QUICK).result
    moved = cloud_message(box_points() + [0.3, 0.0, 0.0], frame='other')
    report = planner.call(cloud=moved, **QUICK, min_score=1.0).report
    assert report.error_code == Report.NO_GRASP_FOUND, report.error_msg
    assert report.surface_method and report.num_refined > 0
    markers = planner.latest(MarkerArray, 'markers')
    assert [(m.ns, m.action) for m in markers.markers] == [
        ('', Marker.DELETEALL), ('surface', Marker.ADD)]
    assert all(marker.header == moved.header for marker in markers.markers)
    corners = surface_corners(markers).reshape(-1, 3)
    np.testing.assert_allclose(
        [corners.min(axis=0), corners.max(axis=0)],
        [[0.27, -0.03, 0.47], [0.33, 0.03, 0.53]], atol=0.003)
    assert repr(planner.latest(DexGraspArray, 'grasps')) == repr(result)


def test_clear_leaves_nothing(planner: PlannerProcess) -> None:
    """Neither current nor late subscribers have a result, and the clouds are discarded."""
    planner.publish(cloud_message(box_points()))
    planner.call(**FAST)
    assert planner.client.trigger('clear').success
    assert planner.latest(DexGraspArray, 'grasps').grasps == []
    assert [m.action for m in planner.latest(MarkerArray, 'markers').markers] == [Marker.DELETEALL]
    assert planner.latest(PoseStamped, 'best_grasp_pose', timeout=0.5) is None
    assert planner.call().report.error_code == Report.NO_CLOUD


NOT_FINITE = np.full((500, 3), np.nan)
FLAT = box_points() * [1, 1, 0] + [0, 0, 0.5]


@pytest.mark.parametrize(
    ('cloud', 'code', 'words'),
    [
        (without_xyz(), Report.BAD_CLOUD, 'no field x'),
        (cloud_message(NOT_FINITE), Report.BAD_CLOUD, 'finite'),
        (cloud_message(1000 * box_points()), Report.SCALE_ERROR, 'millimetres'),
        (cloud_message(FLAT), Report.BAD_CLOUD, 'plane'),
        (cloud_message(box_points(count=10)), Report.BAD_CLOUD, '10 points'),
        (cloud_message(box_points(), frame=''), Report.BAD_CLOUD, 'frame'),
        (cloud_message(box_points(size=0.002)), Report.SCALE_ERROR, 'outside'),
    ],
    ids=['no xyz', 'all NaN', 'millimetres', 'flat', '10 points', 'no frame', 'tiny'],
)
def test_a_bad_cloud_gets_its_code(
    planner: PlannerProcess, cloud: object, code: int, words: str
) -> None:
    """It also gets a message, and the node keeps running."""
    response = planner.call(cloud=cloud, **FAST)
    assert response.report.error_code == code, response.report.error_msg
    assert words in response.report.error_msg
    assert response.result.grasps == []
    assert planner.client.state() == 'active'


def test_an_empty_object_cloud_is_bad(planner: PlannerProcess) -> None:
    """On the topic and in a request, where only a message never filled means "the newest one"."""
    assert planner.client.trigger('clear').success
    report = planner.call(**FAST).report
    assert report.error_code == Report.NO_CLOUD
    assert "'/left/object_cloud' (it has 1 publisher)" in report.error_msg
    planner.publish(cloud_message(box_points()))
    wait_for(lambda: planner.call(**FAST).report.error_code == Report.NONE)
    report = planner.call(cloud=empty(), **FAST).report
    assert (report.error_code, report.error_msg) == (
        Report.BAD_CLOUD, 'the object cloud cannot be used: it is empty')
    planner.publish(empty())
    wait_for(lambda: planner.call(**FAST).report.error_code == Report.BAD_CLOUD)


@pytest.mark.parametrize(
    'obstacles', [empty(), cloud_message(np.full((9, 3), np.nan), 'unknown')], ids=['none', 'NaN'])
def test_obstacles_without_points_are_no_obstacles(
    planner: PlannerProcess, obstacles: PointCloud2
) -> None:
    """The answer is that without obstacles, and says so; on the topic as in the request."""
    cloud = cloud_message(box_points())
    free = planner.call(cloud=cloud, seed=5, **FAST)
    assert [w.code for w in free.report.warnings if w.code == 'obstacles_empty'] == []
    given = planner.call(cloud=cloud, obstacles=obstacles, seed=5, **FAST)
    with_empty = planner.client.node.create_publisher(PointCloud2, 'obstacle_cloud', 1)
    try:
        heard = free
        for _ in range(10):  # the first messages of a publisher may find nobody
            obstacles.header.stamp = planner.client.node.get_clock().now().to_msg()
            with_empty.publish(obstacles)
            time.sleep(0.3)
            heard = planner.call(cloud=cloud, seed=5, **FAST)
            if heard.report.warnings != free.report.warnings:
                break
    finally:
        planner.client.node.destroy_publisher(with_empty)
        planner.client.trigger('clear')
    for answer in (given, heard):
        assert answer.report.error_code == Report.NONE, answer.report.error_msg
        assert [g.grasp_pose for g in answer.result.grasps] == [
            g.grasp_pose for g in free.result.grasps]
        assert 'obstacles_empty' in [warning.code for warning in answer.report.warnings]
    failed = planner.call(cloud=cloud_message(1000 * box_points()), obstacles=obstacles, **FAST)
    assert failed.report.error_code == Report.SCALE_ERROR
    assert [warning.code for warning in failed.report.warnings] == ['obstacles_empty']
    assert planner.log.count('obstacles_empty') == 1  # once a minute


@pytest.mark.parametrize(
    ('ahead', 'words'), [(-1000.0, 'max_cloud_age = 2.00 s'), (30.0, 'not synchronised')])
def test_a_cloud_of_another_time_is_stale(
    planner: PlannerProcess, ahead: float, words: str
) -> None:
    """Its age counts from the stamp in its header, which may not lie in the future either."""
    cloud = cloud_message(box_points())
    now = planner.client.node.get_clock().now() + Duration_(seconds=ahead)
    cloud.header.stamp = now.to_msg()
    planner.publish(cloud, stamped=False)
    wait_for(lambda: planner.call(**FAST).report.error_code == Report.STALE_CLOUD)
    assert words in planner.call(**FAST).report.error_msg
    # What is given in a request is what the caller wants.
    assert planner.call(cloud=cloud, **FAST).report.error_code == Report.NONE


@pytest.mark.parametrize(
    ('fields', 'code', 'words'),
    [
        ({'hand': 'allegro'}, Report.UNSUPPORTED_HAND, 'shadow_right'),
        ({'verify': True}, Report.INVALID_REQUEST, 'simulator'),
        ({'approach_direction': Vector3(x=2.0)}, Report.INVALID_REQUEST, 'unit vector'),
        ({'approach_direction': Vector3(x=float('nan'))}, Report.INVALID_REQUEST, 'unit vector'),
        ({'approach_tolerance': 7.0}, Report.INVALID_REQUEST, 'approach_tolerance'),
        ({'min_score': 1.5}, Report.INVALID_REQUEST, 'min_score'),
        ({'num_candidates': 10**9}, Report.INVALID_REQUEST, 'num_candidates'),
        ({'timeout': Duration(sec=-1)}, Report.INVALID_REQUEST, 'timeout'),
        ({'use_viewpoint': True, 'viewpoint': Point(x=float('inf'))}, Report.INVALID_REQUEST,
         'viewpoint'),
        ({'target_frame': 'base_link'}, Report.TF_ERROR, "'camera' to 'base_link'"),
        ({'obstacles': cloud_message(box_points(), 'map')}, Report.TF_ERROR, "'map' to 'camera'"),
        ({'obstacles': without_xyz()}, Report.BAD_CLOUD,
         'the obstacle cloud cannot be used: it has no field x'),
        ({'obstacles': cloud_message(box_points(), '')}, Report.BAD_CLOUD,
         'the obstacle cloud cannot be used: its header has no frame_id'),
        ({'cloud': empty()}, Report.BAD_CLOUD, 'the object cloud cannot be used: it is empty'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_a_senseless_request_gets_its_code(
    planner: PlannerProcess, fields: dict, code: int, words: str
) -> None:
    """The message names the value and what was expected."""
    report = planner.call(**{'cloud': cloud_message(box_points()), **FAST, **fields}).report
    assert report.error_code == code, report.error_msg
    assert words in report.error_msg


def test_calls_with_one_seed_are_identical(planner: PlannerProcess) -> None:
    """They are identical bit for bit, apart from the counter in the ids."""
    results = []
    for _ in range(5):
        response = planner.call(
            cloud=cloud_message(box_points()), seed=11, num_candidates=16, timeout=40.0)
        for grasp in response.result.grasps:
            grasp.id = ''
        results.append(repr(response.result))  # in which NaN equals itself
        assert (response.report.error_code, response.report.seed) == (Report.NONE, 11)
    for result in results[1:]:
        assert result == results[0]


def test_seed_zero_is_a_new_one_that_can_be_repeated(planner: PlannerProcess) -> None:
    """The report contains the seed that was drawn."""
    cloud = cloud_message(box_points())
    first, second = (planner.call(cloud=cloud, **FAST) for _ in range(2))
    assert first.report.seed != second.report.seed
    assert not {g.id for g in first.result.grasps} & {g.id for g in second.result.grasps}
    again = planner.call(cloud=cloud, seed=first.report.seed, **FAST)
    assert [g.grasp_pose for g in again.result.grasps] == [
        g.grasp_pose for g in first.result.grasps]


def test_the_compiled_search_hears_a_cancellation(planner: PlannerProcess) -> None:
    """A goal that is refining thousands of candidates ends at once."""
    told: list[SynthesizeGrasps.Feedback] = []
    goal = planner.client.start(
        request(cloud=cloud_message(box_points()), num_candidates=65536), told.append)
    wait_for(lambda: any(each.stage == 'refine' for each in told), 60.0)
    asked = time.monotonic()
    assert goal.cancel()
    assert goal.result(5.0).report.error_code == Report.CANCELLED
    assert time.monotonic() - asked < 1.0  # 0.2 s on an idle machine


def test_a_call_answers_within_its_timeout(planner: PlannerProcess) -> None:
    """This holds at any stage of planning; with hardly any time the answer is TIMEOUT."""
    for budget, codes in ((0.05, {Report.TIMEOUT}), (1.5, {Report.TIMEOUT, Report.NONE})):
        started = time.monotonic()
        response = planner.call(
            cloud=cloud_message(box_points()), num_candidates=20000, timeout=budget)
        assert time.monotonic() - started < budget + 0.5
        assert response.report.error_code in codes


def test_parameters_set_at_run_time_count_at_once(planner: PlannerProcess) -> None:
    """Valid values are used by the next call, invalid ones are rejected with a reason."""
    def set_parameter(name: str, value: object) -> object:
        message = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()])
        return planner.client._call('set_parameters', SetParameters, message, 10.0).results[0]

    assert set_parameter('max_grasps', 2).successful
    cloud = cloud_message(box_points())
    report = planner.call(cloud=cloud, num_candidates=48, optimize=False).report
    assert report.num_returned == 2
    assert set_parameter('max_grasps', 20).successful
    assert not set_parameter('max_grasps', 0).successful
    assert 'trajectory.times' in set_parameter('trajectory.times', [3.0, 2.0, 1.0]).reason
    assert not set_parameter('device', 'cuda').successful


def test_the_planner_can_be_loaded_anew(planner: PlannerProcess) -> None:
    """Reloading answers with the name of the model, and later calls work."""
    answer = planner.client.trigger('reload_model', 60.0)
    assert answer.success
    assert re.fullmatch(
        r'shadow_right@\w{12}\+hull-starts\+opposite-points on cpu', answer.message)
    assert planner.call(cloud=cloud_message(box_points()), **FAST).report.error_code == 0


def test_two_hands_carry_a_large_box(planner: PlannerProcess) -> None:
    """A second hand gives pairs: halves of equal number, one of each hand, on opposite sides."""
    corner = np.random.default_rng(0).uniform(-1.0, 1.0, (6000, 3))
    axis = np.arange(6000) % 3
    corner[np.arange(6000), axis] = np.sign(corner[np.arange(6000), axis])
    cloud = cloud_message(corner * [0.15, 0.12, 0.1] + [0.0, 0.0, 0.5])
    response = planner.call(
        cloud=cloud, second_hand='shadow_left', mass=1.0, num_candidates=96, max_grasps=2,
        seed=1, timeout=120.0)
    assert response.report.error_msg == ''
    grasps = response.result.grasps
    assert len(grasps) in (2, 4) and [each.pair for each in grasps] == [0, 0, 1, 1][:len(grasps)]
    assert [each.hand for each in grasps[:2]] == ['shadow_right', 'shadow_left']
    right, left = (each.grasp_pose.position for each in grasps[:2])
    assert np.linalg.norm([right.x - left.x, right.y - left.y]) > 0.2
    assert 0 <= grasps[0].pair_residual < 0.1 and np.isnan(grasps[0].success_probability)
    refused = planner.call(
        cloud=cloud, second_hand='shadow_left', approach_direction=Vector3(z=-1.0))
    assert refused.report.error_code == Report.INVALID_REQUEST

# SPDX-License-Identifier: Apache-2.0
"""What a planner publishes is shown, with the cloud and the surface of the same stamp."""

from collections.abc import Callable, Iterator
from dataclasses import replace
import time

import numpy as np
from plans import make_plan
import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')
pytest.importorskip('viser', reason="the viewer needs viser: pip install 'dexlite_ros[view]'")

from builtin_interfaces.msg import Time
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.plan import GraspPlan, PairMetrics, TwoHandPlan
from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.ros.conversions import grasp_array, ResultLabels
from dexlite_ros.ros.markers import MarkerStyle, PlanMarkers
from dexlite_ros.ros.point_clouds import point_cloud_message
from dexlite_ros.ros.publishers import ResultPublishers
from dexlite_ros.ros.viewer.viewed_result import viewed_result
from dexlite_ros.ros.viewer.viewer_node import ResultViewer, ViewerSettings

FRAME = 'lens_optical_frame'


def header(seconds: int) -> Header:
    """Return a stamp in the frame of the camera."""
    return Header(stamp=Time(sec=seconds), frame_id=FRAME)


def message(plan: GraspPlan, seconds: int):
    """Return a plan as the node publishes it."""
    return grasp_array(plan, ResultLabels(header(seconds), 1, 'cup', (1.0, 2.0, 3.0)))


class Bench:
    """A viewer, a camera and the topics of a planner, in one process."""

    def __init__(self) -> None:
        self.node = Node('viewer', parameter_overrides=[Parameter('port', value=0)])
        self.planner = Node('planner')
        self.results = ResultPublishers(self.planner, with_trajectory=False)
        self.camera = self.planner.create_publisher(PointCloud2, 'object_cloud', 5)
        self.executor = SingleThreadedExecutor()
        for node in (self.node, self.planner):
            self.executor.add_node(node)

    def start(self) -> None:
        self.shown = ResultViewer(self.node)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Deliver messages until a condition holds."""
        deadline = time.monotonic() + 20.0
        while not condition():
            assert time.monotonic() < deadline, 'it did not come to that'
            self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        self.executor.shutdown()
        self.shown.viewer.close()
        self.node.destroy_node()
        self.planner.destroy_node()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a bench whose viewer is not started yet."""
    rclpy.init()
    bench = Bench()
    yield bench
    bench.close()
    rclpy.try_shutdown()


def test_a_result_says_what_the_plan_says():
    """Poses, scores, forces and measures; up is -y, as in the frame of any camera (REP 103)."""
    plan = make_plan(3)
    plan = replace(plan, report=replace(
        plan.report, warnings=(PlanWarning('hardly_seen', 'only 3 %'),)))
    shown = viewed_result(message(plan, 5), None, None)
    assert (shown.frame, shown.up, len(shown)) == (FRAME, '-y', 3)
    np.testing.assert_allclose(
        shown.grasps.squeeze.joints, plan.grasps.squeeze.joints, atol=1e-6)
    for rank, facts in enumerate(shown.facts):
        assert facts.score == pytest.approx(float(plan.score[rank]))
        assert facts.energies['residual'] == pytest.approx(float(plan.metrics.residual[rank]))
        np.testing.assert_allclose(
            [each.force for each in facts.contacts], plan.contacts[rank].forces, atol=1e-6)
    assert any('poisson, 70 %; box, 30 %' in each for each in shown.remarks)
    assert shown.warnings == ('hardly_seen: only 3 %',)
    metrics = replace(plan.metrics, clearance=plan.metrics.clearance * float('nan'))
    unknown = viewed_result(message(replace(plan, metrics=metrics), 5), None, None)
    assert unknown.facts[0].energies['clearance'] is None


def test_of_pairs_both_hands_are_shown():
    """Their grasps, pair by pair."""
    first, second = make_plan(2, seed=1), make_plan(2, seed=2)
    nothing = torch.zeros(2)
    pairs = TwoHandPlan(first, second, PairMetrics(*[nothing] * 4), 1.0)
    viewed = viewed_result(message(pairs, 3), None, None)
    for shown, own in zip(viewed.hands, (first, second), strict=True):
        torch.testing.assert_close(
            shown.grasps.grasp.translation.double(), own.grasps.grasp.translation.double())
        assert len(shown.facts) == 2


def test_a_viewer_that_starts_late_shows_the_last_result(bench):
    """With its surface; the next one takes its place, and none when it is cleared."""
    plan, markers = make_plan(3), PlanMarkers(SHADOW_RIGHT)
    style = MarkerStyle(max_hands=1, alpha=1.0)
    bench.results.publish(message(plan, 5), markers.draw(plan, header(5), style))
    bench.start()
    viewer = bench.shown.viewer
    bench.wait_for(lambda: viewer.plan is not None and viewer.plan.geometry.surfaces)
    surface, = viewer.plan.geometry.surfaces
    assert (surface.method, surface.weight) == ('poisson', pytest.approx(0.7))
    corners = plan.surface.vertices[plan.surface.faces].reshape(-1, 3)
    np.testing.assert_allclose(surface.vertices[surface.faces].reshape(-1, 3), corners, atol=1e-6)
    other = make_plan(2, seed=1)
    bench.results.publish(message(other, 6), None)
    bench.wait_for(lambda: len(viewer.plan) == 2)
    assert not viewer.plan.geometry.surfaces, 'the surface is of the result before'
    bench.results.clear()
    bench.wait_for(lambda: viewer.plan is None)


def test_the_cloud_is_that_of_the_result(bench):
    """Not the newest one, and none in another frame."""
    bench.start()
    viewer = bench.shown.viewer
    clouds = {seconds: np.full((4, 3), float(seconds)) for seconds in (5, 6)}
    bench.wait_for(lambda: bench.camera.get_subscription_count() > 0)
    for seconds, points in clouds.items():
        bench.camera.publish(point_cloud_message(points, FRAME, Time(sec=seconds)))
    bench.camera.publish(point_cloud_message(clouds[6], 'base', Time(sec=7)))
    bench.wait_for(lambda: len(bench.shown.clouds) == 3)
    for seconds, expected in ((5, clouds[5]), (7, None)):
        bench.results.publish(message(make_plan(1), seconds), None)
        stamp = f'cloud of {seconds}.000 s'
        bench.wait_for(lambda: viewer.plan is not None and stamp in viewer.plan.remarks)  # noqa: B023
        found = viewer.plan.geometry.cloud
        assert found is None if expected is None else np.array_equal(found, expected)


def test_an_empty_planner_is_refused():
    """It would be a topic of nobody."""
    with pytest.raises(InvalidRequest, match='planner'):
        ViewerSettings(planner='')

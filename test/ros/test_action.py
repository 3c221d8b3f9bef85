# SPDX-License-Identifier: Apache-2.0
"""The action over real DDS: feedback, cancellation, and how goals end."""

from collections.abc import Iterator
from itertools import pairwise
import math
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import numpy as np
from planner_process import (
    box_points,
    cloud_message,
    LONG,
    PlannerProcess,
    QUICK,
    request,
    wait_for,
)
import rclpy

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.errors import GoalRejected
from dexlite_ros.msg import SynthesisReport as Report
from dexlite_ros.plan_request import STEPS
from dexlite_ros.ros.goal import SynthesisGoal


@pytest.fixture(scope='module')
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlannerProcess]:
    """Start a planner and wait until it is active."""
    rclpy.init()
    node = PlannerProcess(
        '/acting', tmp_path_factory.mktemp('node') / 'node.log', device='cpu', warm_up=False,
        queue_size=1, backend='torch')  # slow enough to be interrupted
    try:
        node.client.wait_until_active(90.0)
        yield node
    finally:
        node.close()
        rclpy.try_shutdown()


def start(node: PlannerProcess, *told: list, **fields: object) -> SynthesisGoal:
    """Send a goal for a box; feedback goes to the given list."""
    wanted = request(**{'cloud': cloud_message(box_points()), **fields})
    return node.client.start(wanted, told[0].append if told else None, timeout=30.0)


def test_a_goal_tells_its_progress_and_succeeds(planner: PlannerProcess) -> None:
    """All steps in order, a growing share, and in the end the score of the best grasp."""
    told: list[SynthesizeGrasps.Feedback] = []
    goal = start(planner, told, seed=3, **QUICK)
    response = goal.result(60.0)
    assert (goal.status, response.report.error_code) == ('succeeded', Report.NONE)
    stages = list(dict.fromkeys(each.stage for each in told))
    assert stages == [name for name in ('waiting', *STEPS) if name in stages]
    assert {'surface', 'refine', 'rank'} <= set(stages)
    shares = [each.share for each in told]
    assert all(one <= other for one, other in pairwise(shares))
    assert 0.0 <= shares[0] and shares[-1] == 1.0
    assert len({share for each, share in zip(told, shares) if each.stage == 'refine'}) > 3
    assert told[-1].best_score == response.result.grasps[0].score
    assert all(math.isnan(each.best_score) for each in told if each.stage != 'rank')
    # The service gives the same.
    same = planner.call(cloud=cloud_message(box_points()), seed=3, **QUICK)
    assert [g.grasp_pose for g in same.result.grasps] == [
        g.grasp_pose for g in response.result.grasps]


def test_a_cancelled_goal_ends_at_once(planner: PlannerProcess) -> None:
    """While it runs, and while it waits for another one."""
    goals = [start(planner, **LONG) for _ in range(2)]
    time.sleep(3.0)
    assert [goal.status for goal in goals] == ['running', 'running']
    for goal in reversed(goals):
        asked = time.monotonic()
        assert goal.cancel()
        response = goal.result(5.0)
        assert time.monotonic() - asked < 1.0  # 0.2 s on an idle machine
        assert (goal.status, response.report.error_code) == ('cancelled', Report.CANCELLED)
        assert response.result.grasps == []
    assert not goals[0].cancel()


def test_goals_and_calls_share_the_queue(planner: PlannerProcess) -> None:
    """One runs, one waits, a third is BUSY; ~/cancel aborts goals: no client asked for it."""
    running = start(planner, **LONG)
    waiting = planner.client.synthesize_async(request(cloud=cloud_message(box_points()), **LONG))
    time.sleep(2.0)
    third = start(planner, **LONG)
    assert third.result(5.0).report.error_code == Report.BUSY
    assert third.status == 'aborted'
    assert planner.client.trigger('cancel').message == 'cancelled 2 requests'
    assert running.result(5.0).report.error_code == Report.CANCELLED
    assert running.status == 'aborted'
    wait_for(waiting.done)
    assert waiting.result().report.error_code == Report.CANCELLED


def test_busy_cancel_and_diagnostics_during_a_synthesis(planner: PlannerProcess) -> None:
    """While one call runs and one waits, a third is BUSY, and diagnostics and cancel work."""
    times: list[tuple[float, DiagnosticStatus]] = []
    listening = planner.client.node.create_subscription(
        DiagnosticArray, '/diagnostics',
        lambda message: times.append((time.monotonic(), message.status[0])), 10)
    cloud = cloud_message(box_points())
    waiting = [planner.client.synthesize_async(request(cloud=cloud, **LONG)) for _ in range(2)]
    time.sleep(1.0)
    started = time.monotonic()
    assert planner.call(cloud=cloud, **LONG).report.error_code == Report.BUSY
    assert time.monotonic() - started < 1.0
    time.sleep(4.0)
    planner.client.node.destroy_subscription(listening)
    assert not any(future.done() for future in waiting)
    own = [(t, s) for t, s in times if s.name.startswith('/acting/planner')]
    assert len(own) >= 4
    assert max(np.diff([t for t, _ in own])) < 1.7
    values = {v.key: v.value for v in own[-1][1].values}
    assert own[-1][1].level == DiagnosticStatus.OK
    assert (values['state'], values['requests running or waiting']) == ('active', '2')
    started = time.monotonic()
    answer = planner.client.trigger('cancel')
    assert (answer.success, answer.message) == (True, 'cancelled 2 requests')
    wait_for(lambda: all(future.done() for future in waiting), 2.0)
    assert time.monotonic() - started < 2.0
    assert {f.result().report.error_code for f in waiting} == {Report.CANCELLED}
    assert not planner.client.trigger('cancel').success


def test_what_would_fail_at_once_is_rejected(planner: PlannerProcess) -> None:
    """The reason is in the log."""
    with pytest.raises(GoalRejected, match='synthesize_grasps'):
        start(planner, min_score=2.0)
    assert 'goal rejected: error 4: min_score is 2.0' in planner.log
    with pytest.raises(GoalRejected):
        start(planner, hand='claw')
    assert 'goal rejected: error 9' in planner.log


def test_other_failures_abort_with_their_code(planner: PlannerProcess) -> None:
    """The result carries the report."""
    goal = start(planner, cloud=cloud_message(1000 * box_points()))
    assert goal.result(30.0).report.error_code == Report.SCALE_ERROR
    assert goal.status == 'aborted'


def test_deactivating_answers_goals_and_rejects_new_ones(planner: PlannerProcess) -> None:
    """As it does for the service; cleaning up waits until they are answered."""
    def change_state(transition: int) -> bool:
        message = ChangeState.Request(transition=Transition(id=transition))
        return planner.client._call('change_state', ChangeState, message, 30.0).success

    goals = [start(planner, **LONG) for _ in range(2)]
    time.sleep(0.5)
    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert change_state(Transition.TRANSITION_CLEANUP)
    assert [goal.result(5.0).report.error_code for goal in goals] == [Report.CANCELLED] * 2
    assert [goal.status for goal in goals] == ['aborted'] * 2
    assert change_state(Transition.TRANSITION_CONFIGURE)
    with pytest.raises(GoalRejected):
        start(planner, **LONG)
    assert "goal rejected: error 2: the node is 'inactive'" in planner.log

# SPDX-License-Identifier: Apache-2.0
"""The node and its network, over real DDS: loaded, named, missing, not needed."""

from collections.abc import Iterator
from pathlib import Path

from datasets import excerpt
import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from planner_process import (
    active_planner,
    box_points,
    cloud_message,
    FAST,
    PlannerProcess,
    wait_for,
)
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.msg import SynthesisReport as Report
from dexlite_ros.network.checkpoint import read_checkpoint
from dexlite_ros.offline.commands.__main__ import main


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a network that was trained for a few steps and exported."""
    folder = tmp_path_factory.mktemp('run')
    assert main(['train', '--data', str(excerpt().folder), '--epochs', '1', '--device', 'cpu',
                 '--output', str(folder)]) == 0
    return folder / 'network'


@pytest.fixture(scope='module')
def planner(
    tmp_path_factory: pytest.TempPathFactory, trained: Path
) -> Iterator[PlannerProcess]:
    """Start a node with these weights."""
    with active_planner(
            '/learned', tmp_path_factory.mktemp('node'), weights=str(trained)) as node:
        yield node


def set_parameter(node: PlannerProcess, name: str, value: str) -> None:
    """Change a parameter of the running node."""
    message = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    assert node.client._call('set_parameters', SetParameters, message, 10.0).results[0].successful


def ask(node: PlannerProcess) -> Report:
    """Ask for grasps of a box."""
    return node.call(cloud=cloud_message(box_points()), **FAST).report


def test_what_was_trained_plans(planner: PlannerProcess, trained: Path) -> None:
    """The node names the given weights and plans with them."""
    expected = read_checkpoint(trained, SHADOW_RIGHT).model_id
    expected = f'{expected}+hull-starts+opposite-points'
    assert f'{expected} on cpu ready' in planner.log
    report = ask(planner)
    assert (report.error_code, report.model_id) == (Report.NONE, expected)
    assert report.num_returned > 0


def test_missing_weights_are_an_error_with_its_fix(planner: PlannerProcess) -> None:
    """Calls end with MODEL_ERROR until the weights exist or are not needed."""
    set_parameter(planner, 'weights', '/no/such/weights')
    report = ask(planner)
    assert report.error_code == Report.MODEL_ERROR
    assert '/no/such/weights' in report.error_msg and "'hull'" in report.error_msg
    set_parameter(planner, 'method', 'optimise')
    assert (report := ask(planner)).error_code == Report.NONE
    assert report.model_id == 'hull-starts'
    set_parameter(planner, 'method', 'network')
    set_parameter(planner, 'weights', '')
    assert ask(planner).model_id.startswith('shadow_right@')


def test_a_node_without_its_weights_says_so(
    planner: PlannerProcess, tmp_path: Path
) -> None:
    """It cannot be configured, and its log gives the reason."""
    node = PlannerProcess(
        '/unlearned', tmp_path / 'node.log', device='cpu', weights=str(tmp_path / 'none'))
    try:
        wait_for(lambda: 'cannot be configured' in node.log, 60.0)
        assert 'no such file' in node.log and "'hull'" in node.log
        node.wait_for_state('unconfigured')
    finally:
        node.close()

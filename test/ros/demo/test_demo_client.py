# SPDX-License-Identifier: Apache-2.0
"""The executable ``demo_client`` waits for planner and cloud, and says what is missing."""

from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from PIL import Image
from planner_process import box_points, cloud_message, PlannerProcess
import rclpy

from dexlite_ros.msg import SynthesisReport as Report
from dexlite_ros.ros.demo.demo_client import main


@pytest.fixture(scope='module')
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlannerProcess]:
    """Start a planner that has not seen any cloud."""
    rclpy.init()
    node = PlannerProcess(
        '/client_test', tmp_path_factory.mktemp('client') / 'node.log', device='cpu',
        warm_up=False, num_candidates=48, max_grasps=4)
    try:
        node.wait_for_state('active')
        yield node
    finally:
        node.close()
        rclpy.try_shutdown()


def _start(*arguments: str, namespace: str = '/client_test') -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.ros.demo.demo_client', *arguments,
         '--ros-args', '-r', f'__ns:={namespace}'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_without_a_planner_it_says_how_to_start_one() -> None:
    """One line, not a traceback, and a status that scripts can see."""
    client = _start('--patience', '0.5', namespace='/nobody_here')
    out, err = client.communicate(timeout=60.0)
    assert client.returncode == 1 and out == ''
    assert 'planner/get_state' in err and 'planner.launch.py' in err
    assert 'Traceback' not in err


def test_without_a_cloud_it_says_so(planner: PlannerProcess) -> None:
    """The status is the planner's error code, after the patience is over."""
    client = _start('--patience', '1')
    out, err = client.communicate(timeout=60.0)
    assert client.returncode == Report.NO_CLOUD and out == ''
    assert "object_cloud'" in err and 'waited 1 s' in err and 'Traceback' not in err


def test_it_may_be_started_before_the_first_cloud(
    planner: PlannerProcess, tmp_path: Path
) -> None:
    """It asks until a cloud is there, then shows ranks as the messages have them."""
    picture = tmp_path / 'grasps.png'
    client = _start('--patience', '60', '--output', str(picture))
    warnings = planner.log.count('error 5')
    while planner.log.count('error 5') == warnings:  # it has asked without a cloud
        assert client.poll() is None, client.communicate()
        time.sleep(0.05)
    while client.poll() is None:
        planner.publish(cloud_message(box_points()))
        time.sleep(0.1)
    out, err = client.communicate(timeout=10.0)
    assert client.returncode == 0, err
    ranks = re.findall(r'^ +(\d+)  [01]\.\d{3} ', out, re.M)
    assert ranks == [str(rank) for rank in range(len(ranks))] and ranks
    with Image.open(picture) as image:
        assert image.format == 'PNG'


@pytest.mark.parametrize('patience', ['-1', 'nan', 'inf', 'long'])
def test_patience_is_a_time(patience: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong one is refused by name before anything is waited for."""
    with pytest.raises(SystemExit) as ended:
        main(['demo_client', f'--patience={patience}'])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and '--patience' in said and patience in said

# SPDX-License-Identifier: Apache-2.0
"""The executable ``demo_client`` waits for planner and cloud, and says what is missing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import re
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

import numpy as np
from PIL import Image
from planner_process import active_planner, box_points, cloud_message, PlannerProcess

from dexlite_ros.msg import SynthesisReport as Report
from dexlite_ros.ros.demo.demo_client import main, report
from dexlite_ros.ros.demo.sight import SightListener


@pytest.fixture(scope='module')
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlannerProcess]:
    """Start a planner that has not seen any cloud."""
    with active_planner(
            '/client_test', tmp_path_factory.mktemp('client'), warm_up=False,
            num_candidates=48, max_grasps=4) as node:
        yield node


def test_without_a_cloud_it_says_so(
    planner: PlannerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is the planner's error code, after the patience is over."""
    began = time.monotonic()
    assert report(planner.client, tmp_path / 'none.png', patience=2.0) == Report.NO_CLOUD
    assert time.monotonic() - began > 2.0
    said = capsys.readouterr()
    assert said.out == '' and "object_cloud'" in said.err and 'waited 2 s' in said.err


def test_it_may_be_started_before_the_first_cloud(
    planner: PlannerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asks until a cloud is there, then shows ranks as the messages have them."""
    picture = tmp_path / 'new' / 'grasps.png'
    refused = planner.log.count('error 5')
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(report, planner.client, picture)
        while planner.log.count('error 5') == refused:  # it has asked without a cloud
            assert not status.done()
            time.sleep(0.05)
        while not status.done():
            planner.publish(cloud_message(box_points()))
            time.sleep(0.1)
    said = capsys.readouterr()
    assert status.result() == 0, said.err
    ranks = re.findall(r'^ +(\d+)  [01]\.\d{3} ', said.out, re.M)
    assert ranks == [str(rank) for rank in range(len(ranks))] and ranks
    assert re.search(r'^surface: \S+ 100%; planned on the first, \d+% of it', said.out, re.M)
    with Image.open(picture) as image:
        assert image.format == 'PNG' and image.width >= image.height


def test_the_sight_is_that_of_the_response(planner: PlannerProcess) -> None:
    """The surface that was planned on comes with the markers of this very result."""
    points = box_points()
    listener = SightListener(planner.client, 'planner')
    for shift in (0.0, 0.3):
        planner.publish(cloud_message(points + np.array([shift, 0.0, 0.0])))
        time.sleep(0.3)
        response = planner.call(timeout=40.0)
        assert response.report.error_code == Report.NONE, response.report.error_msg
        sight = listener.of(response)
        np.testing.assert_allclose(sight.points, points + [shift, 0.0, 0.0], atol=1e-6)
        assert not len(sight.rest)
        corners = sight.surface.reshape(-1, 3)
        np.testing.assert_allclose(
            corners.mean(axis=0), sight.points.mean(axis=0), atol=0.02)
        assert np.abs(np.ptp(corners, axis=0) - np.ptp(sight.points, axis=0)).max() < 0.02


def test_without_a_planner_it_says_how_to_start_one() -> None:
    """One line, not a traceback, and a status that scripts can see."""
    client = subprocess.run(
        [sys.executable, '-m', 'dexlite_ros.ros.demo.demo_client', '--patience', '0.5',
         '--ros-args', '-r', '__ns:=/nobody_here'], capture_output=True, text=True, timeout=60.0)
    assert client.returncode == 1 and client.stdout == ''
    assert "'planner' did not become active" in client.stderr
    assert 'planner.launch.py' in client.stderr
    assert 'Traceback' not in client.stderr and len(client.stderr.splitlines()) == 1


@pytest.mark.parametrize('patience', ['-1', 'nan', 'inf', 'long'])
def test_patience_is_a_time(patience: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong one is refused by name before anything is waited for."""
    with pytest.raises(SystemExit) as ended:
        main(['demo_client', f'--patience={patience}'])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and '--patience' in said and patience in said

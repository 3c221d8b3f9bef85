# SPDX-License-Identifier: Apache-2.0
"""``python -m dexlite_ros.ros.demo``: a cloud in, grasps and a picture out."""

from pathlib import Path
import subprocess
import sys

from PIL import Image
import pytest

pytest.importorskip('rclpy', reason='the demo needs ROS 2 (rclpy)')

from dexlite_ros.ros.demo.examples import EXAMPLES
from dexlite_ros.ros.demo.sight_picture import COLUMNS, PANEL


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'dexlite_ros.ros.demo', *arguments],
        capture_output=True, text=True, timeout=120.0)


def test_the_view_of_a_table_is_planned_on(tmp_path: Path) -> None:
    """The service completes the view, and the picture has all of its parts."""
    path = tmp_path / 'demo.png'
    done = _demo('--output', str(path))
    assert done.returncode == 0, done.stderr
    assert 'grasps of the tube' in done.stdout
    assert 'surface: view+' in done.stdout and '(viewpoint: assumed)' in done.stdout
    assert '\n   0  ' in done.stdout and str(path) in done.stdout
    with Image.open(path) as image:
        assert image.size == (COLUMNS * PANEL[0], 2 * PANEL[1])


def test_an_unknown_example_is_named() -> None:
    """Before anything is started."""
    done = _demo('--example', 'teapot')
    assert done.returncode == 2 and 'teapot' in done.stderr and 'starting' not in done.stdout
    assert all(name in done.stderr for name in EXAMPLES)

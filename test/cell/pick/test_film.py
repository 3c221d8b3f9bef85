# SPDX-License-Identifier: Apache-2.0
"""An animation shows what moved, at even intervals of the simulated time."""

import threading
import time

import numpy as np
from PIL import Image
import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.pick.film import Film, INTERVAL, SIZE
from dexlite_ros.cell.simulation import CellSimulation, TICK
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.objects.sources import find_objects


def test_a_hand_that_moves_is_filmed(tmp_path):
    """One picture per interval, two views wide; the last is not the first."""
    objects = lay_out(find_objects('procedural:1'), np.array(EYE), np.random.default_rng(0))
    simulation = CellSimulation(SHADOW_RIGHT, objects, 'ideal')
    film, stop = Film(), threading.Event()
    watching = threading.Thread(target=film.watch, args=(simulation, 'a carton', stop))
    watching.start()
    goal = simulation.home.copy()
    goal[:3, 3] += 0.0, 0.1, -0.1
    simulation.move_wrist(goal)
    for _ in range(6):
        time.sleep(0.2)  # until it was looked at
        simulation.advance(round(INTERVAL / TICK))
    time.sleep(0.2)
    stop.set()
    watching.join()
    with Image.open(film.write(tmp_path / 'film.gif')) as shown:
        assert shown.n_frames == 7 and shown.size == (2 * SIZE[0], SIZE[1])
        first = np.asarray(shown.convert('RGB')).astype(int)
        shown.seek(shown.n_frames - 1)
        last = np.asarray(shown.convert('RGB')).astype(int)
    changed = (np.abs(last - first) > 40).any(axis=2)
    assert changed[:, :SIZE[0]].any() and changed[:, SIZE[0]:].any()

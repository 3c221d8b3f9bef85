# SPDX-License-Identifier: Apache-2.0
"""
Two hundred picks in a row, with planner and segmenter that never restart: ``make soak``.

Takes half an hour and is no part of ``make test``. Fewer: ``SOAK_PICKS=20 make soak``.
"""

import os
from statistics import median

import psutil
import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')

import rclpy

from dexlite_ros.cell.pick.picks import pick_layout, PickConditions
from dexlite_ros.cell.pick.record import row
from dexlite_ros.cell.pick.session import planner_and_segmenter, running_cell
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.ros.node_processes import stay_on_this_machine
from dexlite_ros.ros.process import initialise, raise_on_signal

PICKS = int(os.environ.get('SOAK_PICKS', 200))
GROWTH = 0.02
"""Largest growth of the memory in the second half of the picks; buffers grow in the first."""
SPEED = 3.0
"""Simulated per real time, at most."""


def _memory(process: psutil.Process) -> float:
    """Return the resident memory [MB]."""
    return process.memory_info().rss / 1e6


def test_the_memory_stays_flat():
    """Of planner, segmenter, and this process with executor and cell; all of them live on."""
    stay_on_this_machine()
    initialise([])
    raise_on_signal()  # Ctrl-C stops the nodes, too
    targets, used, lifted = find_objects('household:600-610'), [], 0
    with planner_and_segmenter() as (planner, processes), running_cell(planner, SPEED) as cell:
        watched = [psutil.Process(), *(psutil.Process(each.pid) for each in processes)]
        for number in range(PICKS):
            layout = targets[number % len(targets)],
            for record in pick_layout(
                    layout, 1, number, cell, PickConditions(attempts=1)):
                lifted += record.lifted
                used.append([_memory(each) for each in watched])
                print(f'{number + 1:4} {row(record)}  '
                      + '  '.join(f'{megabytes:.0f} MB' for megabytes in used[-1]), flush=True)
        assert all(each.poll() is None for each in processes)
    rclpy.try_shutdown()
    tenth = max(1, PICKS // 10)
    for name, column in zip(('executor and cell', 'planner', 'segmenter'), zip(*used)):
        early, late = median(column[PICKS // 2:][:tenth]), median(column[-tenth:])
        print(f'{name}: {early:.0f} MB halfway, {late:.0f} MB at last')
        assert late < early * (1.0 + GROWTH), name
    print(f'{lifted} of {PICKS} lifted at the first attempt')
    assert lifted > PICKS / 2

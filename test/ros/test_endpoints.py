# SPDX-License-Identifier: Apache-2.0
"""Configuring again leaves nothing of the previous configuration behind."""

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from configure_cycles import cycles

GONE = (
    'subscriptions', 'JumpHandle', 'GraspPlanner', 'CallGroup', 'Buffer', 'TransformListener',
    'planner threads')
GROWTH = 60
"""Memory that a cycle may leave to the allocator [MiB]; a planner with its hand takes more."""


def test_cycles_leave_nothing() -> None:
    """Equal counts of everything that a node registers; more cycles by the helper's command."""
    first, *later = cycles(3)
    memory = [each.pop('memory') for each in (first, *later)]
    assert all(each == first for each in later)
    assert {name: first[name] for name in GONE} == dict.fromkeys(GONE, 0)
    assert memory[-1] - memory[0] < GROWTH

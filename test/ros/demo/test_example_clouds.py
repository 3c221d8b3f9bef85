# SPDX-License-Identifier: Apache-2.0
"""The examples are what a robot would publish."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the demo needs ROS 2 (rclpy)')

from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.support import fit_support
from dexlite_ros.ros.demo.examples import (
    EXAMPLES,
    mug_from_all_sides,
    TABLE_VIEW,
    TABLE_VIEW_REST,
    tube_on_table,
)

SIZE_MAX = 200_000
"""Bytes of both files of the view, which every installation carries."""


def test_the_view_is_of_an_object_on_a_table_beside_another() -> None:
    """In an optical frame: the table faces the camera, and a third thing stands on it."""
    example = tube_on_table()
    assert (example.cloud.points[:, 2] > 0.3).all()
    support = fit_support(example.obstacles, example.cloud.points)
    assert support.height(np.zeros((1, 3)))[0] > 0.2
    height = support.height(example.obstacles)
    assert np.mean(np.abs(height) < 0.01) > 0.5
    assert np.count_nonzero(height > 0.03) > 500
    assert 0.0 < np.median(support.height(example.cloud.points)) < 0.15


def test_the_viewpoint_of_the_view_need_not_be_stated() -> None:
    """The planner finds that the sensor is at the origin, as in any cloud of one camera."""
    example = tube_on_table()
    support = fit_support(example.obstacles, example.cloud.points)
    viewpoint = clean_cloud(example.cloud, support=support).viewpoint
    assert viewpoint.source == 'assumed'
    np.testing.assert_array_equal(viewpoint.position, np.zeros(3))


def test_the_files_are_small() -> None:
    """They are part of the package."""
    assert sum(path.stat().st_size for path in (TABLE_VIEW, TABLE_VIEW_REST)) <= SIZE_MAX


def test_the_mug_is_seen_from_all_sides() -> None:
    """No single viewpoint explains it; the same seed gives the same points."""
    example = mug_from_all_sides()
    assert example.obstacles is None and example.cloud.viewpoint is None
    assert clean_cloud(example.cloud).viewpoint.source == 'none'
    assert example.cloud.points.tobytes() == mug_from_all_sides().cloud.points.tobytes()


def test_examples_have_different_names() -> None:
    """The name is sent as the object's."""
    assert len({make().name for make in EXAMPLES.values()}) == len(EXAMPLES)

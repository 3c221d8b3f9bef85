# SPDX-License-Identifier: Apache-2.0
"""Groups follow the local density."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.grouping import free_between, group_points, STRAY
from dexlite_ros.object.sampling import sample_mesh

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.04)


def ball(count: int, place: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """Return points on a ball somewhere."""
    return sample_mesh(BALL, count, np.random.default_rng(0)).points + place


def test_separate_objects_are_numbered_by_size():
    """Two centimetres between two balls are enough."""
    points = np.concatenate([ball(500), ball(900, (0.1, 0.0, 0.0))])
    group = group_points(points, 8, 2.5)
    assert (group[:500] == 1).mean() > 0.98 and (group[500:] == 0).mean() > 0.98


def test_a_sparse_side_belongs_to_the_object():
    """Half of a ball with a tenth of the other half's density is neither stray nor apart."""
    points = ball(4000)
    sparse = (points[:, 0] < 0.0) & (np.arange(4000) % 10 > 0)
    group = group_points(points[~sparse], 8, 2.5)
    assert (group == 0).mean() > 0.99


@pytest.mark.parametrize('count', [0, 1, 2, 8, 9])
def test_a_few_points_are_no_group(count):
    """Up to as many as neighbours tell the density all are stray; one more can be a group."""
    points = 0.001 * np.random.default_rng(0).standard_normal((count, 3))
    group = group_points(points, 8, 2.5)
    assert group.shape == (count,)
    assert (group == STRAY).all() if count <= 8 else (group == 0).any()


def test_single_points_are_stray():
    """They belong to no group, though each is the other's neighbour."""
    lonely = np.array([[0.2, 0.0, 0.0], [0.0, 0.25, 0.1], [0.1, 0.1, 0.1]])
    group = group_points(np.concatenate([ball(800), lonely]), 8, 2.5)
    assert (group[-3:] == STRAY).all()


def plate(left: float, right: float, away: float) -> np.ndarray:
    """Return points of a plate across the view of a camera at the origin that looks along z."""
    x, y = np.meshgrid(np.arange(left, right, 0.002), np.arange(-0.02, 0.02, 0.002))
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, away)])


@pytest.mark.parametrize(('wall', 'free'), [
    (np.zeros((0, 3)), True),  # nothing is known of what is around
    (plate(-0.2, 0.2, 0.9), True),  # seen behind the gap
    (plate(-0.01, 0.01, 0.4), False),  # in front of it
    (plate(0.1, 0.2, 0.9), False),  # elsewhere: in the gap nothing was measured
])
def test_a_gap_is_free_where_something_behind_it_is_seen(wall, free):
    """What hides the middle, or shines, does not make two objects of one."""
    one, other = plate(-0.05, -0.01, 0.7), plate(0.01, 0.05, 0.7)
    assert free_between(one, other, np.zeros(3), wall) is free


def test_parts_that_touch_in_the_image_have_no_gap():
    """Even with a wall behind them."""
    one, other = plate(-0.05, 0.0, 0.7), plate(0.001, 0.05, 0.75)
    assert not free_between(one, other, np.zeros(3), plate(-0.2, 0.2, 0.9))

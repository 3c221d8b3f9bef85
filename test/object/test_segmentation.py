# SPDX-License-Identifier: Apache-2.0
"""Objects on a table are parted, whatever the frame, the order and what else is in view."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.scene_parts import SegmentationSettings
from dexlite_ros.object.segmentation import hidden_share, segment, Segmentation

EYE = np.array([0.5, 0.0, 0.6])
CENTRES = np.array([[0.0, 0.0], [0.15, 0.1], [-0.1, -0.2]])
SIDES = (0.08, 0.06, 0.04)
NOISE = 0.001


def grid(side: float, step: float = 0.003) -> np.ndarray:
    """Return points (N, 2) of a square about the origin."""
    line = np.arange(-side / 2, side / 2, step)
    return np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)


def block(x: float, y: float, side: float) -> np.ndarray:
    """Return points on the top and on the camera's side of a cube on z = 0."""
    face = grid(side)
    top = np.column_stack([face + [x, y], np.full(len(face), side)])
    front = np.column_stack([
        np.full(len(face), x + side / 2), face[:, 0] + y, face[:, 1] + side / 2])
    return np.concatenate([top, front])


def table() -> np.ndarray:
    """Return points of a table's top."""
    flat = grid(1.0, 0.006)
    return np.column_stack([flat, np.zeros(len(flat))])


def parts_of(points: np.ndarray, eye: np.ndarray = EYE) -> Segmentation:
    """Segment points as seen from a place."""
    return segment(PointCloud(points, viewpoint=eye))


@pytest.fixture(scope='module')
def scene():
    """Return points in the frame of the table, and what they are of: 0 the table, 1, 2, 3."""
    parts = [table(), *(block(x, y, side) for (x, y), side in zip(CENTRES, SIDES))]
    points = np.concatenate(parts)
    points += NOISE * np.random.default_rng(0).standard_normal(points.shape)
    return points, np.repeat(np.arange(4), [len(each) for each in parts])


def test_every_object_is_one_part(scene):
    """Almost all points of an object are in its part, and almost no others; largest first."""
    points, truth = scene
    found = parts_of(points)
    assert len(found.objects) == 3
    for number, part in enumerate(found.objects, 1):
        assert (truth[part] == number).mean() > 0.99
        assert len(part) > 0.9 * (truth == number).sum()
    assert np.abs(found.support.height(points[truth == 0])).max() < 5 * NOISE
    assert found.support.height(EYE[None])[0] > 0
    every = np.concatenate([*found.objects, found.rest])
    assert len(np.unique(every)) == len(every) == len(points)


def test_frame_and_order_do_not_matter(scene):
    """Turned, moved and shuffled, the scene has the same parts but for a few points."""
    points, _ = scene
    expected = parts_of(points)
    turn = Rotation.from_euler('xyz', [0.4, -1.0, 2.0]).as_matrix()
    order = np.random.default_rng(1).permutation(len(points))
    moved = (points[order] @ turn.T) + [1.0, 2.0, -3.0]
    found = parts_of(moved, turn @ EYE + [1.0, 2.0, -3.0])
    assert len(found.objects) == 3
    for ours, theirs in zip(expected.objects, found.objects):
        same = np.intersect1d(ours, order[theirs])
        assert len(same) > 0.98 * max(len(ours), len(theirs))


def test_what_touches_is_one_object(scene):
    """Two cubes side by side cannot be told from one long one."""
    points, truth = scene
    beside = block(0.0, 0.08, 0.08)
    found = parts_of(
        np.concatenate([points[truth == 0], block(0.0, 0.0, 0.08), beside]))
    assert len(found.objects) == 1


def test_what_is_no_object(scene):
    """Not finite, far, high up, below the table, or too few points."""
    points, truth = scene
    odd = np.concatenate([
        np.full((500, 3), np.nan), block(0.0, 0.0, 0.1) + [0.0, 0.0, 0.8],
        block(0.0, 0.0, 0.1) + [9.0, 0.0, 0.0], block(0.2, -0.2, 0.1) - [0.0, 0.0, 0.3],
        block(0.3, 0.3, 0.01)])
    found = parts_of(np.concatenate([points, odd]))
    assert len(found.objects) == 3
    assert max(part.max() for part in found.objects) < len(points)
    nan = np.arange(len(points), len(points) + 500)
    assert not np.isin(found.rest, nan).any()


def test_without_a_plane_things_that_float_are_parted():
    """Balls in the air are objects, though nothing supports them."""
    rng = np.random.default_rng(0)
    ball = 0.05 * rng.standard_normal((3000, 3))
    ball *= 0.05 / np.linalg.norm(ball, axis=1, keepdims=True)
    found = parts_of(np.concatenate([ball, ball[:2000] + [0.3, 0.0, 0.0]]))
    assert found.support is None
    assert [len(each) for each in found.objects] == [3000, 2000]


def test_an_empty_table_and_nothing_at_all(scene):
    """There is no object on either."""
    points, truth = scene
    empty = parts_of(points[truth == 0])
    assert not empty.objects and empty.support is not None
    nothing = parts_of(np.zeros((0, 3)))
    assert not nothing.objects and not len(nothing.rest) and nothing.support is None


@pytest.mark.parametrize('points', [
    np.full((500, 3), np.nan), np.tile([0.1, 0.2, 0.5], (5000, 1)), np.full((300, 3), np.inf),
    np.array([[0.0, 0.0, 0.5]]), np.full((400, 3), 1e30),
    np.column_stack([np.linspace(0, 1, 3000), np.zeros(3000), np.full(3000, 0.3)]),
    1e-9 * np.random.default_rng(0).standard_normal((5000, 3))],
    ids=['nan', 'all the same', 'infinite', 'one point', 'far', 'a line', 'a speck'])
def test_degenerate_clouds_have_no_objects(points):
    """Nor do they raise."""
    assert not parts_of(points).objects


def test_a_plane_in_space_has_no_objects(scene):
    """Whatever its direction, and whether it is known which way is up."""
    points, truth = scene
    flat = points[truth == 0] - EYE
    for angles in ([0.0, 0.0, 0.0], [1.3, 0.2, 0.4]):
        turn = Rotation.from_euler('xyz', angles).as_matrix()
        for up in (None, turn[:, 2]):
            assert not segment(PointCloud(flat @ turn.T), up=up).objects


def test_two_million_points_need_little_memory(scene):
    """The scene is thinned before parts are looked for: less than 400 MB beyond the cloud."""
    points, _ = scene
    many = np.repeat(points, 1 + 2_000_000 // len(points), axis=0)
    many += 1e-4 * np.random.default_rng(0).standard_normal(many.shape)
    tracemalloc.start()
    found = parts_of(many)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.objects) == 3
    assert peak < 4e8


def test_what_stands_before_an_object_hides_it():
    """Half of the outline of a cube, or none."""
    lower = block(0.0, 0.0, 0.08)
    assert hidden_share(lower, block(-0.3, 0.0, 0.08), EYE) == 0.0
    assert hidden_share(lower, block(0.12, 0.0, 0.08), EYE) > 0.25


def test_settings_must_be_positive():
    """The error names the setting."""
    with pytest.raises(InvalidRequest, match='gap'):
        SegmentationSettings(gap=0.0)

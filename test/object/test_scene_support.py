# SPDX-License-Identifier: Apache-2.0
"""The support is what the objects stand on, whatever else is flat and in view."""

from dataclasses import replace

import numpy as np
import pytest
from table_scenes import AIM, box, CAN, CARTON, EYE, FLOOR, look, PACK, TABLE, THINGS, tube, WALL
import trimesh

from dexlite_ros.object.segmentation import segment

LOW_TABLE = box((0.6, 0.5, 0.03), 0.8, 0.0, -0.33)
CORNER_WALL = box((6.0, 0.02, 4.0), 0.0, 0.305, -1.0)
SCENES = {
    'wall': dict(),
    'wall at the edge': dict(furniture=(TABLE, FLOOR, CORNER_WALL)),
    'floor': dict(furniture=(TABLE, FLOOR), eye=(0.1, -0.9, 0.8)),
    'table alone': dict(furniture=(TABLE,)),
    'tilted camera': dict(roll=1.2),
    'camera upside down': dict(roll=3.0),
    'low camera': dict(eye=(0.1, -0.9, 0.18)),
    'shelf above': dict(
        furniture=(TABLE, FLOOR, WALL, box((0.9, 0.25, 0.02), 0.0, 0.2, 0.35)),
        eye=(0.1, -0.95, 0.35)),
    'shelf below': dict(
        furniture=(TABLE, FLOOR, box((1.4, 1.4, 0.02), 0.0, 0.0, -0.3)), eye=(0.1, -0.9, 0.8)),
    'a lower table': dict(
        things=(*THINGS, box((0.1, 0.1, 0.12), 0.75, 0.0, -0.3)),
        furniture=(TABLE, LOW_TABLE, FLOOR), eye=(0.4, -1.0, 0.6), aim=(0.3, 0.0, 0.0)),
    'a large box': dict(
        things=(box((0.3, 0.2, 0.25), -0.05, 0.1), CAN, box((0.08, 0.1, 0.05), -0.3, -0.1))),
    'a box on a box': dict(
        things=(trimesh.util.concatenate([
            box((0.25, 0.2, 0.1), -0.05, 0.1), box((0.08, 0.08, 0.1), 0.0, 0.1, 0.1)]), CAN)),
    'a box from above': dict(
        things=(box((0.3, 0.2, 0.25), 0.0, 0.05),), eye=(0.0, 0.04, 0.9), aim=(0.0, 0.05, 0.0)),
}


def tilt(segmentation, seen) -> float:
    """Return the angle between the support and the table [degrees]."""
    return float(np.degrees(np.arccos(min(1.0, segmentation.support.normal @ seen.up))))


def height_of_table(segmentation, seen) -> float:
    """Return how high the middle of the table is above the support [m]."""
    middle = -seen.pose[:3, :3].T @ seen.pose[:3, 3]
    return float(segmentation.support.height(middle[None])[0])


@pytest.mark.parametrize('name', SCENES)
def test_the_table_is_the_support(name):
    """Whether it is known which way is up or not; and every thing on it is one object."""
    seen = look(**SCENES[name])
    on_table = 3 if name == 'a lower table' else seen.labels.max()
    for up in (None, seen.up):
        found = segment(seen.cloud, up=up)
        assert tilt(found, seen) < 1.0
        assert abs(height_of_table(found, seen)) < 0.004
        scores = seen.found(found)
        assert set(scores) == set(range(1, on_table + 1))
        for purity, completeness in scores.values():
            assert purity > 0.85 and completeness > 0.6


@pytest.mark.parametrize('furniture', [
    (TABLE, FLOOR, WALL), (TABLE,), (WALL,)], ids=['room', 'table', 'wall'])
def test_nothing_stands_on_an_empty_table_or_a_wall(furniture):
    """No object is found; which way is up tells the table from the wall."""
    seen = look((), furniture)
    found = segment(seen.cloud)
    assert not found.objects and found.doubt == 'nothing_stands'
    found = segment(seen.cloud, up=seen.up)
    assert not found.objects
    if TABLE in furniture:
        assert tilt(found, seen) < 1.0 and found.doubt == 'nothing_stands'
    else:
        assert found.support is None and found.doubt == 'not_level'


def test_in_a_corner_only_gravity_tells():
    """What touches wall and table alike may stand on either, until up is known."""
    seen = look((box((0.16, 0.06, 0.2), 0.0, 0.265),), (TABLE, CORNER_WALL))
    found = segment(seen.cloud)
    assert found.support is None and not found.objects and found.doubt == 'ambiguous'
    found = segment(seen.cloud, up=seen.up)
    assert found.doubt is None and tilt(found, seen) < 1.0
    assert seen.found(found)[1] > (0.9, 0.8)


def test_a_table_seen_edge_on():
    """Its top is not seen; the wall behind is no support without a doubt."""
    seen = look(eye=(0.1, -0.9, 0.02), aim=(0.0, 0.0, 0.05))
    assert segment(seen.cloud).doubt == 'untouched'
    found = segment(seen.cloud, up=seen.up)
    assert not found.objects and found.doubt == 'from_below'


@pytest.mark.parametrize('seed', range(6))
def test_furniture_is_never_an_object(seed):
    """In drawn rooms with up to two walls, from anywhere above the table, rolled or not."""
    rng = np.random.default_rng(seed)
    width, depth, gap = rng.uniform((0.4, 0.4, 0.0), (1.4, 0.8, 0.3))
    furniture = [
        box((width, depth, 0.03), 0.0, 0.0, -0.03), FLOOR,
        box((6.0, 0.02, 4.0), 0.0, depth / 2 + gap + 0.011, -1.0)]
    if seed % 2:
        furniture.append(box((0.02, 6.0, 4.0), width / 2 + gap + 0.011, 0.0, -1.0))
    things = [box(rng.uniform(0.05, 0.12, 3), x, rng.uniform(-0.1, 0.1))
              for x in (-0.12, 0.1)[:rng.integers(3)]]
    azimuth, elevation = rng.uniform((-2.4, 0.2), (-0.7, 1.4))
    eye = rng.uniform(0.7, 1.1) * np.array([
        np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
        np.sin(elevation)])
    seen = look(things, furniture, eye, (0.0, 0.05, 0.05), rng.uniform(0.0, 6.0), seed)
    for up in (None, seen.up):
        found = segment(seen.cloud, up=up)
        assert all(np.mean(seen.labels[index] > 0) > 0.8 for index in found.objects)
        if found.objects:
            assert tilt(found, seen) < 2.0
        else:
            assert not things or found.refused or found.doubt


def test_two_tables_with_as_much_on_each():
    """One of them is the support, and that there is another is said."""
    seen = look(
        (CAN, CARTON, tube(0.05, 0.14, 0.65, -0.1, -0.3), box((0.16, 0.1, 0.2), 0.8, 0.1, -0.3)),
        (TABLE, LOW_TABLE, FLOOR), (0.4, -1.0, 0.6), (0.4, 0.0, -0.05))
    found = segment(seen.cloud, up=seen.up)
    assert found.doubt == 'second_support' and tilt(found, seen) < 1.0
    assert len(found.objects) == 2


def test_a_wrong_viewpoint_is_no_reason_for_objects():
    """Below the table, or at its height, a camera sees nothing on it."""
    seen = look()
    for height in (0.75, 0.0):
        world = np.eye(4)
        world[2, 3] = height
        moved = seen.moved(world @ seen.pose)
        wrong = replace(moved.cloud, viewpoint=None)
        assert len(segment(moved.cloud, up=moved.up).objects) == 3
        assert not segment(wrong, up=moved.up).objects
        assert not segment(wrong).objects


def test_the_frame_does_not_matter():
    """In another frame, with the viewpoint there, the objects are the same but for few points."""
    seen = look(eye=EYE, aim=AIM)
    expected = segment(seen.cloud)
    found = segment(seen.moved(seen.pose).cloud)
    assert len(found.objects) == len(expected.objects)
    for ours, theirs in zip(expected.objects, found.objects):
        assert len(np.intersect1d(ours, theirs)) > 0.97 * max(len(ours), len(theirs))


def test_the_same_cloud_gives_the_same_parts():
    """Whatever random numbers open3d gave before."""
    seen, other = look((CAN, PACK)), look(seed=1)
    first = segment(seen.cloud)
    segment(other.cloud)
    again = segment(seen.cloud)
    assert first.support.offset == again.support.offset
    for ours, theirs in zip(first.objects, again.objects):
        np.testing.assert_array_equal(ours, theirs)

# SPDX-License-Identifier: Apache-2.0
"""Parts of a scene that no hand can take are refused, each with its reason."""

from dataclasses import replace

import numpy as np
import pytest
from table_scenes import box, FLOOR, look, TABLE, THINGS, tube
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.scene_parts import DEFAULTS, Neighbours, SegmentationSettings
from dexlite_ros.object.segmentation import segment

FOURTH = len(THINGS) + 1
BALL = trimesh.creation.icosphere(radius=0.04)
ARM = trimesh.creation.cylinder(0.04, segment=[(0.6, -0.3, 0.35), (0.22, -0.15, 0.22)])
HAND_HELD = BALL.copy().apply_translation((0.2, -0.1, 0.25))
LONG, LAMP = box((0.75, 0.05, 0.2), 0.0, 0.2), tube(0.02, 0.7, -0.3, 0.15)
CRUMB, CARD = box((0.03, 0.03, 0.03), 0.0, -0.2), box((0.1, 0.1, 0.008), 0.0, -0.2)
CHAIR = box((0.1, 0.03, 0.9), -0.3, 0.45, -0.7)
NEAR = dict(eye=(0.0, -0.6, 0.4), aim=(0.0, -0.05, 0.0))


def reasons(seen, settings=DEFAULTS) -> dict[int, set[str]]:
    """Return the reasons for which parts were refused by the thing that they are mostly of."""
    told: dict[int, set[str]] = {}
    for part in segment(seen.cloud, settings).refused:
        label = int(np.bincount(seen.labels[part.points]).argmax())
        told.setdefault(label, set()).add(part.reason)
    return told


@pytest.mark.parametrize(('thing', 'reason', 'view', 'settings'), [
    (LONG, 'too_large', {}, {}), (HAND_HELD, 'floating', {}, {}),
    (LAMP, 'beyond_limits', dict(eye=(0.0, -1.1, 0.5), aim=(0.0, 0.0, 0.25)), {}),
    (CRUMB, 'too_small', NEAR, dict(min_points=50, min_size=0.05)),
    (CARD, 'too_low', NEAR, dict(min_height=0.015)),
    (CHAIR, 'beside', dict(eye=(0.0, -0.85, 0.6)), {})],
    ids=['long', 'held', 'lamp', 'crumb', 'card', 'chair'])
def test_it_is_an_obstacle(thing, reason, view, settings):
    """The others are objects all the same."""
    seen = look((*THINGS, thing), (TABLE, FLOOR), **view)
    settings = SegmentationSettings(**settings)
    assert reasons(seen, settings)[FOURTH] == {reason}
    found = segment(seen.cloud, settings)
    assert FOURTH not in seen.found(found) and found.doubt is None
    if reason != 'beyond_limits':
        assert np.isin(np.flatnonzero(seen.labels == FOURTH), found.rest).mean() > 0.9


def test_an_arm_that_reaches_in_from_the_border():
    """It is cut by the image or seen to float, never an object."""
    seen = look((*THINGS, ARM))
    assert reasons(seen)[FOURTH] <= {'cut', 'floating'}
    assert set(seen.found(segment(seen.cloud))) == {1, 2, 3}


def test_what_the_image_border_cuts():
    """With and without pixels; what is near the border is not cut, and a limit of 1 allows it."""
    seen = look(aim=(0.3, 0.05, 0.1))
    assert reasons(seen) == reasons(seen.unorganised()) == {3: {'cut'}}
    found = segment(seen.cloud, SegmentationSettings(max_cut=1.0))
    assert 3 in seen.found(found) and max(found.cuts) > 0.2
    whole = segment(look().cloud)
    assert len(whole.objects) == 3 and max(whole.cuts) == 0.0


def test_what_hides_its_foot_is_an_object():
    """A thing behind another may stand on the table, though only its upper part is seen."""
    seen = look((THINGS[0], tube(0.03, 0.25, 0.0, 0.16)))
    assert set(seen.found(segment(seen.cloud))) == {1, 2}


def test_what_reaches_the_range_is_cut_off():
    """An object half beyond max_range is none."""
    seen = look((THINGS[1],), (TABLE,))
    distance = np.linalg.norm(seen.cloud.points[seen.labels == 1], axis=1)
    settings = replace(DEFAULTS, max_range=float(np.median(distance)), min_points=20)
    assert reasons(seen, settings)[1] == {'beyond_limits'}


def test_parts_are_what_hangs_together():
    """Numbered from 0, apart from the points that are left out."""
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [9, 0, 0]])
    near = Neighbours(line, 1.1)
    np.testing.assert_array_equal(near.parts(np.ones(5, bool)), [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(
        near.parts(np.array([True, True, False, True, True])), [0, 0, -1, 1, 2])
    np.testing.assert_array_equal(near.parts(np.zeros(5, bool)), [-1] * 5)


def test_sizes_must_be_in_order():
    """The error names them."""
    with pytest.raises(InvalidRequest, match='min_size'):
        SegmentationSettings(min_size=0.7)

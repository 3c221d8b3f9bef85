# SPDX-License-Identifier: Apache-2.0
"""A hand with a two-way fingertip and wide sideways joints is understood from its geometry."""

import numpy as np
import pytest

from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.offline.hands.closing import Closing
from dexlite_ros.offline.hands.hand_import import import_hand


@pytest.fixture(scope='module')
def leap(tmp_path_factory) -> HandDescription:
    """Return the right LEAP Hand, exported and imported again."""
    path = tmp_path_factory.mktemp('leap') / 'right.xml'
    path.write_text(write_mjcf(LEAP_RIGHT))
    return import_hand(path, 'palm', LEAP_RIGHT.tip_links, lambda line: None).hand


def test_palm_and_thumb_are_found(leap):
    """However fingers may turn sideways, they point and close along the axes of the palm."""
    np.testing.assert_allclose(leap.palmar_direction, LEAP_RIGHT.palmar_direction, atol=1e-9)
    np.testing.assert_allclose(leap.finger_direction, LEAP_RIGHT.finger_direction, atol=1e-9)
    assert leap.pinch_points[0][0] == 'th_ds'
    for name in ('tips', 'tips_palm', 'wrap'):
        assert set(leap.contact_patterns[name]) == set(LEAP_RIGHT.contact_patterns[name])


def test_tips_touch_with_the_written_side(leap):
    """Also the thumb's, which bends either way: farther inwards than outwards."""
    for tip in LEAP_RIGHT.tip_links:
        found, written = leap.region(tip).side[0], LEAP_RIGHT.region(tip).side[0]
        assert np.dot(found.normal, written.normal) > 0.8
        link = next(each for each in leap.links if each.name == tip)
        end = np.array(min(
            (vertex for geom in link.geoms for vertex in geom.vertices),
            key=lambda vertex: vertex[1]))
        assert all(end @ np.array(space.normal) > space.offset for space in leap.region(tip).side)


@pytest.mark.parametrize('off', [0.0, 0.1, 0.24, 0.3, 0.6])
def test_the_palm_faces_across_the_fingers(off):
    """Whether or not fingers point along an axis, of which a palm is nearly one."""
    point, close = np.array([np.cos(off), 0.1, -np.sin(off)]), np.array([0.2, 0.0, -1.0])
    straight = np.array([point, point, point, [0.0, 1.0, 0.0]])
    directions = np.array([close, close, close, [1.0, 0.0, 0.0]])
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (straight, directions)]
    closing = Closing(
        np.zeros(3), 0.0, unit[1], unit[0], np.zeros((4, 3)), np.zeros(1), np.zeros(1))
    assert closing.common and closing.thumb == 3
    assert abs(closing.palmar @ closing.fingers) < 1e-9
    assert closing.palmar[2] < -0.7

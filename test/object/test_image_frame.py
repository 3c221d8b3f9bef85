# SPDX-License-Identifier: Apache-2.0
"""What ends on the border of the measured part of an image is cut."""

import numpy as np
import pytest

from dexlite_ros.object.cloud import organised_pixels
from dexlite_ros.object.image_frame import ImageFrame, NEAR

SIZE = (160, 120)
ALL = organised_pixels(*SIZE)


def block(left: int, right: int, top: int, bottom: int) -> np.ndarray:
    """Return the pixels (N, 2) of a rectangle, its ends included."""
    inside = (ALL >= [left, top]) & (ALL <= [right, bottom])
    return ALL[inside.all(axis=1)]


@pytest.mark.parametrize(('rim', 'low', 'high'), [
    ((0, 159, 0, 119), (0, 0), (159, 119)),
    ((12, 151, 0, 119), (12, 0), (151, 119)),
    ((40, 159, 30, 119), (0, 0), (159, 119))], ids=['full', 'rims', 'not a rim'])
def test_rims_without_measurements_are_outside(rim, low, high):
    """A stereo camera's left rim is; half an image of a wall too far away is not."""
    assert ImageFrame.of(block(*rim), SIZE) == ImageFrame(low, high)


def test_strays_do_not_move_the_border():
    """Some pixels beyond a rim are of no row or column."""
    pixels = np.concatenate([block(12, 159, 0, 119), block(2, 3, 50, 54)])
    assert ImageFrame.of(pixels, SIZE).low == (12, 0)


def test_the_share_on_the_border():
    """All of the height of what ends there, none of what ends before, and parts."""
    frame = ImageFrame.of(ALL, SIZE)
    assert frame.cut(block(0, 20, 40, 60)) == 1.0
    assert frame.cut(block(100, 159, 40, 60)) == 1.0
    assert frame.cut(block(NEAR + 1, 20, 40, 60)) == 0.0
    foot = np.concatenate([block(50, 59, 117, 119), block(40, 79, 60, 116)])
    assert frame.cut(foot) == pytest.approx(0.25)

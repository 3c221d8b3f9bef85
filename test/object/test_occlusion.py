# SPDX-License-Identifier: Apache-2.0
"""How much of an outline borders on something nearer."""

import numpy as np
import pytest

from dexlite_ros.object.occlusion import hidden_outline


def plate(low: tuple[float, float], high: tuple[float, float], away: float) -> np.ndarray:
    """Return points of a plate across the view of a camera at the origin that looks along z."""
    x, y = np.meshgrid(*(np.arange(a, b, 0.002) for a, b in zip(low, high)))
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, away)])


OBJECT = plate((-0.05, -0.05), (0.05, 0.05), 0.7)
EYE = np.zeros(3)


def test_alone_nothing_is_hidden():
    """Neither without walls, nor with one behind the object or beside it."""
    assert hidden_outline(OBJECT, EYE, np.zeros((0, 3))) == 0.0
    assert hidden_outline(OBJECT, EYE, plate((-0.3, -0.3), (0.3, 0.3), 1.0)) == 0.0
    assert hidden_outline(OBJECT, EYE, plate((0.051, -0.05), (0.1, 0.05), 0.7)) == 0.0
    assert hidden_outline(OBJECT, EYE, plate((0.1, -0.05), (0.2, 0.05), 0.5)) == 0.0


@pytest.mark.parametrize('sides', [1, 2])
def test_the_share_is_that_of_the_sides_that_are_hidden(sides):
    """Of a square, a quarter of the outline for each side along which something nearer stands."""
    share = 0.5 / 0.7  # of the size in the image, at half a metre
    right = plate((0.052 * share, -0.05 * share), (0.1, 0.05 * share), 0.5)
    left = right * [-1.0, 1.0, 1.0]
    found = hidden_outline(OBJECT, EYE, np.concatenate([right, left][:sides]))
    assert found == pytest.approx(0.25 * sides, abs=0.08)


def test_what_is_behind_the_camera_hides_nothing():
    """Nor does it appear in the image, mirrored."""
    assert hidden_outline(OBJECT, EYE, -plate((0.04, -0.05), (0.1, 0.05), 0.5)) == 0.0

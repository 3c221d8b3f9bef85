# SPDX-License-Identifier: Apache-2.0
"""Points are drawn where the camera sees them, near before far."""

import numpy as np

from dexlite_ros.output.camera_view import camera_view

SIZE = (120, 90)
RED, BLUE = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def _frame(depth: float) -> np.ndarray:
    """Return a grid of points (N, 3) that fills the same part of the image at any depth."""
    across, down = np.meshgrid(np.linspace(-0.4, 0.4, 60), np.linspace(-0.3, 0.3, 45))
    return depth * np.stack([across.ravel(), down.ravel(), np.ones(across.size)], axis=1)


def _draw(*layers: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    points = np.concatenate([points for points, _ in layers])
    colours = np.concatenate([np.tile(colour, (len(points), 1)) for points, colour in layers])
    return np.asarray(camera_view(points, colours, np.array([0.0, 0.0, 1.0]), SIZE))


def test_the_nearest_point_of_a_pixel_is_seen() -> None:
    """In whichever order they come."""
    for layers in ([(_frame(0.5), RED), (_frame(1.0), BLUE)],
                   [(_frame(1.0), BLUE), (_frame(0.5), RED)]):
        middle = _draw(*layers)[45, 60]
        assert middle[0] > 200 and middle[2] == 0


def test_right_is_right_and_down_is_down() -> None:
    """The optical frame has x to the right of the picture and y down."""
    points = _frame(1.0)
    corner = (points[:, 0] > 0.2) & (points[:, 1] > 0.15)
    rows, columns = np.nonzero(_draw((points[~corner], RED), (points[corner], BLUE))[..., 2] == 0)
    everywhere = _draw((points[~corner], RED), (points[corner], BLUE))
    blue = np.argwhere((everywhere[..., 2] > 100) & (everywhere[..., 0] == 0))
    assert len(rows) and len(columns) and len(blue)
    assert (blue[:, 0] > 45).all() and (blue[:, 1] > 60).all()


def test_farther_points_are_darker() -> None:
    """A slope that rises from near to far gets darker along the way."""
    points = _frame(1.0)
    points *= np.interp(points[:, :1], [-0.4, 0.4], [0.5, 1.5])
    row = _draw((points, RED))[45, 10:110, 0].astype(int)
    assert row[:20].mean() > row[40:60].mean() + 20 > row[-20:].mean() + 40

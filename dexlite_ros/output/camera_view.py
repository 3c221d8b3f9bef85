# SPDX-License-Identifier: Apache-2.0
"""Points as the camera sees them that measured them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SPLAT = 2
"""Radius of a point [pixels]."""
FAR_SHADE = 0.45
"""Brightness of the farthest points relative to the nearest."""


def camera_view(
    points: NDArray[np.float64], colours: NDArray[np.float64], middle: NDArray[np.float64],
    size: tuple[int, int], splat: int = SPLAT,
) -> Image.Image:
    """
    Return a picture of points, darker with distance, in which nearer ones hide those behind.

    :param points: (N, 3) in the optical frame: x right, y down, z forward [m]; z > 0
    :param colours: (N, 3) in [0, 1]
    :param middle: (3,) what is in the middle of the picture [m]
    :param size: width and height [pixels]
    :param splat: radius of a point [pixels]
    """
    depth = points[:, 2]
    shade = np.interp(depth, np.quantile(depth, [0.02, 0.98]), [1.0, FAR_SHADE])
    place = points[:, :2] / points[:, 2:] - middle[:2] / middle[2]
    reach = np.quantile(np.abs(place), 0.95, axis=0)
    width, height = size
    scale = 0.5 * min(width / reach[0], height / reach[1])
    column, row = np.round(place * scale + [width / 2, height / 2]).astype(int).T
    pixels = np.full((height, width, 3), 255, np.uint8)
    order = np.argsort(-depth, kind='stable')  # The nearest point of a pixel is drawn last.
    painted = (255 * colours * shade[:, None]).astype(np.uint8)[order]
    for right in range(-splat, splat + 1):
        for down in range(-splat, splat + 1):
            at = np.stack([row + down, column + right])[:, order]
            inside = ((at >= 0) & (at < [[height], [width]])).all(axis=0)
            pixels[at[0, inside], at[1, inside]] = painted[inside]
    return Image.fromarray(pixels)

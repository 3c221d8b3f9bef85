# SPDX-License-Identifier: Apache-2.0
"""Where the measured part of an organised cloud ends, and what ends there with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 2
"""Pixels from the border that count as on it."""
BAND = 0.12
"""Widest rim in which a sensor measures nothing, as a share of the image: stereo cameras have one
on the left."""
FILLED = 0.1
"""Share of the pixels of a row or column that are measured, from which it is in the image."""


@dataclass(frozen=True)
class ImageFrame:
    """The rectangle of an image in which a sensor measures."""

    low: tuple[int, int]
    """First column and row."""
    high: tuple[int, int]
    """Last column and row."""

    @classmethod
    def of(cls, pixels: NDArray[np.int64], image_size: tuple[int, int]) -> ImageFrame:
        """
        Return the frame of an organised cloud.

        :param pixels: (N, 2) column and row of its finite points
        :param image_size: columns and rows
        """
        low, high = [], []
        for axis, size in enumerate(image_size):
            across = image_size[1 - axis]
            counts = np.bincount(pixels[:, axis], minlength=size)
            held = np.flatnonzero(counts >= FILLED * across)
            first, last = (int(held[0]), int(held[-1])) if len(held) else (0, size - 1)
            low.append(first if first <= BAND * size else 0)
            high.append(last if last >= (1.0 - BAND) * size - 1 else size - 1)
        return cls((low[0], low[1]), (high[0], high[1]))

    def cut(self, pixels: NDArray[np.int64]) -> float:
        """
        Return the largest share of a part's width or height that lies on one side of the frame.

        :param pixels: (N, 2) column and row of its points, one at least
        """
        shares = []
        for axis in (0, 1):
            place, along = pixels[:, axis], pixels[:, 1 - axis]
            shares += [
                len(np.unique(along[on_side])) / (float(np.ptp(along)) + 1.0)
                for on_side in (place <= self.low[axis] + NEAR, place >= self.high[axis] - NEAR)]
        return max(shares)

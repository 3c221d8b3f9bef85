# SPDX-License-Identifier: Apache-2.0
"""Estimates that a tenth of wrong points does not spoil: least squares, places of faces, ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Model = Callable[[Array], tuple[Array, Array]]
"""From parameters (P,) to residuals (R,) and their derivatives (R, P)."""

_AGREE = 0.2
# Share of the rows of a face that end where it ends.
_ROWS = 4
# A face with fewer rows does not tell where it ends.


def minimise(
    model: Model, start: Array, scale: float, steps: int = 15
) -> tuple[Array, float]:
    """
    Return the parameters (P,) of the least Cauchy loss near ``start``, and the mean loss.

    Levenberg's damped and reweighted least squares: a step that raises the loss is not taken.

    :param model: residuals and derivatives.
    :param start: (P,) parameters to begin with.
    :param scale: typical residual of a good fit, in the unit of the residuals.
    :param steps: largest number of steps.
    """
    now, damping = np.asarray(start, dtype=np.float64), 1e-3
    residual, slope = model(now)
    loss = _loss(residual, scale)
    for _ in range(steps):
        weight = 1.0 / (1.0 + (residual / scale)**2)
        heavy = slope * weight[:, None]
        square, down = heavy.T @ slope, heavy.T @ residual
        ridge = damping * np.diag(square) + 1e-9 * np.trace(square)
        move = np.linalg.solve(square + np.diag(ridge), -down)
        after, steeper = model(now + move)
        new = _loss(after, scale)
        if not new < loss:
            damping *= 10.0
            if damping > 1e3:
                break
            continue
        done = loss - new < 1e-4 * loss
        now, residual, slope, loss = now + move, after, steeper, new
        damping = max(0.2 * damping, 1e-6)
        if done:
            break
    return now, loss


def _loss(residual: Array, scale: float) -> float:
    mean = float(np.log1p((residual / scale)**2).mean())
    return mean if np.isfinite(mean) else np.inf


def mode(values: Array, width: float) -> float:
    """
    Return the place where ``values`` (V,), at least one, are densest.

    :param width: of the neighbourhood counted, about twice the error of a value.
    """
    ordered = np.sort(values)
    count = (np.searchsorted(ordered, ordered + 0.5 * width, 'right')
             - np.searchsorted(ordered, ordered - 0.5 * width, 'left'))
    peak = float(np.median(ordered[count == count.max()]))
    return float(np.median(ordered[np.abs(ordered - peak) <= 0.5 * width]))


def row_ends(along: Array, across: Array, width: float, tolerance: float) -> Array | None:
    """
    Return the lowest and the highest ``along`` (2,) of a face; None if it has too few rows.

    A face ends at the outermost place where enough of its rows end. A neighbour that hides a part
    of the face shortens rows, and wrong points lengthen some, but not all to the same place.

    :param along: (V,) coordinates in the direction of the ends.
    :param across: (V,) coordinates that divide the points into rows.
    :param width: of a row; rows with fewer than two points are left out.
    :param tolerance: a few times the error of a row's end.
    """
    row = np.floor(across / width).astype(np.int64)
    _, row, count = np.unique(row, return_inverse=True, return_counts=True)
    low, high = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(low, row, along)
    np.maximum.at(high, row, along)
    if (count > 1).sum() < _ROWS:
        return None
    return np.array([-_outermost(-low[count > 1], tolerance),
                     _outermost(high[count > 1], tolerance)])


def _outermost(ends: Array, tolerance: float) -> float:
    """Return the highest place where enough of the rows end."""
    ordered = np.sort(ends)
    count = np.arange(1, len(ends) + 1) - np.searchsorted(ordered, ordered - tolerance)
    enough = min(max(_AGREE * len(ends), 3.0), count.max())
    outermost = ordered[np.flatnonzero(count >= enough)[-1]]
    near = np.abs(ordered - (outermost - 0.5 * tolerance)) <= tolerance
    return float(np.median(ordered[near]))

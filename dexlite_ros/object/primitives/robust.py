# SPDX-License-Identifier: Apache-2.0
"""Estimates that a tenth of wrong points does not spoil: least squares, places of faces, ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Model = Callable[[Array], tuple[Array, Array]]
"""From parameters (P,) to residuals (R,) and their derivatives (R, P)."""

# Width of a row [spacings].
_ROW = 2.0
# The last point of a row lies this far before the face ends [spacings]: half of what it is for
# points at random places, twice that of points in a square grid.
_BEFORE = 0.25
# A face with fewer rows does not tell where it ends.
_ROWS = 4
# Share of the rows of the largest face that end where a face ends, ...
_AGREE = 0.2
# ... and share of the most rows of this face that end at any one place.
_ALIKE = 0.4


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
    # One of the values: between two places that are equally dense there may be none.
    peak = float(np.quantile(ordered[count == count.max()], 0.5, method='lower'))
    return float(np.median(ordered[np.abs(ordered - peak) <= 0.5 * width]))


def row_ends(along: Array, across: Array, spacing: float) -> Array:
    """
    Return where each row of a face ends (2, M): minus its lowest, and its highest ``along``.

    :param along: (V,) coordinates in the direction of the ends.
    :param across: (V,) coordinates that divide the points into rows.
    :param spacing: of the points; rows with fewer than two of them are left out.
    """
    row = np.floor(across / (_ROW * spacing)).astype(np.int64)
    _, row, count = np.unique(row, return_inverse=True, return_counts=True)
    ends = np.full((2, len(count)), -np.inf)
    np.maximum.at(ends[0], row, -along)
    np.maximum.at(ends[1], row, along)
    # The last point of a row lies before its end.
    return ends[:, count > 1] + _BEFORE * spacing


def outermost(faces: list[Array], tolerance: float) -> float | None:
    """
    Return where a solid ends, given how far the rows (M,) of each of its faces reach.

    This is the outermost place where enough rows of one face end. A neighbour that hides a part
    of a face shortens rows, and wrong points lengthen some, but not all to the same place. None if
    there are too few rows to tell.

    :param faces: highest coordinates of the rows of each face.
    :param tolerance: a few times the error of a row's end.
    """
    most = max(map(len, faces), default=0)
    if most < _ROWS:
        return None
    found = []
    for ends in faces:
        ordered = np.sort(ends)
        count = np.arange(1, len(ends) + 1) - np.searchsorted(ordered, ordered - tolerance)
        agreed = np.flatnonzero(
            count >= max(_AGREE * most, _ALIKE * count.max(initial=0), 3.0))
        if len(agreed):
            place = ordered[agreed[-1]] - 0.5 * tolerance
            found.append(float(np.median(ordered[np.abs(ordered - place) <= tolerance])))
    return max(found, default=None)


def local_minima(loss: Array) -> NDArray[np.integer]:
    """Return where (M,) a loss (Y,) over all directions is no larger than beside, best first."""
    index = np.flatnonzero((loss <= np.roll(loss, 1)) & (loss <= np.roll(loss, -1)))
    return index[np.argsort(loss[index], kind='stable')]

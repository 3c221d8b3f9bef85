# SPDX-License-Identifier: Apache-2.0
"""
Symmetries consistent with one view: moves of the object onto itself that the view permits.

A move is a distance-preserving map x -> R x + t. Moved points that land in space seen to be empty
contradict it; moved points that land on other seen points support it. S is the number of points, G
of moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree, ConvexHull
from scipy.spatial.transform import Rotation

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.depth_view import DepthView
from dexlite_ros.object.isometries import Isometries, rotations
from dexlite_ros.object.viewpoint import sphere_directions

_MANY = 10_000
"""Number of points whose neighbours are found faster by several threads."""


@dataclass(frozen=True)
class Evidence:
    """Evidence for and against G moves, each (G,); shares of the moved points."""

    violation: NDArray[np.float64]
    """Mean depth in space seen to be empty, as a share of 2 cm."""
    overlap: NDArray[np.float64]
    """Share that lands on a seen point with a similar normal."""
    hidden: NDArray[np.float64]
    """Share that lands in unobserved space, on no seen point."""

    def support(self) -> NDArray[np.float64]:
        """Return the share (G,) of overlap among the points that could overlap."""
        return self.overlap / (1.05 - self.hidden)


Cost = Callable[[Isometries, int | None], NDArray[np.float64]]
"""Returns the cost (G,) of moves, evaluated on the given number of points."""


@dataclass(frozen=True)
class SymmetrySettings:
    """Thresholds for accepting a symmetry."""

    violation: float = 0.012
    """Largest mean depth of moved points in empty space, as a share of 2 cm."""
    overlap: float = 0.35
    """Smallest share of moved points that land on seen ones."""
    revolution_violation: float = 0.008
    """The same for bodies of revolution."""
    revolution_overlap: float = 0.4
    """The same for bodies of revolution."""
    turns: int = 12
    """Number of rotations that represent all rotations about an axis."""
    samples: int = 400
    """Number of points used by a search."""
    growth: float = 0.7
    """Cost of enlarging the object by a factor of e through a move."""


class SymmetryFinder:
    """Searches for the moves that are consistent with a view of an object."""

    def __init__(
        self,
        points: Points,
        normals: Points,
        view: DepthView,
        spacing: float,
        noise: float = 0.0,
        settings: SymmetrySettings | None = None,
    ) -> None:
        """
        Prepare a search.

        :param points: (N, 3) seen [m].
        :param normals: (N, 3) unit, outwards.
        :param view: tells which space was seen to be empty.
        :param spacing: of the points [m].
        :param noise: typical error of a point [m].
        :param settings: None: the defaults.
        """
        self.settings = settings or SymmetrySettings()
        pick = np.random.default_rng(0).permutation(len(points))[: self.settings.samples]
        self._points, self._normals = points[pick], normals[pick]
        # QJ: they may be flat.
        self._outermost = self._points[ConvexHull(self._points, qhull_options='QJ').vertices]
        self._view = view
        self._seen = cKDTree(points)
        self._all_normals = normals
        self._reach = max(0.004, 1.3 * spacing, 2.5 * noise)
        self._unsure = max(0.003, 2.0 * noise)

    def evidence(self, moves: Isometries, samples: int | None = None) -> Evidence:
        """Return the evidence for every move, from the first ``samples`` points."""
        points, normals = self._points[:samples], self._normals[:samples]
        moved = moves.apply(points)
        flat, shape = moved.reshape(-1, 3), moved.shape[:2]
        depth = self._view.behind(flat).reshape(shape)
        near, index = self._seen.query(
            flat, distance_upper_bound=self._reach, workers=-1 if len(flat) > _MANY else 1)
        turned = moves.turn(normals).reshape(-1, 3)
        index[index == len(self._all_normals)] = 0
        alike = np.einsum('ni,ni->n', turned, self._all_normals[index]) > 0.7
        overlap = (np.isfinite(near) & alike).reshape(shape)
        return Evidence(
            np.clip((-depth - self._unsure) / 0.02, 0.0, 1.0).mean(axis=1),
            overlap.mean(axis=1),
            (~overlap & (depth > 0.0)).mean(axis=1),
        )

    def revolution(self, up: Points | None) -> Isometries | None:
        """
        Return rotations about the axis of revolution; None if the object has no such axis.

        Of several axes, as for a ball, the one whose rotations cover most of the unseen side.

        :param up: (3,) direction to try besides a free fit and the image axes; None if unknown.
        """
        angle = 2.0 * np.pi * np.arange(self.settings.turns) / self.settings.turns
        limit, best, most = self.settings, None, -1.0
        for axis in (up, None, self._view.axes[0], self._view.axes[1]):
            direction, foot = self.fit_axis(axis)
            moves = rotations(direction, foot, angle, 'revolution')
            found = self.evidence(moves[1:])
            believed = found.violation.mean() < limit.revolution_violation
            believed &= found.support().mean() > limit.revolution_overlap
            if believed and found.hidden.mean() > most:
                best, most = moves, found.hidden.mean()
        return best

    def fit_axis(self, axis: Points | None) -> tuple[Points, Points]:
        """
        Return the line (direction, point) closest to intersecting the lines along all normals.

        A least-squares fit, linear in the line's Pluecker coordinates (Pottmann and Randrup 1998),
        reweighted to reduce the influence of normals that miss the line.

        :param axis: (3,) fixed unit direction; None: fit the direction as well.
        """
        centre = self._points.mean(axis=0)
        scale = float(np.linalg.norm(self._points - centre, axis=1).mean())
        local = (self._points - centre) / scale
        moment = np.cross(local, self._normals)
        weight = np.ones(len(local))
        for _ in range(8):
            direction, foot = _meet(self._normals, moment, weight, axis)
            miss = np.cross(local - foot, self._normals) @ direction
            weight = 1.0 / (1.0 + (miss / 0.05) ** 2)
        return direction, centre + scale * foot

    def best(self, candidates: Isometries) -> Isometries | None:
        """
        Return the identity and the most plausible of ``candidates``; None if none is plausible.

        :param candidates: single moves to choose from.
        """
        move = self._search(candidates, self._cost)
        found = self.evidence(move)
        if found.violation[0] > self.settings.violation:
            return None
        return move.with_identity() if found.overlap[0] > self.settings.overlap else None

    def tightest(self, candidates: Isometries) -> Isometries | None:
        """
        Return the identity and the one of ``candidates`` that enlarges the object least.

        For moves of the seen half onto the unseen one, such as the inversion of a box: the view
        cannot support them, so of all moves that it does not contradict, the one with the smallest
        resulting object is chosen.

        :param candidates: single moves to choose from.
        """
        def cost(moves: Isometries, samples: int | None) -> NDArray[np.float64]:
            excess = self.evidence(moves, samples).violation - self.settings.violation
            return self._growth(moves) + 100.0 * np.maximum(excess, 0.0)

        move = self._search(candidates, cost)
        allowed = self.evidence(move).violation[0] < 1.5 * self.settings.violation
        return move.with_identity() if allowed else None

    def _search(self, candidates: Isometries, cost: Cost) -> Isometries:
        """Return the move of lowest cost near ``candidates``, using more and more points."""
        pool = candidates[np.argsort(cost(candidates, 100))[:8]]
        for scale in (1.0, 0.4):
            pool = pool.conjugated(self._nudges(scale))
            pool = pool[np.argsort(cost(pool, 200))[:4]]
        return pool[np.argsort(cost(pool, None))[:1]]

    def places(self, right: int, down: int, deep: int, up: Points | None = None) -> Points:
        """
        Return candidate centres (P, 3) of the object [m], on a lattice aligned with the view.

        :param right: number of positions along the middle half of the image's width.
        :param down: the same along its height.
        :param deep: number of positions from the nearest point to half a size behind the farthest.
        :param up: (3,) unit direction used as the image's vertical; None: that of the camera.
        """
        axes = self._view.axes
        if up is not None:
            side = np.cross(axes[2], up)
            side /= max(float(np.linalg.norm(side)), 1e-9)
            axes = np.stack([side, up, np.cross(side, up)])
            axes[2] *= np.sign(axes[2] @ self._view.axes[2])
        along = self._points @ axes.T
        low, high = along.min(axis=0), along.max(axis=0)
        middle, half = 0.5 * (low + high), 0.25 * (high - low)
        size = float((high - low).max())
        grid = np.meshgrid(
            np.linspace(middle[0] - half[0], middle[0] + half[0], right),
            np.linspace(middle[1] - half[1], middle[1] + half[1], down) if down > 1 else middle[1],
            np.linspace(low[2], high[2] + 0.5 * size, deep),
            indexing='ij',
        )
        return np.stack([g.ravel() for g in grid], axis=1) @ axes

    def _cost(self, moves: Isometries, samples: int | None = None) -> NDArray[np.float64]:
        found = self.evidence(moves, samples)
        cost = 10.0 * found.violation - 0.7 * found.support() - 0.2 * found.hidden
        cost += 2.0 * np.maximum(self.settings.overlap - found.overlap, 0.0)
        return cost + self.settings.growth * self._growth(moves)

    def _nudges(self, scale: float) -> Isometries:
        """Return small moves: the identity and random ones, about the centre of the points."""
        rng = np.random.default_rng(1)
        size = float(np.ptp(self._points, axis=0).max())
        turn = Rotation.from_rotvec(rng.normal(0.0, 0.04 * scale, (40, 3))).as_matrix()
        turn[0] = np.eye(3)
        shift = rng.normal(0.0, 0.02 * scale * size, (40, 3))
        shift[0] = 0.0
        centre = self._points.mean(axis=0)
        return Isometries(turn, shift + centre - turn @ centre)

    def _growth(self, moves: Isometries) -> NDArray[np.float64]:
        """Return the logarithm (G,) of the factor by which each move enlarges the object."""
        directions = sphere_directions(120)
        own = directions @ self._outermost.T  # (120, S)
        # d . (R x + t) is the coordinate of x along R^T d, moved by t; many moves share R.
        matrices, which = np.unique(moves.matrices, axis=0, return_inverse=True)
        along = directions @ matrices @ self._outermost.T  # (R, 120, S)
        shift = moves.offsets @ directions.T  # (G, 120)
        high = np.maximum(along.max(axis=2)[which] + shift, own.max(axis=1))
        low = np.minimum(along.min(axis=2)[which] + shift, own.min(axis=1))
        growth: NDArray[np.float64] = np.log(
            (high - low).mean(axis=1) / np.ptp(own, axis=1).mean())
        return 3.0 * growth


def _meet(
    normals: Points,
    moment: Points,
    weight: NDArray[np.float64],
    axis: Points | None,
) -> tuple[Points, Points]:
    """Return the line (direction, point) nearest to the lines given by normals and moments."""
    if axis is not None:
        side = np.cross(normals, axis) * weight[:, None]
        foot, *_ = np.linalg.lstsq(side, (moment @ axis) * weight, rcond=1e-6)
        return axis, foot.astype(np.float64)
    rows = np.concatenate([moment, normals], axis=1) * weight[:, None]  # (S, 6)
    matrix = rows.T @ rows
    # Unit direction: eliminate the line's moment, which is free; take the smallest eigenvector.
    lower = np.linalg.pinv(matrix[3:, 3:], rcond=1e-6)
    reduced = matrix[:3, :3] - matrix[:3, 3:] @ lower @ matrix[3:, :3]
    _, vectors = np.linalg.eigh(reduced)
    direction = vectors[:, 0]
    line_moment = -lower @ matrix[3:, :3] @ direction
    return direction, np.cross(direction, line_moment)

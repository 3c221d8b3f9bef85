"""
Symmetries that one view allows: moves of the object onto itself that nothing seen contradicts.

A move is a distance-preserving map x -> R x + t. It is contradicted by every moved point that
lands in space seen to be empty, and supported by those that land on other seen points. S is the
number of points, G of moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.depth_view import DepthView
from dexlite_ros.object.isometries import Isometries, rotations
from dexlite_ros.object.viewpoint import sphere_directions


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against G moves, each (G,); shares of the moved points."""

    violation: NDArray[np.float64]
    """Mean depth in space seen to be empty, as a share of 2 cm."""
    overlap: NDArray[np.float64]
    """On a seen point whose normal agrees."""
    hidden: NDArray[np.float64]
    """Where the camera could not look, on no seen point."""

    def support(self) -> NDArray[np.float64]:
        """Return the share (G,) of overlap among the points that could overlap."""
        return self.overlap / (1.05 - self.hidden)


Cost = Callable[[Isometries, int | None], NDArray[np.float64]]
"""Cost (G,) of moves, judged by so many points."""


@dataclass(frozen=True)
class SymmetrySettings:
    """When a symmetry is believed."""

    violation: float = 0.012
    """Largest mean depth of moved points in empty space, as a share of 2 cm."""
    overlap: float = 0.35
    """Smallest share of moved points on seen ones."""
    revolution_violation: float = 0.008
    """The same for bodies of revolution."""
    revolution_overlap: float = 0.4
    """The same for bodies of revolution."""
    turns: int = 12
    """Rotations that stand for all rotations about an axis."""
    samples: int = 400
    """Points a search looks at."""
    growth: float = 0.7
    """What a search pays for each e-fold the object grows by a move."""


class SymmetryFinder:
    """Searches the moves that a view of an object allows."""

    def __init__(
        self,
        points: Points,
        normals: Points,
        view: DepthView,
        spacing: float,
        settings: SymmetrySettings | None = None,
    ) -> None:
        """
        Prepare a search.

        :param points: (N, 3) seen [m].
        :param normals: (N, 3) unit, outwards.
        :param view: what was seen empty.
        :param spacing: of the points [m].
        :param settings: None takes the defaults.
        """
        self.settings = settings or SymmetrySettings()
        pick = np.random.default_rng(0).permutation(len(points))[: self.settings.samples]
        self._points, self._normals = points[pick], normals[pick]
        self._view = view
        self._seen = cKDTree(points)
        self._all_normals = normals
        self._reach = max(0.004, 1.3 * spacing)

    def evidence(self, moves: Isometries, samples: int | None = None) -> Evidence:
        """Weigh every move, looking at the first ``samples`` points."""
        points, normals = self._points[:samples], self._normals[:samples]
        moved = moves.apply(points)
        flat, shape = moved.reshape(-1, 3), moved.shape[:2]
        depth = self._view.behind(flat).reshape(shape)
        near, index = self._seen.query(flat, distance_upper_bound=self._reach, workers=-1)
        turned = moves.turn(normals).reshape(-1, 3)
        index[index == len(self._all_normals)] = 0
        alike = np.einsum('ni,ni->n', turned, self._all_normals[index]) > 0.7
        overlap = (np.isfinite(near) & alike).reshape(shape)
        return Evidence(
            np.clip((-depth - 0.003) / 0.02, 0.0, 1.0).mean(axis=1),
            overlap.mean(axis=1),
            (~overlap & (depth > 0.0)).mean(axis=1),
        )

    def revolution(self, up: Points | None) -> Isometries | None:
        """
        Return the turns about the axis of revolution, if the object is such a body.

        Of several axes, as a ball has, the one whose turns show most of the unseen side.

        :param up: (3,) direction to try beside a free fit and the image's axes; None if unknown.
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
        Return the line (direction, foot) that the normals' lines meet best.

        Linear in the line's Pluecker coordinates (Pottmann and Randrup 1998), reweighted against
        normals that miss it.

        :param axis: (3,) unit direction to hold to; None fits it too.
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
        Return the identity and the most believable of ``candidates``, None if none is.

        :param candidates: single moves to choose from.
        """
        move = self._search(candidates, self._cost)
        found = self.evidence(move)
        if found.violation[0] > self.settings.violation:
            return None
        return move.with_identity() if found.overlap[0] > self.settings.overlap else None

    def tightest(self, candidates: Isometries) -> Isometries | None:
        """
        Return the identity and the one of ``candidates`` that lets the object grow least.

        For moves of the seen half onto the unseen, as the inversion of a box: nothing can speak
        for them, so of all that nothing speaks against, the smallest object is taken.

        :param candidates: single moves to choose from.
        """
        def cost(moves: Isometries, samples: int | None) -> NDArray[np.float64]:
            excess = self.evidence(moves, samples).violation - self.settings.violation
            return self._growth(moves) + 100.0 * np.maximum(excess, 0.0)

        move = self._search(candidates, cost)
        allowed = self.evidence(move).violation[0] < 1.5 * self.settings.violation
        return move.with_identity() if allowed else None

    def _search(self, candidates: Isometries, cost: Cost) -> Isometries:
        """Return the cheapest move near ``candidates``, looking at ever more points."""
        pool = candidates[np.argsort(cost(candidates, 100))[:8]]
        for scale in (1.0, 0.4):
            pool = pool.conjugated(self._nudges(scale))
            pool = pool[np.argsort(cost(pool, 200))[:4]]
        return pool[np.argsort(cost(pool, None))[:1]]

    def places(self, right: int, down: int, deep: int, up: Points | None = None) -> Points:
        """
        Return where an object's middle can be (P, 3) [m]: a lattice aligned with the view.

        :param right: number of places along the middle half of the image's width.
        :param down: the same along its height.
        :param deep: number of places from the nearest point to half a size behind the farthest.
        :param up: (3,) unit direction that counts as the image's height; None keeps the camera's.
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
        """Return small moves: the identity and random ones, about the middle of the points."""
        rng = np.random.default_rng(1)
        size = float(np.ptp(self._points, axis=0).max())
        turn = Rotation.from_rotvec(rng.normal(0.0, 0.04 * scale, (40, 3))).as_matrix()
        turn[0] = np.eye(3)
        shift = rng.normal(0.0, 0.02 * scale * size, (40, 3))
        shift[0] = 0.0
        centre = self._points.mean(axis=0)
        return Isometries(turn, shift + centre - turn @ centre)

    def _growth(self, moves: Isometries) -> NDArray[np.float64]:
        """Return the logarithm (G,) of how much larger the object gets by each move."""
        directions = sphere_directions(120)
        own = self._points @ directions.T  # (S, 120)
        moved = moves.apply(self._points) @ directions.T  # (G, S, 120)
        high = np.maximum(moved.max(axis=1), own.max(axis=0))
        low = np.minimum(moved.min(axis=1), own.min(axis=0))
        growth: NDArray[np.float64] = np.log(
            (high - low).mean(axis=1) / np.ptp(own, axis=0).mean())
        return 3.0 * growth


def _meet(
    normals: Points,
    moment: Points,
    weight: NDArray[np.float64],
    axis: Points | None,
) -> tuple[Points, Points]:
    """Return the line (direction, foot) least missed by the lines of normals and moments."""
    if axis is not None:
        side = np.cross(normals, axis) * weight[:, None]
        foot, *_ = np.linalg.lstsq(side, (moment @ axis) * weight, rcond=1e-6)
        return axis, foot.astype(np.float64)
    rows = np.concatenate([moment, normals], axis=1) * weight[:, None]  # (S, 6)
    matrix = rows.T @ rows
    # Unit direction: eliminate the line's moment, which is free, then the smallest eigenvector.
    lower = np.linalg.pinv(matrix[3:, 3:], rcond=1e-6)
    reduced = matrix[:3, :3] - matrix[:3, 3:] @ lower @ matrix[3:, :3]
    _, vectors = np.linalg.eigh(reduced)
    direction = vectors[:, 0]
    line_moment = -lower @ matrix[3:, :3] @ direction
    return direction, np.cross(direction, line_moment)


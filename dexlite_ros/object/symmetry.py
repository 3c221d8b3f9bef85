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
from dexlite_ros.object.depth_view import DepthView, sphere_directions


@dataclass(frozen=True)
class Moves:
    """Moves of an object onto itself, the identity first."""

    matrices: Points
    """(G, 3, 3) orthogonal; determinant -1 for reflections."""
    offsets: Points
    """(G, 3) [m]."""
    name: str = 'none'
    """``none``, ``mirror``, ``half-turn``, ``inversion``, ``revolution`` or a sum of them."""

    def apply(self, points: Points) -> Points:
        """Return (G, N, 3) images of ``points`` (N, 3) [m]."""
        return np.einsum('gij,nj->gni', self.matrices, points) + self.offsets[:, None]

    def turn(self, vectors: Points) -> Points:
        """Return (G, N, 3) images of free ``vectors`` (N, 3)."""
        return np.einsum('gij,nj->gni', self.matrices, vectors)

    def inverse(self) -> Moves:
        """Return the moves backwards."""
        back = self.matrices.transpose(0, 2, 1)
        return Moves(back, -np.einsum('gij,gj->gi', back, self.offsets), self.name)

    def __len__(self) -> int:
        return len(self.matrices)

    def __getitem__(self, index: slice | NDArray[np.integer]) -> Moves:
        """Select moves."""
        return Moves(self.matrices[index], self.offsets[index], self.name)

    def conjugated(self, frames: Moves) -> Moves:
        """Return every move as it is after the object was moved by every one of ``frames``."""
        back = frames.inverse()
        matrices = np.einsum('fij,gjk,fkl->fgil', frames.matrices, self.matrices, back.matrices)
        inner = np.einsum('gij,fj->fgi', self.matrices, back.offsets) + self.offsets
        offsets = np.einsum('fij,fgj->fgi', frames.matrices, inner) + frames.offsets[:, None]
        return Moves(matrices.reshape(-1, 3, 3), offsets.reshape(-1, 3), self.name)

    def with_identity(self) -> Moves:
        """Return these moves after the identity."""
        return Moves(
            np.concatenate([IDENTITY.matrices, self.matrices]),
            np.concatenate([IDENTITY.offsets, self.offsets]),
            self.name,
        )

    def then(self, other: Moves) -> Moves:
        """Return the products of every move with every one of ``other``."""
        matrices = np.einsum('hij,gjk->hgik', other.matrices, self.matrices)
        offsets = np.einsum('hij,gj->hgi', other.matrices, self.offsets) + other.offsets[:, None]
        return Moves(
            matrices.reshape(-1, 3, 3), offsets.reshape(-1, 3), f'{self.name}+{other.name}'
        )


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


IDENTITY = Moves(np.eye(3)[None], np.zeros((1, 3)))


Cost = Callable[[Moves, int | None], NDArray[np.float64]]
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

    def evidence(self, moves: Moves, samples: int | None = None) -> Evidence:
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

    def revolution(self, axis: Points | None) -> Moves | None:
        """
        Return the turns about the axis of revolution, if the object is such a body.

        :param axis: (3,) direction to hold to; None estimates it too.
        """
        turn = self.fit_axis(axis)
        if turn is None:
            return None
        direction, foot = turn
        angle = 2.0 * np.pi * np.arange(self.settings.turns) / self.settings.turns
        moves = rotations(direction, foot, angle, 'revolution')
        found = self.evidence(moves[1:])
        limit = self.settings
        if found.violation.mean() > limit.revolution_violation:
            return None
        return moves if found.support().mean() > limit.revolution_overlap else None

    def fit_axis(self, axis: Points | None) -> tuple[Points, Points] | None:
        """
        Return the line (direction, foot) that the normals' lines meet best.

        Linear in the line's Plücker coordinates (Pottmann and Randrup 1998), reweighted against
        normals that miss it.
        """
        centre = self._points.mean(axis=0)
        scale = float(np.linalg.norm(self._points - centre, axis=1).mean())
        local = (self._points - centre) / scale
        moment = np.cross(local, self._normals)
        weight = np.ones(len(local))
        line: tuple[Points, Points] | None = None
        for _ in range(8):
            line = _meet(self._normals, moment, weight, axis)
            if line is None:
                return None
            miss = np.cross(local - line[1], self._normals) @ line[0]
            weight = 1.0 / (1.0 + (miss / 0.05) ** 2)
        return line[0], centre + scale * line[1]

    def best(self, candidates: Moves) -> Moves | None:
        """
        Return the identity and the most believable of ``candidates``, None if none is.

        :param candidates: single moves to choose from.
        """
        move = self._search(candidates, self._cost)
        found = self.evidence(move)
        if found.violation[0] > self.settings.violation:
            return None
        return move.with_identity() if found.overlap[0] > self.settings.overlap else None

    def tightest(self, candidates: Moves) -> Moves | None:
        """
        Return the identity and the one of ``candidates`` that lets the object grow least.

        For moves of the seen half onto the unseen, as the inversion of a box: nothing can speak
        for them, so of all that nothing speaks against, the smallest object is taken.

        :param candidates: single moves to choose from.
        """
        def cost(moves: Moves, samples: int | None) -> NDArray[np.float64]:
            excess = self.evidence(moves, samples).violation - self.settings.violation
            return self._growth(moves) + 100.0 * np.maximum(excess, 0.0)

        move = self._search(candidates, cost)
        allowed = self.evidence(move).violation[0] < 1.5 * self.settings.violation
        return move.with_identity() if allowed else None

    def _search(self, candidates: Moves, cost: Cost) -> Moves:
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

    def _cost(self, moves: Moves, samples: int | None = None) -> NDArray[np.float64]:
        found = self.evidence(moves, samples)
        cost = 10.0 * found.violation - 0.7 * found.support() - 0.2 * found.hidden
        cost += 2.0 * np.maximum(self.settings.overlap - found.overlap, 0.0)
        return cost + self.settings.growth * self._growth(moves)

    def _nudges(self, scale: float) -> Moves:
        """Return small moves: the identity and random ones, about the middle of the points."""
        rng = np.random.default_rng(1)
        size = float(np.ptp(self._points, axis=0).max())
        turn = Rotation.from_rotvec(rng.normal(0.0, 0.04 * scale, (40, 3))).as_matrix()
        turn[0] = np.eye(3)
        shift = rng.normal(0.0, 0.02 * scale * size, (40, 3))
        shift[0] = 0.0
        centre = self._points.mean(axis=0)
        return Moves(turn, shift + centre - turn @ centre)

    def _growth(self, moves: Moves) -> NDArray[np.float64]:
        """Return the logarithm (G,) of how much larger the object gets by each move."""
        directions = sphere_directions(120)
        own = self._points @ directions.T  # (S, 120)
        moved = moves.apply(self._points) @ directions.T  # (G, S, 120)
        high = np.maximum(moved.max(axis=1), own.max(axis=0))
        low = np.minimum(moved.min(axis=1), own.min(axis=0))
        return 3.0 * np.log((high - low).mean(axis=1) / np.ptp(own, axis=0).mean())


def mirrors(points: Points, normals: Points, step: float) -> Moves:
    """
    Return reflections in planes of the given normals at all offsets across ``points``.

    :param points: (N, 3) [m].
    :param normals: (P, 3) unit.
    :param step: between offsets [m].
    """
    along = points @ normals.T
    low, high = along.min(axis=0), along.max(axis=0)
    pairs = [
        (n, d)
        for n, lo, hi in zip(normals, low, high, strict=True)
        for d in np.arange(lo + 0.3 * (hi - lo), hi + 0.2 * (hi - lo), step)
    ]
    n = np.array([p[0] for p in pairs])
    d = np.array([p[1] for p in pairs])
    return Moves(np.eye(3) - 2.0 * n[:, :, None] * n[:, None], 2.0 * d[:, None] * n, 'mirror')


def half_turns(axis: Points, feet: Points) -> Moves:
    """Return half turns about lines along ``axis`` (3,) through ``feet`` (P, 3) [m]."""
    matrix = np.broadcast_to(2.0 * np.outer(axis, axis) - np.eye(3), (len(feet), 3, 3))
    return Moves(matrix, feet - feet @ matrix[0].T, 'half-turn')


def inversions(centres: Points) -> Moves:
    """Return point reflections in ``centres`` (P, 3) [m]."""
    matrix = np.broadcast_to(-np.eye(3), (len(centres), 3, 3))
    return Moves(matrix, 2.0 * centres, 'inversion')


def rotations(axis: Points, foot: Points, angles: NDArray[np.float64], name: str) -> Moves:
    """Return turns by ``angles`` (G,) [rad] about the line through ``foot`` along ``axis``."""
    matrices = Rotation.from_rotvec(angles[:, None] * axis).as_matrix()
    return Moves(matrices, foot - matrices @ foot, name)


def _meet(
    normals: Points,
    moment: Points,
    weight: NDArray[np.float64],
    axis: Points | None,
) -> tuple[Points, Points] | None:
    """Return the line (direction, foot) least missed by the lines of normals and moments."""
    if axis is not None:
        side = np.cross(normals, axis) * weight[:, None]
        foot, *_ = np.linalg.lstsq(side, (moment @ axis) * weight, rcond=1e-6)
        return axis, foot
    rows = np.concatenate([moment, normals], axis=1) * weight[:, None]  # (S, 6)
    matrix = rows.T @ rows
    # Unit direction: eliminate the line's moment, which is free, then the smallest eigenvector.
    lower = np.linalg.pinv(matrix[3:, 3:], rcond=1e-6)
    reduced = matrix[:3, :3] - matrix[:3, 3:] @ lower @ matrix[3:, :3]
    _, vectors = np.linalg.eigh(reduced)
    direction = vectors[:, 0]
    line_moment = -lower @ matrix[3:, :3] @ direction
    return direction, np.cross(direction, line_moment)


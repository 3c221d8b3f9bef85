# SPDX-License-Identifier: Apache-2.0
"""
Ranked grasps as text.

Ranks count from 0, the best, wherever people or programs read them: a grasp's rank is its index in
the plan, in its file and in the messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

HEADER = 'rank  score     x [m]    y [m]    z [m]   residual  penetration [mm]'


class TableRow(NamedTuple):
    """One grasp; the position is the palm's at the grasp stage [m], penetration in metres."""

    rank: int
    score: float
    position: tuple[float, float, float]
    residual: float
    penetration: float


def rank_label(rank: int, rest: str) -> str:
    """Return the caption of one grasp in pictures and markers, e.g. ``#0  score 0.97``."""
    return f'#{rank}  {rest}'


def grasp_table(rows: Iterable[TableRow]) -> str:
    """Return one line per grasp below a header."""
    lines = [HEADER]
    for row in rows:
        x, y, z = row.position
        lines.append(
            f'{row.rank:4d}  {row.score:5.3f}  {x:8.4f} {y:8.4f} {z:8.4f}  '
            f'{row.residual:9.1e}  {1e3 * row.penetration:16.2f}')
    return '\n'.join(lines)

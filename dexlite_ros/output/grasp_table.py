# SPDX-License-Identifier: Apache-2.0
"""Ranked grasps as a text table."""

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


def grasp_table(rows: Iterable[TableRow]) -> str:
    """Return one line per grasp below a header; ranks count from 1."""
    lines = [HEADER]
    for row in rows:
        x, y, z = row.position
        lines.append(
            f'{row.rank + 1:4d}  {row.score:5.3f}  {x:8.4f} {y:8.4f} {z:8.4f}  '
            f'{row.residual:9.1e}  {1e3 * row.penetration:16.2f}')
    return '\n'.join(lines)

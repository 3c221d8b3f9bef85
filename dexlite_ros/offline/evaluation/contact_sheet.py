# SPDX-License-Identifier: Apache-2.0
"""Pictures for a quick visual check: grasps that held or did not, and closed surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dexlite_ros.offline.evaluation.cells import Cell
from dexlite_ros.offline.evaluation.closed_view import ClosedView, write_closed_views
from dexlite_ros.offline.evaluation.figures import Content, outcomes
from dexlite_ros.offline.objects.sources import load_target
from dexlite_ros.output.grasp_table import rank_label
from dexlite_ros.output.picture import ColouredMesh, grasp_panel, OBJECT_COLOUR, write_sheet
from dexlite_ros.output.plan_file import read_grasps

COLUMNS = 4
"""Columns of successes, and as many of failures."""
PANEL = (240, 240)
SURFACES_MAX = 64
"""Largest number of closed surfaces in a picture."""
GREEN, RED = (20, 120, 40), (180, 30, 20)
Shown = tuple[Cell, Content, int]
"""A cell, its content, the rank of one grasp."""


def write_contact_sheet(
    path: Path, cells: list[tuple[Cell, Content]], test: str, rows: int = 4
) -> Path | None:
    """
    Write successes (left) and failures (right) and return the path; None without grasps.

    Each object is shown at most once on each side, with its best-ranked grasp that held or
    failed; objects that fail most come first among the failures.
    """
    held = [_first(cell, content, test, True) for cell, content in cells]
    failed = [_first(cell, content, test, False) for cell, content in sorted(
        cells, key=lambda pair: outcomes(pair[1], test).mean() if pair[1]['grasps'] else 0.0)]
    count = COLUMNS * rows
    sides = [_spread(_once(held), count), _once(failed)[:count]]
    if not any(sides):
        return None
    rows = -(-max(map(len, sides)) // COLUMNS)
    panels = []
    for row in range(rows):
        for side, colour in zip(sides, (GREEN, RED)):
            shown = side[row * COLUMNS:(row + 1) * COLUMNS]
            panels += [_panel(*each, test, colour) for each in shown]
            panels += [Image.new('RGB', PANEL, 'white')] * (COLUMNS - len(shown))
    return write_sheet(path, panels, 2 * COLUMNS)


def write_surfaces(path: Path, cells: list[tuple[Cell, Content]]) -> Path | None:
    """
    Write the closed surface of each object beside the true one, and return the path.

    Each object is shown once, and at most 64 are, spread over all. None if no plan has one.
    """
    first = {content['object']: (cell, content) for cell, content in reversed(cells)
             if cell.closed.exists()}
    shown = list(first.values())[::-1]
    if not shown:
        return None
    views = []
    for index in np.unique(np.linspace(0, len(shown) - 1, SURFACES_MAX).astype(int)):
        cell, content = shown[index]
        mesh, _ = load_target(cell.target, cell.scale)
        label = f'{content["object"]}\n{content["plan"]["surface_method"]}'
        views.append((label, mesh.apply_transform(np.array(content['pose'])),
                      ClosedView.read(cell.closed)))
    return write_closed_views(path, views)


def _first(cell: Cell, content: Content, test: str, passed: bool) -> Shown | None:
    """Return the best grasp of a cell with that outcome."""
    ranks = np.flatnonzero(outcomes(content, test) == passed)
    return (cell, content, int(ranks[0])) if len(ranks) else None


def _once(shown: list[Shown | None]) -> list[Shown]:
    """Return the first entry of each object."""
    return list({each[1]['object']: each for each in reversed(shown) if each}.values())[::-1]


def _spread(shown: list[Shown], count: int) -> list[Shown]:
    """Return ``count`` entries, spread evenly over the list."""
    if len(shown) <= count:
        return shown
    return [shown[int(index)] for index in np.linspace(0, len(shown) - 1, count)]


def _panel(
    cell: Cell, content: Content, rank: int, test: str, colour: tuple[int, int, int]
) -> Image.Image:
    grasp_set = read_grasps(cell.grasps)
    mesh, _ = load_target(cell.target, cell.scale)
    mesh.apply_transform(np.array(content['pose']))
    target = ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), OBJECT_COLOUR)
    reason = content['grasps'][rank]['verdicts'][test]['reason']
    label = f'{content["object"][:26]}\n{rank_label(rank, reason)}'
    return grasp_panel(
        grasp_set.hand, grasp_set.grasps.grasp[[rank]], [target], label, PANEL, colour)

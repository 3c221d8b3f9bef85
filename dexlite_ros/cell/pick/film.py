# SPDX-License-Identifier: Apache-2.0
"""An animation of picks: the camera's view and one from the side, next to each other."""

from __future__ import annotations

from pathlib import Path
import threading

import numpy as np
from numpy.typing import NDArray
from PIL import Image
import trimesh

from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.files import replaced
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.output.picture import (
    ColouredMesh,
    link_colour,
    OBJECT_COLOUR,
    render,
    write_label,
)

INTERVAL = 0.2
"""Simulated time between two pictures [s]; they are shown twice as fast."""
SIZE = (300, 300)
"""Of each of the two views [pixels]."""
TABLE_COLOUR = (0.82, 0.80, 0.76)
SIDE = np.array([0.25, -1.0, 0.45])
"""Direction from the table to the second view's camera."""
FRAME = np.array([
    [x, y, z] for x in (-0.25, 0.22) for y in (-0.22, 0.22) for z in (0.0, 0.38)])
"""What fills the pictures [m]."""


class Film:
    """Watches a simulation; pictures are drawn when all is over."""

    def __init__(self) -> None:
        self._shots: list[tuple[list[ColouredMesh], NDArray[np.float64], str]] = []

    def watch(self, simulation: CellSimulation, label: str, stop: threading.Event) -> None:
        """Remember where everything is, every ``INTERVAL``, until ``stop``."""
        hand = simulation.hand
        links = dict(zip(hand.link_names, link_meshes(hand)))
        table = trimesh.creation.box((0.6, 0.6, 0.01)).apply_translation((0.0, 0.0, -0.005))
        last = -np.inf
        while not stop.is_set():
            now = simulation.state().time
            if now - last >= INTERVAL:
                last = now
                poses, motions = simulation.poses()
                shown = [_coloured(each.mesh, motion, OBJECT_COLOUR)
                         for each, motion in zip(simulation.objects, motions)]
                shown += [ColouredMesh(
                    trimesh.transform_points(vertices, poses[name]), faces,
                    link_colour(hand, name)) for name, (vertices, faces) in links.items()]
                shown.append(_coloured(table, np.eye(4), TABLE_COLOUR))
                self._shots.append((shown, simulation.camera.pose[:3, 3], label))
            stop.wait(0.02)

    def write(self, path: Path) -> Path:
        """Draw everything and write a GIF, twice as fast as it was."""
        pictures = [_picture(*shot) for shot in self._shots]
        with replaced(path) as temporary:
            pictures[0].save(
                temporary, format='GIF', save_all=True, append_images=pictures[1:], loop=0,
                duration=round(500 * INTERVAL), optimize=True)
        return path


def _picture(
    shown: list[ColouredMesh], eye: NDArray[np.float64], label: str
) -> Image.Image:
    views = [render(shown, direction, SIZE, FRAME) for direction in (eye, SIDE)]
    write_label(views[0], label)
    both = Image.new('RGB', (2 * SIZE[0], SIZE[1]))
    for index, view in enumerate(views):
        both.paste(view, (index * SIZE[0], 0))
    return both.quantize(64)


def _coloured(
    mesh: trimesh.Trimesh, motion: NDArray[np.float64], colour: tuple[float, float, float]
) -> ColouredMesh:
    return ColouredMesh(
        trimesh.transform_points(mesh.vertices, motion), np.asarray(mesh.faces), colour)

# SPDX-License-Identifier: Apache-2.0
"""
The 3D part of the page: cloud, surfaces, the hands, their contacts and forces, axes and a grid.

Each kind of thing is a node of viser's scene that is shown or hidden with all that is below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.output.browser.drawn_hand import AXES, Colour, DrawnHand, smooth_shaded
from dexlite_ros.output.browser.viewed_plan import Up, ViewedPlan
from dexlite_ros.output.hand_view import view_in_palm

if TYPE_CHECKING:
    from viser import MeshHandle, SceneApi, SceneNodeHandle

Vector = NDArray[np.float64]
Part = Literal['cloud', 'surfaces', 'hand', 'contacts', 'forces', 'approach', 'palm axes',
               'frame axes', 'grid']
PARTS: dict[Part, bool] = {
    'cloud': True, 'surfaces': True, 'hand': True, 'contacts': True, 'forces': True,
    'approach': False, 'palm axes': False, 'frame axes': True, 'grid': True}
"""What can be shown and hidden, and whether it is shown at first."""
CLOUD_COLOUR: Colour = (28, 70, 140)
SURFACE_COLOURS: tuple[Colour, ...] = (
    (240, 178, 96), (118, 190, 150), (176, 150, 214), (214, 140, 160))
POINT_SIZE = 0.001
SURFACE_OPACITY = 0.75
CELL, SECTION, GRID = 0.01, 0.05, 0.4
"""Small squares, large squares and side of the grid [m]."""
DISTANCE = 0.42
"""From the camera to what one hand holds, which it looks at [m]; two hold what is larger."""
STEEPEST, FLATTEST = np.deg2rad(60.0), np.deg2rad(20.0)
"""How far above the horizon the camera may stand at first."""
PLANES: dict[str, Literal['yz', 'xz', 'xy']] = {'x': 'yz', 'y': 'xz', 'z': 'xy'}
"""The plane of the grid for the axis that is up."""


@dataclass(frozen=True)
class Style:
    """How a plan is drawn at first."""

    shown: dict[Part, bool]
    """Which parts are to be seen."""
    hand_opacity: float
    """1: nothing is seen through it."""
    force_scale: float
    """Length of the arrows of forces [mm/N]."""


class PlanScene:
    """Draws one plan, of which one grasp, or one pair, at one stage is seen."""

    def __init__(self, scene: SceneApi, plan: ViewedPlan, style: Style) -> None:
        """Draw what does not depend on the grasp, in place of all that was there before."""
        self._scene, self._plan = scene, plan
        scene.reset()
        self.parts: dict[Part, SceneNodeHandle] = {
            part: scene.add_frame(f'/{part}', show_axes=False, visible=style.shown[part])
            for part in PARTS}
        self._draw_cloud()
        self.surfaces = [
            self._draw_surface(index) for index in range(len(plan.geometry.surfaces))]
        self.hands = [
            DrawnHand(scene, each, number, style.hand_opacity, style.force_scale)
            for number, each in enumerate(plan.hands)]
        scene.add_frame('/frame axes/origin', axes_length=AXES, axes_radius=AXES / 40)
        self.turn_up(plan.up)

    def show_part(self, part: Part, on: bool) -> None:
        """Show or hide a kind of thing."""
        self.parts[part].visible = on

    def show_surface(self, index: int, on: bool) -> None:
        """Show or hide one of the surfaces that the object may have."""
        self.surfaces[index].visible = on

    def show_hand(self, rank: int, stage: float) -> None:
        """Move all hands to a stage of a grasp: 0 pregrasp, 1 grasp, 2 squeeze, or between."""
        for each in self.hands:
            each.show(rank, stage)

    def fade_hand(self, opacity: float) -> None:
        """Make the hands more or less transparent; 1: not at all."""
        for each in self.hands:
            each.fade(opacity)

    def scale_forces(self, millimetres_per_newton: float) -> None:
        """Draw the forces longer or shorter."""
        for each in self.hands:
            each.scale_forces(millimetres_per_newton)

    def turn_up(self, up: Up) -> None:
        """Turn the scene so that an axis of the frame is up, with the grid below everything."""
        self._scene.set_up_direction(up)
        axis, sign = 'xyz'.index(up[1]), -1.0 if up[0] == '-' else 1.0
        points = self._points()
        place = self._plan.centre().copy()
        place[axis] = sign * (sign * points[:, axis]).min()
        self._scene.add_grid(
            '/grid/squares', GRID, GRID, plane=PLANES[up[1]], cell_size=CELL,
            section_size=SECTION, cell_color=(222, 224, 228), section_color=(176, 182, 192),
            position=place)

    def camera(self, rank: int, up: Up) -> tuple[Vector, Vector]:
        """Return where (3,) to look at a grasp from, and at what (3,) [m]."""
        grasp = self._plan.grasps.grasp
        height = np.zeros(3)
        height['xyz'.index(up[1])] = -1.0 if up[0] == '-' else 1.0
        direction = grasp.rotation[rank].double().numpy() @ view_in_palm(self.hands[0].hand)
        flat = direction - (direction @ height) * height
        angle = np.clip(
            np.arctan2(direction @ height, np.linalg.norm(flat)), FLATTEST, STEEPEST)
        direction = np.cos(angle) * flat / np.linalg.norm(flat) + np.sin(angle) * height
        if self._plan.partner is not None:
            target = self._plan.centre()
            return target + (DISTANCE + np.ptp(self._points(), axis=0).max()) * direction, target
        palm = grasp.translation[rank].double().numpy()
        target = 0.6 * self._plan.centre() + 0.4 * palm
        return target + DISTANCE * direction, target

    def _points(self) -> Vector:
        """Return all points of cloud and surfaces; without them, the palms (N, 3)."""
        geometry = self._plan.geometry
        found = [each.vertices for each in geometry.surfaces]
        if geometry.cloud is not None:
            found.append(geometry.cloud)
        return np.concatenate(found or [self._plan.grasps.grasp.translation.double().numpy()])

    def _draw_cloud(self) -> None:
        if self._plan.geometry.cloud is not None:
            # float16, viser's usual precision, is off by a millimetre two metres from the origin.
            self._scene.add_point_cloud(
                '/cloud/points', self._plan.geometry.cloud, CLOUD_COLOUR, point_size=POINT_SIZE,
                point_shape='circle', precision='float32')

    def _draw_surface(self, index: int) -> MeshHandle:
        surface = self._plan.geometry.surfaces[index]
        smooth = smooth_shaded(trimesh.Trimesh(surface.vertices, surface.faces, process=False))
        return self._scene.add_mesh_simple(
            f'/surfaces/{index}', np.asarray(smooth.vertices), np.asarray(smooth.faces),
            color=SURFACE_COLOURS[index % len(SURFACE_COLOURS)], opacity=SURFACE_OPACITY,
            side='double', visible=index == 0)

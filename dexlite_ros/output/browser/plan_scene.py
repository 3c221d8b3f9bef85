# SPDX-License-Identifier: Apache-2.0
"""
The 3D part of the page: cloud, surfaces, one hand, its contacts and forces, axes and a grid.

Each kind of thing is a node of viser's scene that is shown or hidden with all that is below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.output.browser.posed_hand import pose_hand
from dexlite_ros.output.browser.viewed_plan import GraspFacts, Up, ViewedPlan
from dexlite_ros.output.hand_view import view_in_palm
from dexlite_ros.output.picture import link_colour

if TYPE_CHECKING:
    from viser import ArrowsHandle, MeshHandle, SceneApi, SceneNodeHandle

Colour = tuple[int, int, int]
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
CONTACT_COLOUR: Colour = (255, 205, 0)
FORCE_COLOUR: Colour = (190, 0, 0)
APPROACH_COLOUR: Colour = (40, 110, 230)
CONTACT_RADIUS = 0.0028
POINT_SIZE = 0.001
SURFACE_OPACITY = 0.75
AXES = 0.05
"""Length of the axes [m]."""
WAY = 0.10
"""Length of the arrow along the approach, which is the way that was looked at [m]."""
CELL, SECTION, GRID = 0.01, 0.05, 0.4
"""Small squares, large squares and side of the grid [m]."""
CREASE = np.deg2rad(30.0)
"""Faces that meet at a smaller angle are shaded as one round surface."""
DISTANCE = 0.42
"""From the camera to what it looks at [m]."""
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
    """Draws one plan, of which one hand at one stage is seen."""

    def __init__(self, scene: SceneApi, plan: ViewedPlan, style: Style) -> None:
        """Draw what does not depend on the grasp, in place of all that was there before."""
        self._scene, self._plan = scene, plan
        self._hand = find_hand(plan.hand)
        self._kinematics = HandKinematics(self._hand)
        self._scale = style.force_scale
        self._rank = -1
        scene.reset()
        self.parts: dict[Part, SceneNodeHandle] = {
            part: scene.add_frame(f'/{part}', show_axes=False, visible=style.shown[part])
            for part in PARTS}
        self._draw_cloud()
        self.surfaces = [
            self._draw_surface(index) for index in range(len(plan.geometry.surfaces))]
        self.links = [self._draw_link(index) for index in range(len(self._hand.links))]
        self.fade_hand(style.hand_opacity)
        self._palm = scene.add_frame(
            '/palm axes/palm', axes_length=AXES, axes_radius=AXES / 40)
        scene.add_frame('/frame axes/origin', axes_length=AXES, axes_radius=AXES / 40)
        self.turn_up(plan.up)

    def show_part(self, part: Part, on: bool) -> None:
        """Show or hide a kind of thing."""
        self.parts[part].visible = on

    def show_surface(self, index: int, on: bool) -> None:
        """Show or hide one of the surfaces that the object may have."""
        self.surfaces[index].visible = on

    def show_hand(self, rank: int, stage: float) -> None:
        """Move the hand to a stage of a grasp: 0 pregrasp, 1 grasp, 2 squeeze, or between."""
        posed = pose_hand(self._kinematics, self._plan.grasps, rank, stage)
        for link, position, wxyz in zip(self.links, posed.link_positions, posed.link_wxyzs):
            link.position, link.wxyz = position, wxyz
        self._palm.position, self._palm.wxyz = posed.palm_position, posed.palm_wxyz
        if rank != self._rank:
            self._rank = rank
            self._draw_contacts()
            self._draw_approach()

    def fade_hand(self, opacity: float) -> None:
        """Make the hand more or less transparent; 1: not at all."""
        for link in self.links:
            link.opacity = None if opacity == 1.0 else opacity

    def scale_forces(self, millimetres_per_newton: float) -> None:
        """Draw the forces longer or shorter."""
        self._scale = millimetres_per_newton
        self._draw_contacts()

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
        direction = grasp.rotation[rank].double().numpy() @ view_in_palm(self._hand)
        flat = direction - (direction @ height) * height
        angle = np.clip(
            np.arctan2(direction @ height, np.linalg.norm(flat)), FLATTEST, STEEPEST)
        direction = np.cos(angle) * flat / np.linalg.norm(flat) + np.sin(angle) * height
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
        smooth = _smooth(trimesh.Trimesh(surface.vertices, surface.faces, process=False))
        return self._scene.add_mesh_simple(
            f'/surfaces/{index}', np.asarray(smooth.vertices), np.asarray(smooth.faces),
            color=SURFACE_COLOURS[index % len(SURFACE_COLOURS)], opacity=SURFACE_OPACITY,
            side='double', visible=index == 0)

    def _draw_link(self, index: int) -> MeshHandle:
        link = self._hand.links[index]
        smooth = _smooth(link_mesh(link))
        red, green, blue = (round(255 * each) for each in link_colour(self._hand, link.name))
        return self._scene.add_mesh_simple(
            f'/hand/{link.name}', np.asarray(smooth.vertices), np.asarray(smooth.faces),
            color=(red, green, blue))

    def _facts(self) -> GraspFacts:
        return self._plan.facts[self._rank]

    def _draw_contacts(self) -> None:
        """Draw balls at the contacts, and arrows that end there."""
        contacts = self._facts().contacts
        points = np.array([each.point for each in contacts]).reshape(-1, 3)
        forces = np.array([each.force for each in contacts]).reshape(-1, 3)
        ball = trimesh.creation.icosphere(subdivisions=2, radius=CONTACT_RADIUS)
        upright = np.tile([1.0, 0.0, 0.0, 0.0], (len(points), 1))
        self._scene.add_batched_meshes_simple(
            '/contacts/points', np.asarray(ball.vertices), np.asarray(ball.faces), upright, points,
            batched_colors=CONTACT_COLOUR)
        ends = np.stack([points - 1e-3 * self._scale * forces, points], axis=1)
        self.forces = self._arrows('/forces/arrows', ends, FORCE_COLOUR)

    def _draw_approach(self) -> None:
        """Draw the way of the palm to its pregrasp."""
        direction = self._facts().approach_direction
        ways = np.zeros((0, 2, 3))
        if direction is not None:
            palm = self._plan.grasps.pregrasp[[self._rank]]
            centre = torch.tensor(self._hand.grasp_centre, dtype=palm.rotation.dtype)
            end = (palm.rotation[0] @ centre + palm.translation[0]).double().numpy()
            ways = np.stack([end - WAY * direction, end])[None]
        self.approach = self._arrows('/approach/arrow', ways, APPROACH_COLOUR)

    def _arrows(self, name: str, ends: NDArray[np.float64], colour: Colour) -> ArrowsHandle:
        return self._scene.add_arrows(
            name, ends, colour, shaft_radius=0.0016, head_radius=0.0036, head_length=0.009)


def _smooth(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return the same surface with vertices parted along creases, which then look sharp."""
    smooth: trimesh.Trimesh = trimesh.graph.smooth_shade(mesh, angle=CREASE)
    return smooth

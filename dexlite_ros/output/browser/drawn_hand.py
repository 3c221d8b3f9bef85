# SPDX-License-Identifier: Apache-2.0
"""One hand in viser's scene: its links, the axes of its palm, its contacts and its approach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
import torch
import trimesh

from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.output.browser.posed_hand import pose_hand
from dexlite_ros.output.browser.viewed_plan import GraspFacts, ViewedPlan
from dexlite_ros.output.picture import link_colour

if TYPE_CHECKING:
    from viser import ArrowsHandle, MeshHandle, SceneApi

Colour = tuple[int, int, int]
CONTACT_COLOUR: Colour = (255, 205, 0)
FORCE_COLOUR: Colour = (190, 0, 0)
APPROACH_COLOUR: Colour = (40, 110, 230)
CONTACT_RADIUS = 0.0028
AXES = 0.05
"""Length of the axes [m]."""
WAY = 0.10
"""Length of the arrow along the approach, which is the way that was looked at [m]."""
CREASE = np.deg2rad(30.0)
"""Faces that meet at a smaller angle are shaded as one round surface."""


class DrawnHand:
    """Draws one of the hands of a plan, below the nodes of the scene's parts."""

    def __init__(
        self, scene: SceneApi, plan: ViewedPlan, number: int, opacity: float, force_scale: float
    ) -> None:
        """
        Draw the links; where they are is told by ``show``.

        :param plan: of this hand
        :param number: of the hand, 0 or 1
        :param opacity: of the hand; 1: nothing is seen through it
        :param force_scale: length of the arrows of forces [mm/N]
        """
        self._scene, self._plan, self._number = scene, plan, number
        self.hand: HandDescription = find_hand(plan.hand)
        self._kinematics = HandKinematics(self.hand)
        self._scale = force_scale
        self._rank = -1
        self.links = [self._draw_link(index) for index in range(len(self.hand.links))]
        self.fade(opacity)
        self._palm = scene.add_frame(
            f'/palm axes/{number}', axes_length=AXES, axes_radius=AXES / 40)

    def show(self, rank: int, stage: float) -> None:
        """Move the hand to a stage of a grasp: 0 pregrasp, 1 grasp, 2 squeeze, or between."""
        posed = pose_hand(self._kinematics, self._plan.grasps, rank, stage)
        for link, position, wxyz in zip(self.links, posed.link_positions, posed.link_wxyzs):
            link.position, link.wxyz = position, wxyz
        self._palm.position, self._palm.wxyz = posed.palm_position, posed.palm_wxyz
        if rank != self._rank:
            self._rank = rank
            self._draw_contacts()
            self._draw_approach()

    def fade(self, opacity: float) -> None:
        """Make the hand more or less transparent; 1: not at all."""
        for link in self.links:
            link.opacity = None if opacity == 1.0 else opacity

    def scale_forces(self, millimetres_per_newton: float) -> None:
        """Draw the forces longer or shorter."""
        self._scale = millimetres_per_newton
        self._draw_contacts()

    def _draw_link(self, index: int) -> MeshHandle:
        link = self.hand.links[index]
        smooth = smooth_shaded(link_mesh(link))
        red, green, blue = (round(255 * each) for each in link_colour(self.hand, link.name))
        return self._scene.add_mesh_simple(
            f'/hand/{self._number}/{link.name}', np.asarray(smooth.vertices),
            np.asarray(smooth.faces), color=(red, green, blue))

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
            f'/contacts/{self._number}', np.asarray(ball.vertices), np.asarray(ball.faces),
            upright, points, batched_colors=CONTACT_COLOUR)
        ends = np.stack([points - 1e-3 * self._scale * forces, points], axis=1)
        self.forces = self._arrows('forces', ends, FORCE_COLOUR)

    def _draw_approach(self) -> None:
        """Draw the way of the palm to its pregrasp."""
        direction = self._facts().approach_direction
        ways = np.zeros((0, 2, 3))
        if direction is not None:
            palm = self._plan.grasps.pregrasp[[self._rank]]
            centre = torch.tensor(self.hand.grasp_centre, dtype=palm.rotation.dtype)
            end = (palm.rotation[0] @ centre + palm.translation[0]).double().numpy()
            ways = np.stack([end - WAY * direction, end])[None]
        self.approach = self._arrows('approach', ways, APPROACH_COLOUR)

    def _arrows(self, part: str, ends: NDArray[np.float64], colour: Colour) -> ArrowsHandle:
        return self._scene.add_arrows(
            f'/{part}/{self._number}', ends, colour, shaft_radius=0.0016, head_radius=0.0036,
            head_length=0.009)


def smooth_shaded(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return the same surface with vertices parted along creases, which then look sharp."""
    smooth: trimesh.Trimesh = trimesh.graph.smooth_shade(mesh, angle=CREASE)
    return smooth

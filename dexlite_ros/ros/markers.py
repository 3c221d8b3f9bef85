# SPDX-License-Identifier: Apache-2.0
"""
A plan as RViz markers: the surface it was made on, and for each grasp hand, contacts, forces, ...

Namespaces are ``surface``, ``hand/<rank>`` (id: link), ``contacts``, ``forces``, ``approach`` and
``label`` (id: rank), so that each can be toggled in RViz. Every array starts with DELETEALL,
because the next plan may have fewer grasps. Letters: K grasps shown, L links, T triangles.
"""

from __future__ import annotations

from dataclasses import dataclass

from geometry_msgs.msg import Pose, Vector3
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
import torch
from torch import Tensor
from visualization_msgs.msg import Marker, MarkerArray

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.output.grasp_table import rank_label
from dexlite_ros.plan import Contacts, GraspPlan
from dexlite_ros.ros.conversions import points, pose
from dexlite_ros.rotations import rotmat_to_unitquat

ARROW_LENGTH = 0.08
FORCE_LENGTH = 0.04
CONTACT_DIAMETER = 0.006
LABEL_HEIGHT = 0.012
SURFACE = 'surface'
"""Namespace of the closed surface of the object."""


@dataclass(frozen=True)
class MarkerStyle:
    """Style of the markers."""

    max_hands: int
    """Number of best grasps to draw."""
    alpha: float
    """Opacity of the best hand; the others have half of it."""


class PlanMarkers:
    """
    Draws plans of one hand.

    The triangles of a link never change, only its pose; they are converted to messages once.
    """

    def __init__(self, description: HandDescription) -> None:
        self._kinematics = HandKinematics(description)
        self._palmar = torch.tensor(description.palmar_direction)
        self._centre = torch.tensor(description.grasp_centre)
        self._triangles = [
            points(torch.as_tensor(vertices[faces].reshape(-1, 3), dtype=torch.float64))
            for vertices, faces in link_meshes(description)
        ]

    def draw(self, plan: GraspPlan, header: Header, style: MarkerStyle) -> MarkerArray:
        """
        Return the markers of the object's surface and of the best grasps.

        :param plan: plan with poses and surface in ``header.frame_id``.
        :param header: header of every marker.
        :param style: number of hands and their opacity.
        """
        count = min(style.max_hands, len(plan))
        shown = plan.grasps.grasp[:count]
        markers = list(self.draw_surface(plan.surface, header).markers)
        for rank in range(count):
            colour = _colour(float(plan.score[rank]), style.alpha * (1.0 if rank == 0 else 0.5))
            markers += self._hand(shown[rank:rank + 1], rank, header, colour)
            markers += _contacts(plan.contacts[rank], rank, header)
            markers += self._signs(shown[rank:rank + 1], rank, header, float(plan.score[rank]))
        return MarkerArray(markers=markers)

    def draw_surface(self, surface: ObjectSurface, header: Header) -> MarkerArray:
        """Return the markers of an object's surface in ``header.frame_id``, without a grasp."""
        return MarkerArray(markers=[*clear_markers(header).markers, _surface(surface, header)])

    def _hand(
        self, grasp: GraspBatch, rank: int, header: Header, colour: ColorRGBA
    ) -> list[Marker]:
        poses = self._kinematics(grasp.to(dtype=torch.float32))
        quats = rotmat_to_unitquat(poses.rotation[0])  # (L, 4)
        hand = []
        for link, triangles in enumerate(self._triangles):
            if triangles:
                marker = _marker(header, f'hand/{rank}', link, Marker.TRIANGLE_LIST, 1.0)
                marker.pose = pose(poses.position[0, link].tolist(), quats[link].tolist())
                marker.points = triangles
                marker.color = colour
                hand.append(marker)
        return hand

    def _signs(
        self, grasp: GraspBatch, rank: int, header: Header, score: float
    ) -> list[Marker]:
        """Return the arrow along the palm's approach and the label behind the palm."""
        rotation, origin = grasp.rotation[0], grasp.translation[0]
        along = rotation @ self._palmar.to(rotation)
        tip = rotation @ self._centre.to(rotation) + origin
        arrow = _marker(header, 'approach', rank, Marker.ARROW, 0.0)
        arrow.points = points(torch.stack([tip - ARROW_LENGTH * along, tip]))
        arrow.scale = Vector3(x=0.004, y=0.010, z=0.015)  # shaft and head diameter, head length
        arrow.color = ColorRGBA(r=0.1, g=0.4, b=1.0, a=0.9)
        label = _marker(header, 'label', rank, Marker.TEXT_VIEW_FACING, 0.0)
        label.pose = pose((origin - 0.04 * along).tolist(), (0.0, 0.0, 0.0, 1.0))
        label.scale.z = LABEL_HEIGHT
        label.text = rank_label(rank, f'{score:.2f}')
        label.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        return [arrow, label]


def joined(first: MarkerArray, second: MarkerArray) -> MarkerArray:
    """Return the markers of both hands of a plan; those of the second are below ``second/``."""
    others = [each for each in second.markers
              if each.action == Marker.ADD and each.ns != SURFACE]
    for each in others:
        each.ns = f'second/{each.ns}'
    return MarkerArray(markers=[*first.markers, *others])


def clear_markers(header: Header) -> MarkerArray:
    """Return a message that removes all markers; DELETEALL also needs a frame."""
    return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def surface_corners(markers: MarkerArray) -> NDArray[np.float64] | None:
    """
    Return the triangles (T, 3, 3) of the object's surface, for clients.

    :param markers: as a planner publishes them
    :return: in the frame of the markers [m]; None: they have no surface
    """
    for marker in markers.markers:
        if marker.ns == SURFACE:
            corners = np.array([(point.x, point.y, point.z) for point in marker.points])
            return corners.reshape(-1, 3, 3)
    return None


def _surface(surface: ObjectSurface, header: Header) -> Marker:
    marker = _marker(header, SURFACE, 0, Marker.TRIANGLE_LIST, 1.0)
    vertices = points(torch.as_tensor(surface.vertices, dtype=torch.float64))
    marker.points = [vertices[index] for index in surface.faces.ravel().tolist()]
    marker.color = ColorRGBA(r=0.66, g=0.84, b=0.78, a=0.6)
    return marker


def _contacts(contacts: Contacts, rank: int, header: Header) -> list[Marker]:
    if not contacts.links:
        return []
    dots = _marker(header, 'contacts', rank, Marker.SPHERE_LIST, CONTACT_DIAMETER)
    dots.points = points(contacts.points)
    dots.color = ColorRGBA(r=1.0, g=0.8, b=0.0, a=1.0)
    lines = _marker(header, 'forces', rank, Marker.LINE_LIST, 0.0)
    lines.points = points(_force_lines(contacts))
    lines.scale.x = 0.002
    lines.color = ColorRGBA(r=1.0, g=0.2, b=0.2, a=1.0)
    return [dots, lines]


def _force_lines(contacts: Contacts) -> Tensor:
    """Return (2 C, 3): for each force a line from outside the object to its contact [m]."""
    longest = contacts.forces.norm(dim=1).max().clamp_min(1e-9)
    start = contacts.points - FORCE_LENGTH / longest * contacts.forces
    return torch.stack([start, contacts.points], dim=1).reshape(-1, 3)


def _marker(header: Header, namespace: str, identifier: int, kind: int, size: float) -> Marker:
    """Return a marker at the frame's origin that stays until the next DELETEALL."""
    return Marker(
        header=header,
        ns=namespace,
        id=identifier,
        type=kind,
        action=Marker.ADD,
        pose=Pose(),
        scale=Vector3(x=size, y=size, z=size),
    )


def _colour(score: float, alpha: float) -> ColorRGBA:
    """Return red for score 0, green for score 1."""
    return ColorRGBA(r=1.0 - score, g=0.3 + 0.5 * score, b=0.25, a=alpha)

# SPDX-License-Identifier: Apache-2.0
"""
Features of grasps in their scene: what is known of the places they touch, and how these lie.

They tell what the forces alone cannot: whether the fingers press where the camera measured, where
the surfaces that the object may have differ, and how the hand stands to gravity. Averages over
contacts are weighted by the forces of the squeeze. Letters: B grasps, G contact groups, P points.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
import torch
from torch import Tensor

from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import SqueezeForces
from dexlite_ros.object.hypotheses import spread
from dexlite_ros.object.planning_scene import PlanningScene

FAR = 0.1
"""Distance from measured points that is not told from larger ones [m]."""
CM, MM = 100.0, 1000.0


def scene_features(
    placed: PlacedGrasps, squeeze: SqueezeForces, scene: PlanningScene, geometry: HandGeometry
) -> dict[str, Tensor]:
    """
    Return features (B,) by name, as ``features.GraspFeatures`` describes them.

    :param squeeze: squeeze forces of the same grasps
    :param geometry: of the hand, at the detail of ``placed``
    """
    contacts = squeeze.contacts
    force = squeeze.forces.norm(dim=2) * contacts.active
    share = force / force.sum(1, keepdim=True).clamp(min=1e-6)
    centre = scene.field.centre_of_mass.to(contacts.point)
    return {
        **_knowledge(contacts.point, contacts.active, share, scene),
        **_arrangement(contacts.point - centre, contacts.normal, share),
        'penetration': MM * (-placed.gap.amin(1)).clamp(min=0.0),
        **_use_of_the_hand(squeeze, share, geometry),
        **_gravity(placed, contacts.point, contacts.normal, share, scene, geometry),
        **_view(scene, share[:, 0]),
    }


def _knowledge(
    points: Tensor, active: Tensor, share: Tensor, scene: PlanningScene
) -> dict[str, Tensor]:
    """Return how well the places of the contacts are known."""
    touched = active > 0
    places = points[touched].cpu().double().numpy()
    away, differ = torch.zeros_like(share), torch.zeros_like(share)
    if scene.measured is not None and len(places):
        distance, _ = cKDTree(scene.measured).query(places, distance_upper_bound=FAR)
        away[touched] = torch.from_numpy(np.minimum(distance, FAR)).to(away)
        differ[touched] = torch.from_numpy(spread(scene.hypotheses, places)).to(differ)
    return {
        'unmeasured': CM * (share * away).sum(1), 'unmeasured_max': CM * away.amax(1),
        'spread': MM * (share * differ).sum(1), 'spread_max': MM * differ.amax(1)}


def _arrangement(lever: Tensor, normal: Tensor, share: Tensor) -> dict[str, Tensor]:
    """Return how the contacts lie to each other and to the centre of mass, at ``lever``."""
    middle = (share[..., None] * lever).sum(1)
    apart = lever - middle[:, None]
    extents = _spectrum(apart, share).clamp(min=0.0).sqrt()
    directions = _spectrum(normal, share)
    return {
        'centre_offset': CM * middle.norm(dim=1),
        'contact_thickness': CM * extents[:, 0], 'contact_width': CM * extents[:, 1],
        'contact_length': CM * extents[:, 2],
        'normal_spread': directions[:, 0], 'normal_spread_second': directions[:, 1]}


def _spectrum(vectors: Tensor, share: Tensor) -> Tensor:
    """Return the eigenvalues (B, 3) of the mean outer product of vectors, ascending."""
    values: Tensor = torch.linalg.eigvalsh((share[..., None] * vectors).mT @ vectors)
    return values


def _use_of_the_hand(
    squeeze: SqueezeForces, share: Tensor, geometry: HandGeometry
) -> dict[str, Tensor]:
    """Return which parts of the hand press, and how near to slipping."""
    links = geometry.group_links
    palm = [link == geometry.kinematics.description.palm_link for link in links]
    contacts = squeeze.contacts
    push = -(squeeze.forces * contacts.normal).sum(2)
    slip = (squeeze.forces + push[..., None] * contacts.normal).norm(dim=2)
    return {
        'contact_count': contacts.active.sum(1),
        'palm_share': share[:, torch.tensor(palm)].sum(1),
        'largest_share': share.amax(1),
        'slip': slip.sum(1) / push.sum(1).clamp(min=1e-6)}


def _gravity(
    placed: PlacedGrasps, points: Tensor, normal: Tensor, share: Tensor, scene: PlanningScene,
    geometry: HandGeometry,
) -> dict[str, Tensor]:
    """Return how hand and contacts stand to gravity; all 0 without a support."""
    hand = geometry.kinematics.description
    rotation, centre = placed.grasps.rotation, scene.field.centre_of_mass.to(share)
    beside = placed.grasps.translation - centre
    found = {'palm_distance': CM * beside.norm(dim=1)}
    names = ('palm_side', 'palm_down', 'fingers_down', 'pressed_from_below', 'normals_up',
             'contact_height', 'lowest_contact', 'height_spread', 'hand_height', 'object_height')
    if scene.up is None or scene.obstacles is None or scene.obstacles.support is None:
        return found | {name: torch.zeros_like(share[:, 0]) for name in names} | {
            'on_support': torch.zeros_like(share[:, 0])}
    up = scene.up.to(share)
    ground = float(scene.obstacles.support.height(np.zeros(3)))
    rise = normal @ up
    height = (points - centre) @ up
    mean = (share * height).sum(1)
    body = placed.hand.points @ up - geometry.point_radius + ground
    values = (
        CM * (beside - (beside @ up)[:, None] * up).norm(dim=1),
        -(rotation @ torch.tensor(hand.palmar_direction).to(rotation)) @ up,
        -(rotation @ torch.tensor(hand.finger_direction).to(rotation)) @ up,
        (share * (-rise).clamp(min=0.0)).sum(1),
        (share * rise).sum(1),
        CM * mean,
        CM * torch.where(share > 0, (points @ up) + ground, torch.inf).amin(1).clamp(max=FAR),
        CM * (share * (height - mean[:, None]).square()).sum(1).sqrt(),
        CM * body.amin(1),
        CM * float(scene.obstacles.support.height(scene.surface.vertices).max())
        * torch.ones_like(mean))
    return found | dict(zip(names, values)) | {'on_support': torch.ones_like(mean)}


def _view(scene: PlanningScene, like: Tensor) -> dict[str, Tensor]:
    """Return what is known of the view; the same for all grasps."""
    values = {
        'surface_weight': scene.hypotheses[0].weight,
        'simple_solid': float(scene.hypotheses[0].solid),
        'viewpoint_known': float(scene.input.viewpoint.source == 'given'),
        'cloud_noise': MM * scene.input.noise}
    return {name: torch.full_like(like, value) for name, value in values.items()}

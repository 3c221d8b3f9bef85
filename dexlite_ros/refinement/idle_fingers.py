# SPDX-License-Identifier: Apache-2.0
"""
Fingers that a contact pattern does not use, kept out of the way.

A finger that touches by accident pushes the object when the hand squeezes. Letters: B grasps.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.mechanics.grasp_energy import GraspEnergy

MARGIN = 0.008
"""Distance that an idle finger keeps from the object [m]."""
POSTURES = 5
"""Postures that are tried, from the finger's own to straight."""


def idle_fingers(hand: HandDescription, pattern: str) -> tuple[tuple[str, ...], ...]:
    """Return the links of each finger of which the contact pattern uses no link."""
    used = set(hand.contact_patterns[pattern])
    return tuple(each for each in hand.fingers if not used & set(each))


def clear_idle_fingers(
    grasps: GraspBatch, pattern: str, energy: GraspEnergy
) -> GraspBatch:
    """
    Return B grasps of one pattern with its idle fingers straightened until they are clear.

    Each goes only as far as it must; if no posture is clear of object and obstacles, to the one
    that is the farthest from them.

    :param energy: provides the hand, the object and the obstacles
    """
    hand = energy.geometry.kinematics.description
    for links in idle_fingers(hand, pattern):
        grasps = _straightened(grasps, links, energy)
    return grasps


def _straightened(
    grasps: GraspBatch, links: tuple[str, ...], energy: GraspEnergy
) -> GraspBatch:
    """Return the grasps with one finger, given by its links, as straight as it has to be."""
    kinematics = energy.geometry.kinematics
    hand = kinematics.description
    own = torch.tensor([
        link.name in links for link, _ in hand.moving_links], device=grasps.joints.device)
    ways = torch.linspace(0, 1, POSTURES).to(grasps.joints)
    straight = kinematics.clamp(torch.zeros_like(grasps.joints))
    tried = torch.stack([
        torch.where(own, torch.lerp(grasps.joints, straight, way), grasps.joints)
        for way in ways])
    room = torch.stack([
        _room(replace(grasps, joints=joints), links, energy) for joints in tried])
    # The first posture that is clear, or the one with the most room.
    best = room.clamp(max=MARGIN).argmax(0)
    return replace(
        grasps, joints=tried[best, torch.arange(len(grasps), device=best.device)])


def _room(grasps: GraspBatch, links: tuple[str, ...], energy: GraspEnergy) -> Tensor:
    """Return the distance (B,) of a finger to the object and, less a margin, to obstacles [m]."""
    names = energy.geometry.kinematics.description.link_names
    with torch.no_grad():
        hand = energy.geometry(grasps)
        own = torch.tensor(
            [name in links for name in names], device=hand.points.device)[
                energy.geometry.point_link]
        gap = energy.gap(hand)
        obstacle_gap = energy.obstacle_gap(hand)
        if obstacle_gap is not None:
            gap = torch.minimum(gap, obstacle_gap + MARGIN - energy.settings.obstacle_margin)
        room: Tensor = gap[:, own].amin(1)
        return room

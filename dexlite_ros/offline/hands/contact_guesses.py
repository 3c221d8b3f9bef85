# SPDX-License-Identifier: Apache-2.0
"""Which parts of a hand are meant to touch, and which may overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.hand.capsules import segment_distance, segments
from dexlite_ros.hand.description import ContactRegion, HalfSpace, HandDescription, Link
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.link_points import LinkPoints
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.offline.hands.closing import Closing
from dexlite_ros.offline.hands.posture import Posture, posture
from dexlite_ros.offline.hands.robot_model import RobotModel
from dexlite_ros.offline.hands.skeleton import Say, Skeleton

BONE = 0.005
"""Length of a bone below which it is a part of a knuckle, and not meant to touch [m]."""
TIP_START = 0.25
"""Share of a tip, from its joint, that is not meant to touch."""
SLACK = 0.001
"""How far points of a palmar side may lie behind the middle, as those on an axis do [m]."""
ONE_SIDED = 0.1
"""A hinge bends inwards if the middle of its range is this share of half of it away from 0."""
PALM_DEPTH = 0.3
"""Share of the palm's thickness that is its surface."""


def with_contacts(
    hand: HandDescription, tips: list[str], closing: Closing, say: Say
) -> HandDescription:
    """
    Return the hand with its contact regions and patterns.

    :param tips: links of the fingertips, in the order of the closing
    """
    groups = {tip: 'tip' for tip in tips}
    # On their way to where all meet, tips also move sideways; the fingers' fronts do not.
    directions = [
        closing.palmar if closing.common and index != closing.thumb else own
        for index, own in enumerate(closing.directions)]
    inward = dict(zip(tips, directions))
    for tip, direction in zip(tips, directions):
        bones = _bones(hand, tip)
        inward |= dict.fromkeys(bones, direction)
        groups |= dict(zip(bones, ('middle', 'proximal') if len(bones) > 1 else ('proximal',)))
    order = ('tip', 'middle', 'proximal')
    regions = [
        ContactRegion(link, group, _side(hand, link, inward[link], group == 'tip'))
        for group in order for link in hand.link_names if groups.get(link) == group]
    palm = ContactRegion(hand.palm_link, 'palm', _palm_side(hand))
    for region in (*regions, palm):
        say(f"guessed: '{region.link}' touches as {region.group}"
            + (', on its palmar side' if region.side else ''))
    thumb = hand.finger(tips[closing.thumb])
    # A thumb that closes against fingers beside it touches with its tip only.
    wrapping = [
        region.link for region in regions
        if region.group == _wrapping(hand, region.link, groups)
        and not (closing.common and hand.finger(region.link) == thumb)]
    pinch = tips[closing.thumb], tips[closing.opposite]
    patterns = {
        'tips': tuple(tips), 'tips_palm': (*tips, hand.palm_link),
        'wrap': (*tips, *wrapping, hand.palm_link), 'pinch': pinch}
    for name, links in patterns.items():
        say(f"guessed: contact pattern '{name}': {', '.join(links)}")
    return replace(hand, contact_regions=(*regions, palm), contact_patterns=patterns)


def _bones(hand: HandDescription, tip: str) -> list[str]:
    """Return the links between palm and tip that are long enough to touch, the last one first."""
    links = {link.name: link for link in hand.links}
    bones, at = [], tip
    while (parent := links[at].parent) not in (None, hand.palm_link):
        if float(np.linalg.norm(links[at].position)) > BONE:
            bones.append(str(parent))
        at = str(parent)
    return bones


def _wrapping(hand: HandDescription, link: str, groups: dict[str, str]) -> str:
    """Return the group of a finger that wraps: its middle, or the proximal one if it has none."""
    own = {group for name, group in groups.items() if hand.finger(name) == hand.finger(link)}
    return 'middle' if 'middle' in own else 'proximal'


def _side(
    hand: HandDescription, name: str, direction: NDArray[np.float64], is_tip: bool
) -> tuple[HalfSpace, ...]:
    """
    Return the side of a link towards which it closes, of a tip beyond its joint.

    Round bones touch all around: their points lie on their axes.
    """
    link = next(each for each in hand.links if each.name == name)
    if not any(geom.shape in ('hull', 'box') for geom in link.geoms):
        return ()
    vertices = np.asarray(link_mesh(link).vertices)
    middle = (vertices.min(0) + vertices.max(0)) / 2
    along = middle / max(float(np.linalg.norm(middle)), 1e-9)
    turn = posture(hand, 'open').rotation[0, hand.link_names.index(name)].double().numpy()
    inward = _inward(link, along, turn.T @ direction)
    reach = vertices @ along
    start = float(reach.min() + TIP_START * np.ptp(reach))
    facing = _half_space(inward, float(middle @ inward) - SLACK)
    return (facing, _half_space(along, start)) if is_tip else (facing,)


def _inward(
    link: Link, along: NDArray[np.float64], closing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    Return the unit direction (3,) in a link's frame in which its own hinge moves it inwards.

    A finger bends farther inwards than outwards. Where its hinge does not bend it, or bends it
    either way, it moves as its tip does when the finger closes.

    :param along: unit, from the hinge along the link
    :param closing: how the tip moves, in the frame of the link
    """
    if link.joint is not None:
        lower, upper = link.joint.lower, link.joint.upper
        bent = np.cross(link.joint.axis, along)
        if np.linalg.norm(bent) > 0.5 and abs(upper + lower) > ONE_SIDED * (upper - lower):
            closing = np.sign(upper + lower) * bent
    across = closing - (closing @ along) * along
    return np.asarray(across / max(float(np.linalg.norm(across)), 1e-9))


def _palm_side(hand: HandDescription) -> tuple[HalfSpace, ...]:
    """Return the side of a palm that is no set of boxes, whose faces say it themselves."""
    palm = hand.links[0]
    if {geom.shape for geom in palm.geoms} == {'box'}:
        return ()
    height = np.asarray(link_mesh(palm).vertices) @ np.array(hand.palmar_direction)
    return (_half_space(
        np.array(hand.palmar_direction), float(height.max() - PALM_DEPTH * np.ptp(height))),)


def _half_space(normal: NDArray[np.float64], offset: float) -> HalfSpace:
    x, y, z = normal.tolist()
    return HalfSpace((x, y, z), offset)


def exclusions(
    robot: RobotModel, skeleton: Skeleton, hand: HandDescription, say: Say
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of links that may overlap: those told, and those that do when open."""
    told = ((skeleton.link_of(first), skeleton.link_of(second))
            for first, second in robot.exclusions if {first, second} <= skeleton.bodies.keys())
    found = {(first, second) for first, second in told if first != second}
    for pair in _overlapping(hand, 'open') & _overlapping(hand, 'stretched'):
        if pair not in found and pair[::-1] not in found:
            say(f"guessed: '{pair[0]}' and '{pair[1]}' overlap when open, and so may always")
            found.add(pair)
    order = hand.link_names.index
    return tuple(sorted(found, key=lambda pair: (order(pair[0]), order(pair[1]))))


def _overlapping(hand: HandDescription, kind: Posture) -> set[tuple[str, str]]:
    """Return the pairs of links, neighbours aside, whose capsules overlap in a posture."""
    ends, radius, link = segments(hand)
    kinematics = HandKinematics(hand)
    points = LinkPoints(
        kinematics, torch.from_numpy(np.concatenate([link, link])),
        torch.from_numpy(ends.reshape(-1, 3)))
    placed = points.place(posture(hand, kind)).unflatten(1, (2, -1))
    first, second = np.triu_indices(len(link), k=1)
    gap = segment_distance(placed[:, :, first], placed[:, :, second])[0].numpy()
    near = np.flatnonzero(gap < radius[first] + radius[second])
    pairs = {(int(link[first[each]]), int(link[second[each]])) for each in near}
    return {
        (hand.link_names[one], hand.link_names[other]) for one, other in pairs
        if one != other and hand.parents[one] != other and hand.parents[other] != one}

# SPDX-License-Identifier: Apache-2.0
"""
The mirror image of a hand: x becomes -x in the frame of every link.

With M = diag(-1, 1, 1), a point p becomes M p and a rotation R becomes M R M. A rotation by an
angle q about an axis a so becomes one by q about -M a: the same joint vector gives the mirrored
posture, within the same limits. Boxes, spheres, capsules and cylinders are their own mirror
images in the frame of the shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import (
    ContactRegion,
    Coupling,
    Geom,
    HalfSpace,
    HandDescription,
    Joint,
    Link,
    MirrorOf,
    Quaternion,
    Vector,
)

FLIP = np.array([-1.0, 1.0, 1.0])
"""Diagonal of M."""


def mirrored(hand: HandDescription, name: str, prefix: str, own_prefix: str) -> HandDescription:
    """
    Return the mirror image of a hand.

    :param name: of the mirror image
    :param prefix: what the names of links, joints, couplings and frames begin with where a side
        is meant, such as 'rh_'; other names stay as they are
    :param own_prefix: what they begin with in the mirror image, such as 'lh_'
    """
    return replace(
        _image(hand, prefix, own_prefix), name=name,
        mirror_of=MirrorOf(hand.name, prefix, own_prefix))


def original(hand: HandDescription) -> HandDescription:
    """
    Return the hand that another one is the mirror image of.

    :raises ValueError: when the hand is not said to be a mirror image
    """
    origin = hand.mirror_of
    if origin is None:
        raise ValueError(f"the hand '{hand.name}' is no mirror image: it has no 'mirror_of'")
    return replace(
        _image(hand, origin.own_prefix, origin.prefix), name=origin.name, mirror_of=None)


def mirrored_grasps(grasps: GraspBatch) -> GraspBatch:
    """Return the grasps that the mirror image of a hand has on the mirror image of an object."""
    flip = torch.from_numpy(FLIP).to(grasps.translation)
    return GraspBatch(
        grasps.translation * flip, grasps.rotation * flip[:, None] * flip, grasps.joints)


def mirrored_points(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return points (..., 3) with the opposite x."""
    # Not by a product, which would turn 0 into -0.
    image = np.array(points, dtype=np.float64)
    image[..., 0] = 0.0 - image[..., 0]
    return image


def _image(hand: HandDescription, before: str, after: str) -> HandDescription:
    """Return the mirror image under the same name."""
    def renamed(name: str) -> str:
        return after + name.removeprefix(before) if name.startswith(before) else name

    (thumb, thumb_point), (finger, finger_point) = hand.pinch_points
    return replace(
        hand,
        links=tuple(_link(link, renamed) for link in hand.links),
        couplings=tuple(
            Coupling(renamed(pair.name), (renamed(pair.joints[0]), renamed(pair.joints[1])))
            for pair in hand.couplings),
        contact_regions=tuple(
            ContactRegion(renamed(each.link), each.group, tuple(
                HalfSpace(_point(space.normal), space.offset) for space in each.side))
            for each in hand.contact_regions),
        contact_patterns={
            name: tuple(map(renamed, links)) for name, links in hand.contact_patterns.items()},
        collision_exclusions=tuple(
            (renamed(first), renamed(second)) for first, second in hand.collision_exclusions),
        grasp_centre=_point(hand.grasp_centre),
        palm_centre=_point(hand.palm_centre),
        pinch_points=(
            (renamed(thumb), _point(thumb_point)), (renamed(finger), _point(finger_point))),
        palmar_direction=_point(hand.palmar_direction),
        finger_direction=_point(hand.finger_direction),
        wrist_joints=tuple(map(renamed, hand.wrist_joints)),
        attached_frames={
            renamed(name): _point(place) for name, place in hand.attached_frames.items()},
    )


def _link(link: Link, renamed: Callable[[str], str]) -> Link:
    return replace(
        link, name=renamed(link.name), position=_point(link.position),
        parent=None if link.parent is None else renamed(link.parent),
        joint=None if link.joint is None else _joint(link.joint, renamed),
        quat_wxyz=_turn(link.quat_wxyz), geoms=tuple(map(_geom, link.geoms)))


def _joint(joint: Joint, renamed: Callable[[str], str]) -> Joint:
    x, y, z = joint.axis
    return replace(joint, name=renamed(joint.name), axis=(x, 0.0 - y, 0.0 - z))


def _geom(geom: Geom) -> Geom:
    return replace(
        geom, position=_point(geom.position), quat_wxyz=_turn(geom.quat_wxyz),
        vertices=tuple(map(_point, geom.vertices)))


def _point(point: Vector) -> Vector:
    """Return M p; 0 stays 0, not -0."""
    x, y, z = point
    return 0.0 - x, y, z


def _turn(quat_wxyz: Quaternion) -> Quaternion:
    """Return the quaternion of M R M, whose vector part is that of an axis."""
    w, x, y, z = quat_wxyz
    return w, x, 0.0 - y, 0.0 - z

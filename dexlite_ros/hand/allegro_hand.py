# SPDX-License-Identifier: Apache-2.0
"""
Data of the right Allegro Hand (V3) of Wonik Robotics: 16 joints, none coupled.

Link offsets, axes, ranges and collision primitives: wonik_allegro/right_hand.xml in
google-deepmind/mujoco_menagerie (BSD-2-Clause), which agrees with
allegro_hand_description_right.urdf of simlabrobotics/allegro_hand_ros (BSD); from the latter the
numbers of links and joints as its driver names them. Masses and speed:
allegro_hand_description_right.urdf of trhermans/allegro-hand-ros (BSD). Torque: Wonik's
specification. No source gives the resistance of the joints; it is the Shadow Hand's.
"""

from __future__ import annotations

from dexlite_ros.hand.description import (
    ContactRegion,
    Geom,
    HalfSpace,
    HandDescription,
    IDENTITY,
    Joint,
    JointDynamics,
    Link,
    Quaternion,
    Vector,
)

PALM = 'palm_link'
INDEX, MIDDLE, RING, THUMB = 0, 4, 8, 12
"""Numbers of the first link, and joint, of each finger; the others follow."""
FINGERS = (INDEX, MIDDLE, RING)
SPREAD: Vector = (0.0, 0.0, 1.0)
FLEXION: Vector = (0.0, 1.0, 0.0)
THICKNESS, WIDTH = 0.0098, 0.01375
"""Half sides of the boxes of the phalanges [m]."""
TIP_RADIUS = 0.012
"""[m]"""
# Where links are meant to touch: the palmar side, that of tips beyond the joint.
SIDE = (HalfSpace((1.0, 0.0, 0.0), -0.001),)
TIP_SIDE = (*SIDE, HalfSpace((0.0, 0.0, 1.0), 0.008))
THUMB_TIP_SIDE = (*SIDE, HalfSpace((0.0, 0.0, 1.0), 0.014))


def _link(number: int) -> str:
    return f'link_{number}.0'


def _phalanx(
    number: int, parent: str, hinge: tuple[Vector, float, float, float], position: Vector,
    mass: float, half_length: float, quat_wxyz: Quaternion = IDENTITY,
    more: tuple[Geom, ...] = (),
) -> Link:
    """Return a link whose box begins at its joint; hinge: axis, lower, upper, open [rad]."""
    axis, lower, upper, opened = hinge
    box = Geom('box', (THICKNESS, WIDTH, half_length), (0.0, 0.0, half_length))
    return Link(
        _link(number), parent, Joint(f'joint_{number}.0', axis, lower, upper, opened), position,
        quat_wxyz, mass, (box, *more))


def _finger(first: int, base: Vector, quat_wxyz: Quaternion, spread: float) -> list[Link]:
    """Return the links of a finger; spread: its first joint in the open posture [rad]."""
    tip = Geom('capsule', (TIP_RADIUS, 0.01), (0.0, 0.0, 0.019))
    return [
        _phalanx(first, PALM, (SPREAD, -0.47, 0.47, spread), base, 0.0119, 0.0082, quat_wxyz),
        _phalanx(first + 1, _link(first), (FLEXION, -0.196, 1.61, 0.45), (0.0, 0.0, 0.0164),
                 0.065, 0.027),
        _phalanx(first + 2, _link(first + 1), (FLEXION, -0.174, 1.709, 0.3), (0.0, 0.0, 0.054),
                 0.0355, 0.0192),
        _phalanx(first + 3, _link(first + 2), (FLEXION, -0.227, 1.618, 0.2), (0.0, 0.0, 0.0384),
                 0.0096 + 0.0168, 0.008, more=(tip,)),
    ]


def _thumb() -> list[Link]:
    base = Link(
        _link(THUMB), PALM, Joint('joint_12.0', (-1.0, 0.0, 0.0), 0.263, 1.396, 0.6),
        (-0.0182, 0.019333, -0.045987), (0.477714, -0.521334, -0.521334, -0.477714), 0.0176,
        (Geom('box', (0.0179, 0.017, 0.02275), (-0.0179, 0.009, 0.0145)),))
    tip = Geom('capsule', (TIP_RADIUS, 0.008), (0.0, 0.0, 0.035))
    return [
        base,
        _phalanx(13, _link(12), (SPREAD, -0.105, 1.163, 0.3), (-0.027, 0.005, 0.0399),
                 0.0119, 0.00885),
        _phalanx(14, _link(13), (FLEXION, -0.189, 1.644, 0.3), (0.0, 0.0, 0.0177), 0.038, 0.0257),
        _phalanx(15, _link(14), (FLEXION, -0.162, 1.719, 0.3), (0.0, 0.0, 0.0514),
                 0.0388 + 0.0168, 0.0157, more=(tip,)),
    ]


def _contact_regions() -> tuple[ContactRegion, ...]:
    regions = [ContactRegion(_link(first + 3), 'tip', TIP_SIDE) for first in FINGERS]
    regions.append(ContactRegion(_link(THUMB + 3), 'tip', THUMB_TIP_SIDE))
    for group, place in (('middle', 2), ('proximal', 1)):
        regions += [ContactRegion(_link(first + place), group, SIDE) for first in FINGERS]
    regions.append(ContactRegion(_link(THUMB + 2), 'middle', SIDE))
    return (*regions, ContactRegion(PALM, 'palm'))


def _contact_patterns() -> dict[str, tuple[str, ...]]:
    index, middle, ring, thumb = tips = tuple(
        _link(first + 3) for first in (*FINGERS, THUMB))
    middles = tuple(_link(first + 2) for first in FINGERS)
    return {
        'tips': tips, 'tips_palm': (*tips, PALM), 'wrap': (*tips, *middles, PALM),
        'pinch': (index, thumb), 'tripod': (index, middle, thumb),
        'straight': (index, middle, ring, thumb, *middles)}


ALLEGRO_RIGHT = HandDescription(
    name='allegro_right',
    links=(
        Link(PALM, None, None, mass=0.4154, geoms=(
            Geom('box', (0.0204, 0.0565, 0.0475), (-0.0093, 0.0, -0.0475)),)),
        *_finger(INDEX, (0.0, 0.0435, -0.001542), (0.999048, -0.0436194, 0.0, 0.0), -0.1),
        *_finger(MIDDLE, (0.0, 0.0, 0.0007), IDENTITY, 0.0),
        *_finger(RING, (0.0, -0.0435, -0.001542), (0.999048, 0.0436194, 0.0, 0.0), 0.1),
        *_thumb(),
    ),
    couplings=(),
    contact_regions=_contact_regions(),
    contact_patterns=_contact_patterns(),
    collision_exclusions=tuple((PALM, _link(number)) for number in (0, 4, 8, 12, 13)),
    # Where all tips can meet, and the middle of the palm's front.
    grasp_centre=(0.059, 0.002, -0.014),
    palm_centre=(0.0111, 0.0, -0.0475),
    pinch_points=((_link(15), (0.0, 0.0, 0.047)), (_link(7), (0.0, 0.0, 0.035))),
    palmar_direction=(1.0, 0.0, 0.0),
    finger_direction=(0.0, 0.0, 1.0),
    joint_dynamics=JointDynamics(
        damping=0.05, armature=2e-4, friction_loss=0.01, effort=0.7, velocity=7.0),
)

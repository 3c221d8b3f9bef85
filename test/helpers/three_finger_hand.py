# SPDX-License-Identifier: Apache-2.0
"""A made-up hand: three fingers of two joints each around a square palm that faces +z."""

from __future__ import annotations

from math import cos, pi, sin

from dexlite_ros.hand.description import (
    ContactRegion,
    Geom,
    HandDescription,
    Joint,
    JointDynamics,
    Link,
)

FINGERS = ('left', 'right', 'thumb')
PROXIMAL, DISTAL, RADIUS = 0.05, 0.04, 0.008
"""Lengths of the bones and their radius [m]."""


def _finger(name: str, azimuth: float) -> list[Link]:
    """Return the two links of a finger that bends towards the palm's axis."""
    flexion = (sin(azimuth), -cos(azimuth), 0.0)
    bones = (
        (f'{name}_proximal', 'palm', Joint(f'{name}_base', flexion, -0.3, 1.4, open=-0.1),
         (0.045 * cos(azimuth), 0.045 * sin(azimuth), 0.01), PROXIMAL),
        (f'{name}_distal', f'{name}_proximal', Joint(f'{name}_end', flexion, 0.0, 1.2, open=0.3),
         (0.0, 0.0, PROXIMAL), DISTAL),
    )
    return [
        Link(link, parent, joint, position, mass=0.03, geoms=(
            Geom('capsule', (RADIUS, length / 2), (0.0, 0.0, length / 2)),))
        for link, parent, joint, position, length in bones]


def _regions() -> tuple[ContactRegion, ...]:
    kinds = (('tip', 'distal'), ('proximal', 'proximal'))
    return (*(ContactRegion(f'{finger}_{bone}', group) for group, bone in kinds
              for finger in FINGERS), ContactRegion('palm', 'palm'))


TIPS = tuple(f'{finger}_distal' for finger in FINGERS)
THREE_FINGER_HAND = HandDescription(
    name='three_finger',
    links=(
        Link('palm', None, None, mass=0.3, geoms=(Geom('box', (0.04, 0.04, 0.01)),)),
        *(link for index, name in enumerate(FINGERS)
          for link in _finger(name, 2 * pi * index / 3)),
    ),
    couplings=(),
    contact_regions=_regions(),
    contact_patterns={
        'tips': TIPS, 'tips_palm': (*TIPS, 'palm'),
        'wrap': (*TIPS, *(f'{finger}_proximal' for finger in FINGERS), 'palm')},
    collision_exclusions=(),
    grasp_centre=(0.0, 0.0, 0.065),
    palm_centre=(0.0, 0.0, 0.01),
    pinch_points=(('thumb_distal', (0.0, 0.0, DISTAL)), ('left_distal', (0.0, 0.0, DISTAL))),
    palmar_direction=(0.0, 0.0, 1.0),
    finger_direction=(1.0, 0.0, 0.0),
    joint_dynamics=JointDynamics(
        damping=0.05, armature=1e-4, friction_loss=0.01, effort=2.0, velocity=2.0),
)

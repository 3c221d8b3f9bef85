# SPDX-License-Identifier: Apache-2.0
"""
Data of the Shadow Dexterous Hand (E3M5): the right one, and the left one as its mirror image.

Link offsets, axes, ranges, masses, joint dynamics and collision primitives: right_hand.xml of
shadow_hand in google-deepmind/mujoco_menagerie (Apache-2.0). The fingertip sections below were
measured on the convex hulls of its meshes f_distal_pst and th_distal_pst. Joint ranges agree with
Shadow Robot's technical specification (Dec 2024). One motor drives J1 and J2 of the four fingers
(same source).

left_hand.xml of the same model agrees with the mirror image in all joint positions, axes and
ranges. Its frames from thbase to thmiddle are turned by 180 degrees about z, which moves no
joint; and two boxes of its palm differ: one at the root of the thumb has a half height of
11.2 mm, not 12, and one at the root of the index finger is turned by 3 degrees.
"""

from __future__ import annotations

from math import cos, pi, radians, sin

from dexlite_ros.hand.description import (
    ContactRegion,
    Coupling,
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
from dexlite_ros.hand.mirroring import mirrored

FINGERS = ('FF', 'MF', 'RF', 'LF')
ALONG_X: Quaternion = (0.5**0.5, 0.0, 0.5**0.5, 0.0)

# Cross-sections of the fingertips: height z, half width in x, palmar y, dorsal y [mm].
FINGER_TIP_SECTIONS = (
    (4.8, 4.8, 5.2, 7.0),
    (7.0, 8.5, -6.9, 7.0),
    (9.0, 8.6, -7.3, 7.0),
    (16.0, 8.1, -7.0, 7.0),
    (20.0, 7.7, -6.5, 7.0),
    (24.0, 7.3, -5.6, 6.6),
    (28.0, 6.7, -4.5, 6.3),
    (30.0, 5.6, -3.4, 6.1),
    (31.0, 4.6, -2.3, 6.0),
    (31.9, 2.5, 0.0, 4.0),
)
THUMB_TIP_SECTIONS = (
    (3.5, 4.0, 7.5, 9.0),
    (6.0, 9.9, 2.1, 9.0),
    (10.0, 10.5, -7.6, 9.0),
    (12.0, 10.5, -8.8, 9.0),
    (16.0, 10.3, -8.5, 9.0),
    (20.0, 10.0, -7.9, 9.0),
    (24.0, 9.7, -7.0, 8.6),
    (28.0, 9.3, -5.7, 8.2),
    (31.0, 7.9, -4.6, 7.9),
    (33.0, 6.1, -3.0, 7.7),
    (34.9, 3.0, 0.5, 6.5),
)
# Where these tips are meant to touch: the palmar side, beyond the joint.
TIP_SIDE = (HalfSpace((0.0, -1.0, 0.0), 0.002), HalfSpace((0.0, 0.0, 1.0), 0.009))
# Open posture of a hand about to grasp [rad]; joints not named are at 0.
OPEN_JOINTS = {
    **{f'{finger}J{joint}': angle for finger in FINGERS
       for joint, angle in ((3, 0.5), (2, 0.5), (1, 0.4))},
    'FFJ4': 0.05, 'LFJ4': 0.05, 'THJ5': 0.1, 'THJ4': 1.0, 'THJ2': 0.2, 'THJ1': 0.3,
}
# The measured sections fill 0.84 to 0.90 of their bounding boxes.
SECTION_EXPONENT = 2.8
SECTION_CORNERS = 16


def _section(height: float, half_width: float, palmar: float, dorsal: float) -> list[Vector]:
    """Return the vertices [m] of one superelliptic section."""
    power = 2.0 / SECTION_EXPONENT
    corners = []
    for corner in range(SECTION_CORNERS):
        angle = 2.0 * pi * corner / SECTION_CORNERS
        c, s = cos(angle), sin(angle)
        x = half_width * abs(c) ** power * (1 if c > 0 else -1)
        y = abs(s) ** power * (1 if s > 0 else -1)
        y = (dorsal + palmar) / 2 + (dorsal - palmar) / 2 * y
        corners.append((1e-3 * x, 1e-3 * y, 1e-3 * height))
    return corners


def _tip(sections: tuple[tuple[float, float, float, float], ...]) -> Geom:
    return Geom('hull', vertices=tuple(v for section in sections for v in _section(*section)))


def _hinge(name: str, axis: Vector, lower_deg: float, upper_deg: float) -> Joint:
    opened = OPEN_JOINTS.get(name, 0.0)
    return Joint(f'rh_{name}', axis, radians(lower_deg), radians(upper_deg), opened)


def _finger(finger: str, base: str, base_position: Vector, abduction_axis: Vector) -> list[Link]:
    """Return the four links from knuckle to fingertip."""
    prefix = f'rh_{finger.lower()}'
    flexion = (1.0, 0.0, 0.0)
    return [
        Link(f'{prefix}knuckle', base, _hinge(f'{finger}J4', abduction_axis, -20, 20),
             base_position, mass=0.008,
             geoms=(Geom('cylinder', (0.009, 0.009), quat_wxyz=ALONG_X),)),
        Link(f'{prefix}proximal', f'{prefix}knuckle', _hinge(f'{finger}J3', flexion, -15, 90),
             mass=0.03, geoms=(Geom('capsule', (0.009, 0.02), (0.0, 0.0, 0.025)),)),
        Link(f'{prefix}middle', f'{prefix}proximal', _hinge(f'{finger}J2', flexion, 0, 90),
             (0.0, 0.0, 0.045), mass=0.017,
             geoms=(Geom('capsule', (0.009, 0.0125), (0.0, 0.0, 0.0125)),)),
        Link(f'{prefix}distal', f'{prefix}middle', _hinge(f'{finger}J1', flexion, 0, 90),
             (0.0, 0.0, 0.025), mass=0.013, geoms=(_tip(FINGER_TIP_SECTIONS),)),
    ]


def _little_finger() -> list[Link]:
    """Return the links of the little finger, which also has a metacarpal."""
    metacarpal = Link(
        'rh_lfmetacarpal', 'rh_palm', _hinge('LFJ5', (0.573576, 0.0, 0.819152), 0, 45),
        (-0.033, 0.0, 0.02071), mass=0.03,
        geoms=(Geom('box', (0.011, 0.012, 0.025), (0.002, 0.0, 0.033)),))
    return [metacarpal, *_finger('LF', 'rh_lfmetacarpal', (0.0, 0.0, 0.06579), (0.0, 1.0, 0.0))]


def _thumb() -> list[Link]:
    flexion = (1.0, 0.0, 0.0)
    return [
        Link('rh_thbase', 'rh_palm', _hinge('THJ5', (0.0, 0.0, -1.0), -60, 60),
             (0.034, -0.00858, 0.029), (0.92388, 0.0, 0.382683, 0.0), 0.01,
             (Geom('sphere', (0.013,)),)),
        Link('rh_thproximal', 'rh_thbase', _hinge('THJ4', flexion, 0, 70), mass=0.04,
             geoms=(Geom('capsule', (0.0105, 0.009), (0.0, 0.0, 0.02)),)),
        Link('rh_thhub', 'rh_thproximal', _hinge('THJ3', flexion, -12, 12), (0.0, 0.0, 0.038),
             mass=0.005, geoms=(Geom('sphere', (0.011,)),)),
        Link('rh_thmiddle', 'rh_thhub', _hinge('THJ2', (0.0, -1.0, 0.0), -40, 40), mass=0.02,
             geoms=(Geom('capsule', (0.009, 0.009), (0.0, 0.0, 0.012)),
                    Geom('sphere', (0.01,), (0.0, 0.0, 0.03)))),
        Link('rh_thdistal', 'rh_thmiddle', _hinge('THJ1', flexion, -15, 90), (0.0, 0.0, 0.032),
             (0.5**0.5, 0.0, 0.0, -(0.5**0.5)), 0.017, (_tip(THUMB_TIP_SECTIONS),)),
    ]


def _palm() -> Link:
    boxes = (
        Geom('box', (0.031, 0.0035, 0.049), (0.011, 0.0085, 0.038)),
        Geom('box', (0.018, 0.0085, 0.049), (-0.002, -0.0035, 0.038)),
        Geom('box', (0.013, 0.0085, 0.005), (0.029, -0.0035, 0.082)),
        Geom('box', (0.013, 0.007, 0.009), (0.0265, -0.001, 0.07),
             (0.987241, 0.0990545, 0.0124467, 0.124052)),
        Geom('box', (0.0105, 0.0135, 0.012), (0.0315, -0.0085, 0.001)),
        Geom('box', (0.011, 0.0025, 0.015), (0.0125, -0.015, 0.004),
             (0.971338, 0.0, 0.0, -0.237703)),
        Geom('box', (0.009, 0.012, 0.002), (0.011, 0.0, 0.089)),
        Geom('box', (0.01, 0.012, 0.02), (-0.03, 0.0, 0.009)),
    )
    return Link('rh_palm', None, None, mass=0.3, geoms=boxes, quat_wxyz=IDENTITY)


def _contact_regions() -> tuple[ContactRegion, ...]:
    phalanges = (('tip', 'distal'), ('middle', 'middle'), ('proximal', 'proximal'))
    fingers = tuple(
        ContactRegion(
            f'rh_{finger.lower()}{phalanx}', group, TIP_SIDE if group == 'tip' else ())
        for group, phalanx in phalanges for finger in (*FINGERS, 'TH')
    )
    return (*fingers, ContactRegion('rh_palm', 'palm'))


def _contact_patterns() -> dict[str, tuple[str, ...]]:
    tips = tuple(f'rh_{finger.lower()}distal' for finger in (*FINGERS, 'TH'))
    # The thumb touches with its tip only.
    middles = tuple(f'rh_{finger.lower()}middle' for finger in FINGERS)
    pinch = ('rh_ffdistal', 'rh_thdistal')
    return {
        'tips': tips, 'tips_palm': (*tips, 'rh_palm'), 'wrap': (*tips, *middles, 'rh_palm'),
        'pinch': pinch, 'tripod': ('rh_mfdistal', *pinch), 'straight': (*tips, *middles),
        'lateral': ('rh_thdistal', 'rh_ffmiddle')}


SHADOW_RIGHT = HandDescription(
    name='shadow_right',
    links=(
        _palm(),
        *_finger('FF', 'rh_palm', (0.033, 0.0, 0.095), (0.0, -1.0, 0.0)),
        *_finger('MF', 'rh_palm', (0.011, 0.0, 0.099), (0.0, -1.0, 0.0)),
        *_finger('RF', 'rh_palm', (-0.011, 0.0, 0.095), (0.0, 1.0, 0.0)),
        *_little_finger(),
        *_thumb(),
    ),
    couplings=tuple(Coupling(f'rh_{f}J0', (f'rh_{f}J2', f'rh_{f}J1')) for f in FINGERS),
    contact_regions=_contact_regions(),
    contact_patterns=_contact_patterns(),
    collision_exclusions=(
        ('rh_palm', 'rh_ffproximal'),
        ('rh_palm', 'rh_mfproximal'),
        ('rh_palm', 'rh_rfproximal'),
        ('rh_lfmetacarpal', 'rh_lfproximal'),
        ('rh_ffknuckle', 'rh_mfknuckle'),
        ('rh_mfknuckle', 'rh_rfknuckle'),
        ('rh_rfknuckle', 'rh_lfknuckle'),
        ('rh_thproximal', 'rh_thmiddle'),
    ),
    # Between the curled fingertips and the thumb, where small objects end up.
    grasp_centre=(0.005, -0.012, 0.119),
    palm_centre=(0.0, -0.012, 0.05),
    # Ends of the distal links of thumb and middle finger.
    pinch_points=(('rh_thdistal', (0.0, 0.0, 0.0275)), ('rh_mfdistal', (0.0, 0.0, 0.026))),
    palmar_direction=(0.0, -1.0, 0.0),
    finger_direction=(0.0, 0.0, 1.0),
    joint_dynamics=JointDynamics(
        damping=0.05, armature=2e-4, friction_loss=0.01,
        # Shadow Robot's sr_common, on every finger joint.
        effort=2.0, velocity=2.0),
    wrist_joints=('rh_WRJ2', 'rh_WRJ1'),
    # Shadow Robot's sr_common.
    attached_frames={'rh_manipulator': (0.0, 0.0, 0.05)},
)

SHADOW_LEFT = mirrored(SHADOW_RIGHT, 'shadow_left', 'rh_', 'lh_')

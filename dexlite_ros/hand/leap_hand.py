# SPDX-License-Identifier: Apache-2.0
"""
Data of the right LEAP Hand of Carnegie Mellon University: 16 joints, none coupled.

Link offsets, axes, ranges, masses, collision boxes, damping and dry friction, and the names:
leap_hand/right_hand.xml in google-deepmind/mujoco_menagerie (MIT). The fingertip sections below
were measured on the convex hulls of its meshes tip and thumb_tip, which are the same but for
0.2 mm. Torque and speed: assets/leap_hand/robot.urdf in leap-hand/LEAP_Hand_Sim (MIT), which
gives them to every joint. No source gives the inertia of the motors; it is the Shadow Hand's.

In the frame of the palm x points to the fingers, y to the index finger, z out of the back.
"""

from __future__ import annotations

from math import cos, pi, sin

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

PALM = 'palm'
FINGERS = ('if', 'mf', 'rf')
AXIS: Vector = (0.0, 0.0, -1.0)
"""Of every joint, in the frame of its link."""
# Turns between the frames of neighbouring links.
TO_BASE: Quaternion = (0.500003, 0.5, 0.5, -0.499997)
TO_PROXIMAL: Quaternion = (0.500003, -0.5, -0.499997, 0.5)
TO_MEDIAL: Quaternion = (0.500003, 0.5, -0.5, 0.499997)

# Cross-sections of the fingertips: distance from where the tip begins, half width across, palmar
# and dorsal side [mm].
TIP_SECTIONS = (
    (0.0, 12.1, -10.6, 9.6),
    (1.8, 12.1, -11.2, 9.6),
    (20.0, 12.1, -11.1, 9.5),
    (24.3, 11.1, -11.1, 8.6),
    (27.3, 9.0, -11.0, 6.4),
    (29.3, 6.3, -10.7, 3.3),
    (30.2, 3.0, -9.2, 0.6),
)
TIP_BEGINS, THUMB_TIP_BEGINS = 0.0197, 0.0317
"""Distance of the tips' first sections from their joints [m]."""
TIP_MIDDLE, THUMB_TIP_MIDDLE = 0.0145, -0.0145
"""Middle of the tips across [m]."""
# The measured sections fill 0.90 of their bounding boxes.
SECTION_EXPONENT = 3.4
SECTION_CORNERS = 12

# Where links are meant to touch: the palmar face, the palmar half of tips.
TIP_SIDE = (HalfSpace((-1.0, 0.0, 0.0), 0.002), HalfSpace((0.0, -1.0, 0.0), 0.024))
THUMB_TIP_SIDE = (HalfSpace((-1.0, 0.0, 0.0), 0.002), HalfSpace((0.0, -1.0, 0.0), 0.036))
SIDES = {
    'md': (HalfSpace((-1.0, 0.0, 0.0), 0.007),),
    'px': (HalfSpace((0.0, 0.0, -1.0), 0.02),),
    'th_px': (HalfSpace((1.0, 0.0, 0.0), 0.008),),
}
# Open posture of a hand about to grasp [rad]; joints not named are at 0.
OPEN_JOINTS = {
    'mcp': 0.5, 'pip': 0.5, 'dip': 0.4,
    'th_cmc': 1.4, 'th_axl': 0.5, 'th_mcp': 0.2, 'th_ipl': 0.3,
}


def _joint(name: str, lower: float, upper: float) -> Joint:
    opened = OPEN_JOINTS.get(name, OPEN_JOINTS.get(name[3:], 0.0))
    return Joint(name, AXIS, lower, upper, opened)


def _boxes(*boxes: tuple[Vector, Vector]) -> tuple[Geom, ...]:
    """Return boxes from their half sides and positions [m]."""
    return tuple(Geom('box', half, position) for half, position in boxes)


def _tip(begin: float, middle: float) -> Geom:
    """Return a fingertip that begins at -y of its link, with its middle at z [m]."""
    power, vertices = 2.0 / SECTION_EXPONENT, []
    for along, half_width, palmar, dorsal in TIP_SECTIONS:
        for corner in range(SECTION_CORNERS):
            angle = 2.0 * pi * (corner + 0.5) / SECTION_CORNERS
            x, z = (abs(each) ** power * (1 if each > 0 else -1)
                    for each in (cos(angle), sin(angle)))
            x = (dorsal + palmar) / 2 + (dorsal - palmar) / 2 * x
            vertices.append((1e-3 * x, -begin - 1e-3 * along, middle + 1e-3 * half_width * z))
    return Geom('hull', vertices=tuple(vertices))


def _finger(finger: str, base: Vector, last: Vector) -> list[Link]:
    """Return the four links from base to fingertip; last: the fingertip's place [m]."""
    return [
        Link(f'{finger}_bs', PALM, _joint(f'{finger}_mcp', -0.314, 2.23), base, TO_BASE, 0.044,
             _boxes(((0.01, 0.003, 0.017), (0.0, 0.018, 0.0147)),
                    ((0.014, 0.02, 0.01), (-0.027, 0.042, 0.015)),
                    ((0.017, 0.003, 0.01), (-0.0262, 0.02, 0.0146)),
                    ((0.01, 0.012, 0.004), (-0.0295, 0.035, 0.029)),
                    ((0.007, 0.01, 0.002), (0.0, 0.005, 0.03)),
                    ((0.007, 0.01, 0.002), (0.0, 0.005, -0.001)))),
        Link(f'{finger}_px', f'{finger}_bs', _joint(f'{finger}_rot', -1.047, 1.047),
             (-0.0122, 0.0381, 0.0145), TO_PROXIMAL, 0.032,
             _boxes(((0.017, 0.013, 0.011), (0.0075, -0.0002, -0.011)))),
        Link(f'{finger}_md', f'{finger}_px', _joint(f'{finger}_pip', -0.506, 1.885),
             (0.015, 0.0143, -0.013), TO_MEDIAL, 0.037,
             _boxes(((0.008, 0.003, 0.013), (0.0, -0.02, 0.015)),
                    ((0.01, 0.002, 0.017), (0.0, -0.016, 0.015)),
                    ((0.007, 0.01, 0.002), (0.0, -0.0045, 0.03)),
                    ((0.007, 0.01, 0.002), (0.0, -0.0045, 0.0)),
                    ((0.017, 0.011, 0.013), (0.0075, -0.035, 0.015)))),
        Link(f'{finger}_ds', f'{finger}_md', _joint(f'{finger}_dip', -0.366, 2.042), last,
             IDENTITY, 0.016,
             (*_boxes(((0.01, 0.003, 0.015), (0.0, -0.017, 0.015)),
                      ((0.007, 0.011, 0.002), (0.0, -0.006, 0.03)),
                      ((0.007, 0.011, 0.002), (0.0, -0.006, -0.001))),
              _tip(TIP_BEGINS, TIP_MIDDLE))),
    ]


def _thumb() -> list[Link]:
    return [
        Link('th_mp', PALM, _joint('th_cmc', -0.349, 2.094), (-0.0693, -0.0012, -0.0216),
             (0.707109, 0.0, 0.707105, 0.0), 0.032,
             _boxes(((0.017, 0.013, 0.011), (-0.0075, -0.0002, -0.011)))),
        Link('th_bs', 'th_mp', _joint('th_axl', -0.349, 2.094), (0.0, 0.0143, -0.013), TO_MEDIAL,
             0.003,
             _boxes(((0.009, 0.0165, 0.002), (0.0, 0.0, -0.0015)),
                    ((0.007, 0.002, 0.01), (0.0, -0.015, -0.013)),
                    ((0.007, 0.002, 0.01), (0.0, 0.015, -0.013)))),
        Link('th_px', 'th_bs', _joint('th_mcp', -0.47, 2.443), (0.0, 0.0145, -0.017),
             (0.707109, -0.707105, 0.0, 0.0), 0.038,
             _boxes(((0.01, 0.02, 0.012), (0.0, 0.0105, -0.014)),
                    ((0.01, 0.002, 0.016), (0.0, 0.031, -0.015)),
                    ((0.007, 0.01, 0.002), (0.0, 0.042, 0.001)),
                    ((0.007, 0.01, 0.002), (0.0, 0.042, -0.029)),
                    ((0.005, 0.012, 0.009), (-0.0135, 0.0175, -0.011656)))),
        Link('th_ds', 'th_px', _joint('th_ipl', -1.34, 1.88), (0.0, 0.0466, 0.0002),
             (1.32679e-06, 0.0, 0.0, 1.0), 0.049,
             (*_boxes(((0.01, 0.018, 0.012), (0.0, -0.0085, -0.015)),
                      ((0.01, 0.002, 0.015), (0.0, -0.029, -0.014)),
                      ((0.004, 0.012, 0.009), (0.015, -0.0175, -0.0115))),
              _tip(THUMB_TIP_BEGINS, THUMB_TIP_MIDDLE))),
    ]


def _palm() -> Link:
    boxes = _boxes(
        ((0.011, 0.013, 0.017), (-0.009, 0.008, -0.011)),
        ((0.011, 0.013, 0.017), (-0.009, -0.037, -0.011)),
        ((0.011, 0.013, 0.017), (-0.009, -0.082, -0.011)),
        ((0.01, 0.06, 0.015), (-0.03, -0.035, -0.003)),
        ((0.012, 0.058, 0.023), (-0.048, -0.033, -0.0115)),
        ((0.022, 0.026, 0.023), (-0.078, -0.053, -0.0115)),
        ((0.002, 0.018, 0.017), (-0.098, -0.009, -0.006)),
        ((0.022, 0.028, 0.002), (-0.078, -0.003, 0.01)))
    turned = (
        Geom('box', (0.029, 0.01, 0.023), (-0.066, -0.078, -0.0115),
             (0.989016, 0.0, 0.0, -0.147806)),
        Geom('box', (0.005, 0.06, 0.01), (-0.032, -0.035, -0.024),
             (0.923956, 0.0, 0.382499, 0.0)))
    return Link(PALM, None, None, mass=0.237, geoms=(*boxes, *turned))


def _contact_regions() -> tuple[ContactRegion, ...]:
    return (
        *(ContactRegion(f'{finger}_ds', 'tip', TIP_SIDE) for finger in FINGERS),
        ContactRegion('th_ds', 'tip', THUMB_TIP_SIDE),
        *(ContactRegion(f'{finger}_md', 'middle', SIDES['md']) for finger in FINGERS),
        *(ContactRegion(f'{finger}_px', 'proximal', SIDES['px']) for finger in FINGERS),
        ContactRegion('th_px', 'middle', SIDES['th_px']),
        ContactRegion(PALM, 'palm'))


def _contact_patterns() -> dict[str, tuple[str, ...]]:
    index, middle, ring, thumb = tips = tuple(f'{each}_ds' for each in (*FINGERS, 'th'))
    middles = tuple(f'{finger}_md' for finger in FINGERS)
    return {
        'tips': tips, 'tips_palm': (*tips, PALM), 'wrap': (*tips, *middles, PALM),
        'pinch': (index, thumb), 'tripod': (index, middle, thumb),
        'straight': (index, middle, ring, thumb, *middles)}


def _exclusions() -> tuple[tuple[str, str], ...]:
    """Return the pairs that the source lets overlap, neighbours aside."""
    return (
        *((PALM, f'{finger}_{link}') for link in ('bs', 'px', 'md') for finger in FINGERS),
        *((PALM, f'th_{link}') for link in ('mp', 'bs', 'px')),
        ('if_bs', 'mf_bs'), ('if_bs', 'rf_bs'), ('mf_bs', 'rf_bs'),
        *((f'{finger}_bs', 'th_mp') for finger in FINGERS))


LEAP_RIGHT = HandDescription(
    name='leap_right',
    links=(
        _palm(),
        *_finger('if', (-0.007, 0.023, -0.0187), (0.0, -0.0361, 0.0002)),
        *_finger('mf', (-0.0071, -0.0224, -0.0187), (0.0, -0.0361, 0.0002)),
        *_finger('rf', (-0.00709, -0.0678, -0.0187), (0.0, -0.03609, 0.0002)),
        *_thumb(),
    ),
    couplings=(),
    contact_regions=_contact_regions(),
    contact_patterns=_contact_patterns(),
    collision_exclusions=_exclusions(),
    # Where all tips can meet, and the middle of the palm's front.
    grasp_centre=(0.02, -0.02, -0.08),
    palm_centre=(-0.06, -0.035, -0.0345),
    pinch_points=(('th_ds', (-0.011, -0.056, -0.0145)), ('mf_ds', (-0.011, -0.044, 0.0145))),
    palmar_direction=(0.0, 0.0, -1.0),
    finger_direction=(1.0, 0.0, 0.0),
    joint_dynamics=JointDynamics(
        damping=0.03, armature=2e-4, friction_loss=0.001, effort=0.95, velocity=8.48),
)

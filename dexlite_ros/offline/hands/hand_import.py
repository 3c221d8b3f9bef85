# SPDX-License-Identifier: Apache-2.0
"""
From a robot description to a hand: what is told is taken over, the rest is guessed and printed.

A guess is a line 'guessed: ...'. All of it can be edited in the profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from dexlite_ros.hand.description import (
    Geom,
    HandDescription,
    JointDynamics,
    Link,
    Vector,
)
from dexlite_ros.hand.description_checks import faults
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.offline.hands.closing import Closing, find_closing
from dexlite_ros.offline.hands.contact_guesses import exclusions, with_contacts
from dexlite_ros.offline.hands.fitting import Fit, fit_part
from dexlite_ros.offline.hands.mjcf_source import read_mjcf
from dexlite_ros.offline.hands.posture import posture
from dexlite_ros.offline.hands.robot_model import HandImportError, RobotModel
from dexlite_ros.offline.hands.skeleton import (
    Bone,
    build_skeleton,
    couplings,
    LIGHTEST,
    Say,
    Skeleton,
)
from dexlite_ros.offline.hands.urdf_source import read_urdf
from dexlite_ros.proposal.hull_proposer import StartSettings

SMALLEST, LARGEST = 0.02, 1.0
"""Sizes that a hand may have [m]; beyond, its units are wrong."""
STAND_IN = 0.003
"""Radius of the ball that stands for a link without shapes [m]; too small to collide."""
FAR_END = 0.85
"""Where on its way to the far end a tip touches first."""
BEFORE = (StartSettings.nearest + StartSettings.farthest) / 2
"""How far before the grasp centre the surface of an object is in the starts [m]."""
DYNAMICS = {
    'damping': 0.05, 'armature': 2e-4, 'friction_loss': 0.01, 'effort': 2.0, 'velocity': 2.0,
    'stiffness': 5.0}
"""What is assumed where nothing is told, as of the Shadow Hand."""


@dataclass(frozen=True)
class ImportedHand:
    """A hand, and how far its surfaces are from those it was made from."""

    hand: HandDescription
    errors: dict[str, float]
    """Mean distance of the fitted shapes of each link from its meshes [m]."""
    skeleton: Skeleton


def import_hand(
    path: str | Path, palm: str, tips: Sequence[str], say: Say, *, name: str = '',
    free_followers: bool = False,
) -> ImportedHand:
    """
    Return the hand in an MJCF or URDF file.

    :param palm: link whose pose is that of the hand
    :param tips: links of the fingertips
    :param say: is told each guess
    :param name: of the hand; empty: that of the file
    :param free_followers: plan for joints that follow others by another ratio than 1 as if free
    :raises HandImportError: when there is no such hand in the file, or it cannot be planned for
    """
    robot = _read(Path(path))
    skeleton = build_skeleton(robot, palm, tips, say)
    links, errors = _links(robot, skeleton, say)
    ends = [skeleton.link_of(tip) for tip in tips]
    bare = HandDescription(
        name=name or Path(path).stem, links=links,
        couplings=couplings(robot, skeleton, say, free=free_followers),
        contact_regions=(), contact_patterns={}, collision_exclusions=(),
        grasp_centre=(0.0, 0.0, 0.0), palm_centre=(0.0, 0.0, 0.0),
        pinch_points=((ends[0], (0.0, 0.0, 0.0)), (ends[-1], (0.0, 0.0, 0.0))),
        palmar_direction=(0.0, 0.0, 1.0), finger_direction=(1.0, 0.0, 0.0),
        joint_dynamics=_dynamics(robot, say), wrist_joints=skeleton.above)
    _check_size(robot, bare)
    placed, closing = _placed(bare, ends, say)
    hand = with_contacts(placed, ends, closing, say)
    hand = replace(hand, collision_exclusions=exclusions(robot, skeleton, hand, say))
    for fault in faults(hand):
        raise HandImportError(path, f'the hand in it cannot be used: {fault}')
    return ImportedHand(hand, errors, skeleton)


def _read(path: Path) -> RobotModel:
    try:
        head = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise HandImportError(path, getattr(error, 'strerror', None) or str(error)) from error
    return read_urdf(path) if '<robot' in head else read_mjcf(path)


def _links(
    robot: RobotModel, skeleton: Skeleton, say: Say
) -> tuple[tuple[Link, ...], dict[str, float]]:
    links, errors = [], {}
    for bone in tqdm(skeleton.bones, unit='link', disable=None, leave=False):
        fits = [fit for part in bone.parts for fit in fit_part(part)]
        if not fits:
            say(f"guessed: the link '{bone.name}' has no shapes; a ball of {1e3 * STAND_IN:g} mm "
                'stands for it')
            fits = [Fit(Geom('sphere', (STAND_IN,)), 0.0)]
        if bone.mass < LIGHTEST:
            say(f"guessed: the link '{bone.name}' weighs {LIGHTEST * 1e3:g} g")
        errors[bone.name] = float(np.mean([fit.error for fit in fits]))
        links.append(_link(bone, tuple(fit.geom for fit in fits)))
    return tuple(links), errors


def _link(bone: Bone, geoms: tuple[Geom, ...]) -> Link:
    return Link(bone.name, bone.parent, bone.joint, bone.position, bone.quat_wxyz,
                max(bone.mass, LIGHTEST), geoms)


def _dynamics(robot: RobotModel, say: Say) -> JointDynamics:
    told = dict(robot.dynamics)
    for name, value in DYNAMICS.items():
        # A joint without damping and inertia cannot be controlled, nor simulated.
        if name not in told or (name != 'friction_loss' and told[name] <= 0):
            say(f'guessed: joint_dynamics.{name} is {value:g}')
            told[name] = value
    return JointDynamics(**told)


def _check_size(robot: RobotModel, hand: HandDescription) -> None:
    poses = posture(hand, 'stretched')
    corners = np.concatenate([
        np.asarray(link_mesh(link).vertices) @ rotation.T + position
        for link, rotation, position in zip(
            hand.links, poses.rotation[0].numpy(), poses.position[0].numpy())])
    size = float(np.ptp(corners, axis=0).max())
    if not SMALLEST <= size <= LARGEST:
        raise HandImportError(
            robot.path, f'the hand would be {size:.4g} m long, outside [{SMALLEST}, {LARGEST}] m: '
            'its lengths must be metres; scale positions and meshes')


def _placed(
    hand: HandDescription, tips: list[str], say: Say
) -> tuple[HandDescription, Closing]:
    """Return the hand with its open posture, directions, centres and pinch points."""
    links = {link.name: link for link in hand.links}
    ends = np.array([_far_end(links[tip]) for tip in tips])
    closing = find_closing(HandKinematics(hand), tips, ends)
    opened = dict(zip(hand.joint_names, closing.open_posture().tolist()))
    palm = np.asarray(link_mesh(hand.links[0]).vertices)
    middle = (palm.min(0) + palm.max(0)) / 2
    palmar = closing.palmar
    fingers = closing.fingers if closing.common else _sideways(hand, middle, palmar)
    surface = middle + palmar * float(((palm - middle) @ palmar).max())
    thumb, finger = closing.thumb, closing.opposite
    # Starts hold objects at some distance before the centre, on average where tips meet.
    room = float((closing.meeting - surface) @ palmar)
    centre = closing.meeting - min(max(room, 0.0), BEFORE) * palmar
    for guess in (
            'the fingers close ' + ('in a common direction, against a thumb' if closing.common
                                    else 'around a middle'),
            f'tips meet at {_text(closing.meeting)}, within {1e3 * closing.apart:.1f} mm; '
            f'grasp_centre is {_text(centre)}',
            f'palmar_direction is {_text(palmar)}, finger_direction {_text(fingers)}',
            f'palm_centre is {_text(surface)}',
            f"'{tips[thumb]}' opposes '{tips[finger]}': pinch_points",
            'open posture: ' + ', '.join(
                f'{joint} {angle:.2f}' for joint, angle in opened.items())):
        say(f'guessed: {guess}')
    return replace(
        hand, links=tuple(_opened(link, opened) for link in hand.links),
        grasp_centre=_vector(centre), palm_centre=_vector(surface),
        palmar_direction=_vector(palmar), finger_direction=_vector(fingers),
        pinch_points=((tips[thumb], _vector(ends[thumb])),
                      (tips[finger], _vector(ends[finger])))), closing


def _far_end(link: Link) -> NDArray[np.float64]:
    """Return the point (3,) of a fingertip near its end away from the joint."""
    vertices = np.asarray(link_mesh(link).vertices)
    middle = (vertices.min(0) + vertices.max(0)) / 2
    length = float(np.linalg.norm(middle))
    if length < 1e-6:
        return middle
    along = middle / length
    return middle + (FAR_END * float((vertices @ along).max()) - length) * along


def _sideways(
    hand: HandDescription, middle: NDArray[np.float64], palmar: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the unit direction (3,) across the palm's, towards the first finger."""
    base = next(np.array(each.position) for each in hand.links if each.parent == hand.palm_link)
    for way in (base - middle, *np.eye(3)):
        across = way - (way @ palmar) * palmar
        if float(np.linalg.norm(across)) > 1e-3:
            break
    return across / np.linalg.norm(across)


def _opened(link: Link, angles: dict[str, float]) -> Link:
    if link.joint is None:
        return link
    return replace(link, joint=replace(link.joint, open=float(np.clip(
        angles[link.joint.name], link.joint.lower, link.joint.upper))))


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = values.tolist()
    return x, y, z


def _text(values: NDArray[np.float64]) -> str:
    return '(' + ', '.join(f'{value:.3f}' for value in values) + ')'

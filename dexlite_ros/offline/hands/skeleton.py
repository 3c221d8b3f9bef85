# SPDX-License-Identifier: Apache-2.0
"""
The tree of a hand: links of one hinge each, from the palm to the tips.

Bodies without a hinge are part of the link that carries them. A body that several hinges turn one
after the other becomes as many links, of which the last has its shapes. A link's frame lies on the
axis of its hinge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import pi

import numpy as np
import trimesh

from dexlite_ros.hand.description import Coupling, Joint, Quaternion, Vector
from dexlite_ros.offline.hands.robot_model import (
    Body,
    Follower,
    HandImportError,
    Hinge,
    Part,
    RobotModel,
    Transform,
)

Say = Callable[[str], None]
"""Prints a line."""
LIGHTEST = 1e-3
"""Mass of a link of which none is told [kg]."""


@dataclass
class Bone:
    """A link that is being made."""

    name: str
    parent: str | None
    joint: Joint | None
    place: Transform
    """In the frame of the parent."""
    mass: float = 0.0
    parts: list[Part] = field(default_factory=list)
    """In the frame of the link."""

    @property
    def position(self) -> Vector:
        """Return where its frame lies in its parent's [m]."""
        x, y, z = self.place[:3, 3].tolist()
        return x, y, z

    @property
    def quat_wxyz(self) -> Quaternion:
        """Return how its frame is turned in its parent's."""
        return quaternion(self.place)


@dataclass(frozen=True)
class Skeleton:
    """The links of a hand, and where the bodies of the robot are in them."""

    bones: tuple[Bone, ...]
    """Parents before children; the first is the palm."""
    bodies: dict[str, tuple[str, Transform]]
    """For each body below the palm: its link, and its place in that link's frame."""
    above: tuple[str, ...]
    """Hinges between the world and the palm, which belong to the arm."""

    def link_of(self, body: str) -> str:
        """Return the link that a body is a part of."""
        return self.bodies[body][0]


def quaternion(place: Transform) -> Quaternion:
    """Return the rotation of a transform."""
    w, x, y, z = trimesh.transformations.quaternion_from_matrix(place).tolist()
    return w, x, y, z


def build_skeleton(robot: RobotModel, palm: str, tips: Sequence[str], say: Say) -> Skeleton:
    """
    Return the tree below the palm.

    :param say: is told what was assumed
    :raises HandImportError: for a palm or tips that are not there, loops, and joints that are no
        hinges
    """
    by_name = {body.name: body for body in robot.bodies}
    for name in (palm, *tips):
        if name not in by_name:
            raise HandImportError(
                robot.path, f"there is no link '{name}'; links: {', '.join(by_name)}")
    if robot.loops:
        raise HandImportError(
            robot.path, f'kinematic loops cannot be planned for: {", ".join(robot.loops)}; '
            'remove them, and couple joints instead')
    bones = {palm: Bone(palm, None, None, np.eye(4))}
    places: dict[str, tuple[str, Transform]] = {palm: (palm, np.eye(4))}
    _carry(bones[palm], by_name[palm], np.eye(4))
    for body in robot.bodies:
        if body.name == palm or body.parent not in places:
            continue
        if body.other_joints:
            raise HandImportError(
                robot.path, f"'{body.name}' is moved by a {body.other_joints[0]}; fingers can "
                'have hinges only')
        carrier, place = places[body.parent]
        places[body.name] = _grow(bones, body, carrier, place @ body.place, say)
    for tip in tips:
        if tip not in places or places[tip][0] == palm:
            raise HandImportError(
                robot.path, f"the tip '{tip}' is not moved by a finger of the palm '{palm}'")
    return Skeleton(tuple(bones.values()), places, _above(by_name, palm))


def _above(by_name: dict[str, Body], palm: str) -> tuple[str, ...]:
    names: list[str] = []
    at: str | None = palm
    while at is not None:
        names = [*(hinge.name for hinge in by_name[at].hinges), *names]
        at = by_name[at].parent
    return tuple(names)


def _grow(
    bones: dict[str, Bone], body: Body, carrier: str, place: Transform, say: Say
) -> tuple[str, Transform]:
    """Add the links of a body to those of its carrier; return its link, and its place there."""
    shift = np.zeros(3)
    for number, hinge in enumerate(body.hinges):
        last = number == len(body.hinges) - 1
        name = body.name if last else f'{body.name}_{hinge.name}'
        anchor = np.array(hinge.anchor)
        origin = place @ trimesh.transformations.translation_matrix(anchor - shift)
        # What the place says holds at the hinge's own zero.
        origin = origin @ trimesh.transformations.rotation_matrix(-hinge.zero, hinge.axis)
        bones[name] = Bone(name, carrier, _joint(hinge, say), origin)
        carrier, place, shift = name, np.eye(4), anchor
    found = place @ trimesh.transformations.translation_matrix(-shift)
    _carry(bones[carrier], body, found)
    return carrier, found


def _carry(bone: Bone, body: Body, place: Transform) -> None:
    bone.mass += body.mass
    bone.parts += [Part(place @ each.place, each.primitive, each.vertices, each.faces)
                   for each in body.parts]


def _joint(hinge: Hinge, say: Say) -> Joint:
    lower, upper = hinge.lower, hinge.upper
    if lower is None or upper is None or lower >= upper:
        say(f"guessed: the joint '{hinge.name}' has no limits; it turns by half a turn each way")
        lower, upper = -pi, pi
    axis = np.array(hinge.axis) / np.linalg.norm(hinge.axis)
    x, y, z = axis.tolist()
    return Joint(hinge.name, (x, y, z), float(lower), float(upper))


def couplings(
    robot: RobotModel, skeleton: Skeleton, say: Say, *, free: bool = False
) -> tuple[Coupling, ...]:
    """
    Return the coupled pairs of a hand, the proximal joint first.

    :param free: plan for joints that follow others in another way than 1:1 as if they were free
    :raises HandImportError: for such joints otherwise
    """
    depth: dict[str, int] = {}
    number = {bone.name: index for index, bone in enumerate(skeleton.bones)}
    for bone in skeleton.bones:
        if bone.joint is not None:
            depth[bone.joint.name] = number[bone.name]
    found: list[Coupling] = []
    for follower in robot.followers:
        if not set(follower.joints) <= depth.keys():
            continue
        taken = {name for pair in found for name in pair.joints}
        problem = _problem(follower, taken)
        if problem and not free:
            raise HandImportError(
                robot.path, f"the joints '{follower.joints[0]}' and '{follower.joints[1]}' "
                f'{problem}; only pairs that turn alike can be coupled. With --free-followers '
                'they are planned for as if they were free')
        if problem:
            say(f"guessed: '{follower.joints[0]}' and '{follower.joints[1]}', which {problem}, "
                'are free')
            continue
        first, second = sorted(follower.joints, key=depth.__getitem__)
        found.append(Coupling(follower.name, (first, second)))
    return tuple(found)


def _problem(follower: Follower, taken: set[str]) -> str:
    """Return why two joints cannot be coupled; empty: they can."""
    if not abs(follower.ratio - 1) < 1e-3:
        return f'are coupled with a ratio of {follower.ratio:.4g}'
    if abs(follower.offset) > 1e-3:
        return f'are coupled with an offset of {follower.offset:.4g} rad'
    if taken & set(follower.joints):
        return 'are coupled with a third'
    return ''

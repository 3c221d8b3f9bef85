# SPDX-License-Identifier: Apache-2.0
"""
A hand as data: links, joints, collision shapes.

Positions are in metres, angles in radians. A link's frame is given in its parent's frame with its
joint at zero; the joint rotates the link about an axis through the link's origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Shape = Literal['sphere', 'capsule', 'cylinder', 'box', 'hull']
Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

IDENTITY: Quaternion = (1.0, 0.0, 0.0, 0.0)
ORIGIN: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Geom:
    """One convex collision shape in its link's frame."""

    shape: Shape
    size: tuple[float, ...] = ()
    """Sphere: radius. Capsule and cylinder: radius, half length along z. Box: half sizes [m]."""
    position: Vector = ORIGIN
    quat_wxyz: Quaternion = IDENTITY
    vertices: tuple[Vector, ...] = ()
    """Vertices of a 'hull', in the link's frame [m]; empty for the other shapes."""


@dataclass(frozen=True)
class Joint:
    """A revolute joint."""

    name: str
    axis: Vector
    lower: float
    """[rad]"""
    upper: float
    """[rad]"""
    open: float = 0.0
    """Angle in the open posture, from which grasps start [rad]."""


@dataclass(frozen=True)
class Link:
    """A rigid body; ``joint`` is None for the root only."""

    name: str
    parent: str | None
    joint: Joint | None
    position: Vector = ORIGIN
    quat_wxyz: Quaternion = IDENTITY
    mass: float = 0.0
    """[kg]"""
    geoms: tuple[Geom, ...] = ()


@dataclass(frozen=True)
class Coupling:
    """Two joints driven by one motor, which sets their sum; in free motion they are equal."""

    name: str
    joints: tuple[str, str]
    """Proximal joint, distal joint."""


@dataclass(frozen=True)
class JointDynamics:
    """Actuation and resistance of the joints, the same for every joint."""

    damping: float
    """[N m s/rad]"""
    armature: float
    """Reflected inertia of the motor at the joint [kg m^2]."""
    friction_loss: float
    """Dry friction [N m]."""
    effort: float
    """Largest torque [N m]."""
    velocity: float
    """Largest speed [rad/s]."""
    stiffness: float = 5.0
    """Gain of the position controllers [N m/rad]; DexGraspBench's is 5."""


@dataclass(frozen=True)
class HalfSpace:
    """The points p of a link's frame with normal . p > offset."""

    normal: Vector
    offset: float
    """[m]"""


@dataclass(frozen=True)
class ContactRegion:
    """The part of a link that is meant to touch."""

    link: str
    group: str
    """Kind of link: 'tip', 'middle', 'proximal' or 'palm'."""
    side: tuple[HalfSpace, ...] = ()
    """Bounds of that part; empty: the palmar faces of boxes, and the whole of other shapes."""


@dataclass(frozen=True)
class MirrorOf:
    """
    The hand of which another one is the mirror image (``hand.mirroring``).

    What was learnt for that hand holds for the mirror image on the mirror image of an object.
    """

    name: str
    """Name of that hand."""
    prefix: str
    """What the names of its links and joints begin with, where a side is meant."""
    own_prefix: str
    """What those of the mirror image begin with."""


@dataclass(frozen=True)
class HandDescription:
    """A hand whose wrist pose is the pose of its root link; parents come before children."""

    name: str
    links: tuple[Link, ...]
    couplings: tuple[Coupling, ...]
    contact_regions: tuple[ContactRegion, ...]
    contact_patterns: Mapping[str, tuple[str, ...]]
    """Links that should touch together, by pattern name: at least 'tips', 'tips_palm' and
    'wrap'. A finger of which none is named is idle, and kept out of the way."""
    collision_exclusions: tuple[tuple[str, str], ...]
    """Pairs of links that may overlap, besides each link and its parent."""
    grasp_centre: Vector
    """Point the hand closes around, in the root link's frame [m]."""
    palm_centre: Vector
    """Middle of the palm's surface, in the root link's frame [m]."""
    pinch_points: tuple[tuple[str, Vector], tuple[str, Vector]]
    """Link, and point in its frame [m], for each of two opposing fingertips."""
    palmar_direction: Vector
    """Unit vector out of the palm, in the root link's frame."""
    finger_direction: Vector
    """Unit vector from the wrist to the fingers, in the root link's frame."""
    joint_dynamics: JointDynamics
    wrist_joints: tuple[str, ...] = ()
    """Joints between arm and root link; always 0 here, but named in joint states."""
    attached_frames: Mapping[str, Vector] = field(default_factory=dict)
    """Position in the root link's frame [m] of others that arms plan for, turned as it is."""
    mirror_of: MirrorOf | None = None
    """Whose mirror image the hand is; its weights then serve this one as well."""

    def __post_init__(self) -> None:
        touching = {region.link for region in self.contact_regions}
        for name, links in self.contact_patterns.items():
            if not set(links) <= touching:
                raise ValueError(
                    f"pattern '{name}' of the hand '{self.name}' names links without a contact "
                    f'region: {sorted(set(links) - touching)}')

    @property
    def original_name(self) -> str:
        """Name of the hand whose weights serve this one: its own, or that of what it mirrors."""
        return self.name if self.mirror_of is None else self.mirror_of.name

    @property
    def palm_link(self) -> str:
        """Name of the root link."""
        return self.links[0].name

    @cached_property
    def fingers(self) -> tuple[tuple[str, ...], ...]:
        """Links of each finger: the branches of the tree that begin at the palm."""
        branch: dict[str, str] = {}
        for link in self.links[1:]:
            branch[link.name] = (
                link.name if link.parent == self.palm_link else branch[str(link.parent)])
        return tuple(
            tuple(name for name, root in branch.items() if root == each)
            for each in dict.fromkeys(branch.values()))

    @cached_property
    def moving_links(self) -> tuple[tuple[Link, Joint], ...]:
        """All links but the root, each with the joint that moves it."""
        return tuple((link, link.joint) for link in self.links if link.joint is not None)

    @cached_property
    def joints(self) -> tuple[Joint, ...]:
        """Joints in the order of the joint vector."""
        return tuple(joint for _, joint in self.moving_links)

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Names in the order of the joint vector."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def link_names(self) -> tuple[str, ...]:
        """Names in the order of ``links``."""
        return tuple(link.name for link in self.links)

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """Index of each link's parent; -1 for the root."""
        return tuple(
            -1 if link.parent is None else self.link_names.index(link.parent)
            for link in self.links
        )

    @property
    def tip_links(self) -> tuple[str, ...]:
        """Names of the fingertips."""
        return tuple(each.link for each in self.contact_regions if each.group == 'tip')

    def region(self, link: str) -> ContactRegion | None:
        """Return the part of a link that is meant to touch; None if the link has none."""
        return next((each for each in self.contact_regions if each.link == link), None)

    def finger(self, link: str) -> str:
        """Return the first link of the chain from the root to a link; it identifies the finger."""
        index = self.link_names.index(link)
        while self.parents[index] > 0:
            index = self.parents[index]
        return self.link_names[index]

    @cached_property
    def coupled_indices(self) -> tuple[tuple[int, int], ...]:
        """Return the indices (proximal, distal) of each coupled pair in the joint vector."""
        return tuple(
            (self.joint_names.index(pair.joints[0]), self.joint_names.index(pair.joints[1]))
            for pair in self.couplings
        )

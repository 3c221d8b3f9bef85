# SPDX-License-Identifier: Apache-2.0
"""
A robot as its description says, before anything is guessed: what MJCF and URDF have in common.

Positions are in metres, angles in radians, rotations are 4 x 4 transforms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import FileError
from dexlite_ros.hand.description import Geom, Vector

Transform = NDArray[np.float64]
"""(4, 4), from a frame's own coordinates to those of the frame it is given in."""


class HandImportError(FileError):
    """A robot description that cannot become a hand."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path, reason)


@dataclass(frozen=True)
class Part:
    """One collision shape: a primitive, or a mesh that is still to be fitted."""

    place: Transform
    """In the frame of its body."""
    primitive: Geom | None = None
    """In the frame of the shape; None: it is a mesh."""
    vertices: NDArray[np.float64] | None = None
    """(V, 3) of the mesh, in the frame of the shape [m]."""
    faces: NDArray[np.int64] | None = None
    """(F, 3); None: only the convex hull counts, as in MuJoCo."""


@dataclass(frozen=True)
class Hinge:
    """A joint of a body."""

    name: str
    axis: Vector
    """In the frame of the body."""
    anchor: Vector
    """A point of the axis in the frame of the body [m]."""
    lower: float | None
    """None: unlimited [rad]."""
    upper: float | None
    zero: float = 0.0
    """Angle at which the body is where its place says [rad]."""


@dataclass(frozen=True)
class Body:
    """A rigid body, which its hinges turn one after the other; without any it is welded on."""

    name: str
    parent: str | None
    place: Transform
    """In the frame of the parent, with the hinges at their ``zero``."""
    hinges: tuple[Hinge, ...]
    mass: float
    """[kg]"""
    parts: tuple[Part, ...]
    other_joints: tuple[str, ...] = ()
    """What else moves it: 'slide joint x', 'free joint y'."""


@dataclass(frozen=True)
class Follower:
    """Two joints that one motor moves."""

    name: str
    joints: tuple[str, str]
    ratio: float
    """Angle of the first for each radian of the second, in free motion."""
    offset: float = 0.0
    """[rad]"""


@dataclass(frozen=True)
class RobotModel:
    """The bodies of a robot, parents before children."""

    path: str
    name: str
    bodies: tuple[Body, ...]
    followers: tuple[Follower, ...] = ()
    exclusions: tuple[tuple[str, str], ...] = ()
    """Pairs of bodies whose collisions are ignored."""
    dynamics: tuple[tuple[str, float], ...] = ()
    """Typical values of the fields of ``JointDynamics``, as far as told."""
    loops: tuple[str, ...] = ()
    """What closes a kinematic loop, in words."""

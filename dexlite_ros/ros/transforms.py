# SPDX-License-Identifier: Apache-2.0
"""
Coordinate frames: looking up transforms, and expressing clouds and plans in another frame.

``T_target_source`` is a rigid 4x4 matrix with p_target = T_target_source @ p_source. tf2_ros is
imported only when a node starts a listener, because not every installation has it. Without it,
frames must be equal; any other pair is an error, never silently the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TYPE_CHECKING

from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import Transform
import numpy as np
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.time import Time
import roma
import torch

from dexlite_ros.errors import TransformError
from dexlite_ros.plan import Contacts, GraspPlan

if TYPE_CHECKING:
    from rclpy.node import Node

MISSING_TF2 = 'tf2_ros is not installed (apt install ros-$ROS_DISTRO-tf2-ros-py)'


class FrameTransforms:
    """Transforms between named frames, from tf2 if it is available."""

    def __init__(
        self,
        buffer: Any | None,
        errors: tuple[type[Exception], ...] = (),
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Wrap a buffer; nodes use ``listen`` instead.

        :param buffer: a tf2_ros.Buffer, or None when tf2_ros is missing.
        :param errors: exceptions that the buffer raises if it has no transform.
        :param close: stops the listener that fills the buffer.
        """
        self._buffer = buffer
        self._errors = errors
        self.close = close

    @classmethod
    def listen(cls, node: Node) -> FrameTransforms:
        """Start listening to /tf and /tf_static with ``node``, if tf2_ros can be imported."""
        try:
            import tf2_ros
        except ImportError:
            return cls(None)
        buffer = tf2_ros.Buffer(node=node)
        listener = tf2_ros.TransformListener(buffer, node)
        return cls(buffer, (tf2_ros.TransformException,), listener.unregister)

    @property
    def available(self) -> bool:
        """Return whether transforms between different frames can be looked up."""
        return self._buffer is not None

    def matrix(self, target: str, source: str, stamp: Stamp, timeout: float) -> np.ndarray:
        """
        Return T_target_source (4, 4) at ``stamp``.

        :param target: frame to express points in.
        :param source: frame that the points are given in.
        :param stamp: acquisition time of the points; zero: the newest transform.
        :param timeout: how long to wait for it [s].
        :raises TransformError: a frame has no name, tf2 is missing, or it has no transform.
        """
        target, source = target.removeprefix('/'), source.removeprefix('/')
        if not target or not source:
            raise TransformError(target, source, 'a frame without a name')
        if target == source:
            return np.eye(4)
        if self._buffer is None:
            raise TransformError(target, source, MISSING_TF2)
        try:
            found = self._buffer.lookup_transform(
                target,
                source,
                Time.from_msg(stamp, clock_type=ClockType.ROS_TIME),
                timeout=Duration(seconds=timeout),
            )
        except self._errors as error:
            raise TransformError(target, source, str(error)) from error
        return transform_matrix(found.transform)


def transform_matrix(transform: Transform) -> np.ndarray:
    """Return a geometry_msgs Transform as (4, 4)."""
    quat = transform.rotation
    quat_xyzw = torch.tensor([quat.x, quat.y, quat.z, quat.w], dtype=torch.float64)
    matrix = np.eye(4)
    matrix[:3, :3] = roma.unitquat_to_rotmat(quat_xyzw / quat_xyzw.norm()).numpy()
    matrix[:3, 3] = (transform.translation.x, transform.translation.y, transform.translation.z)
    return matrix


def transform_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return ``points`` (N, 3) of the source frame in the target frame."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def plan_in_frame(plan: GraspPlan, matrix: np.ndarray) -> GraspPlan:
    """Return ``plan`` with every pose, point, normal and force in the target frame."""
    if np.array_equal(matrix, np.eye(4)):
        return plan
    pose = torch.as_tensor(matrix, dtype=plan.grasps.grasp.translation.dtype)
    rotation, shift = pose[:3, :3], pose[:3, 3]
    return replace(
        plan,
        grasps=plan.grasps.each(lambda batch: batch.transformed(rotation, shift)),
        contacts=tuple(_contacts_in_frame(c, rotation, shift) for c in plan.contacts),
    )


def _contacts_in_frame(
    contacts: Contacts, rotation: torch.Tensor, shift: torch.Tensor
) -> Contacts:
    rotation, shift = rotation.to(contacts.points.dtype), shift.to(contacts.points.dtype)
    return Contacts(
        contacts.links,
        contacts.points @ rotation.T + shift,
        contacts.normals @ rotation.T,
        contacts.forces @ rotation.T,
    )

# SPDX-License-Identifier: Apache-2.0
"""
Coordinate frames: looking up transforms, and expressing clouds and plans in another frame.

``T_target_source`` is a rigid 4x4 matrix with p_target = T_target_source @ p_source. tf2_ros is
imported only when a node starts a listener, because not every installation has it. Without it,
frames must be equal; any other pair is an error, never silently the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
import time
from typing import Any, TYPE_CHECKING

from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import Transform
import numpy as np
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.time import Time
import torch

from dexlite_ros.errors import Cancelled, TransformError
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.plan import Contacts, GraspPlan, TwoHandPlan
from dexlite_ros.ros.cloud_topic import on_jump_back
from dexlite_ros.rotations import unitquat_to_rotmat

if TYPE_CHECKING:
    from rclpy.node import Node

POLL_PERIOD = 0.01
"""Time between two looks at the buffer while waiting for a transform [s]."""
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
        # Without a node: the service tf2_frames and the jump callback that a buffer registers with
        # its node stay there when it is dropped.
        buffer = tf2_ros.Buffer()
        with ExitStack() as undo:
            undo.callback(on_jump_back(node.get_clock(), buffer.clear))
            undo.callback(tf2_ros.TransformListener(buffer, node).unregister)
            close = undo.pop_all().close
        return cls(buffer, (tf2_ros.TransformException,), close)

    @property
    def available(self) -> bool:
        """Return whether transforms between different frames can be looked up."""
        return self._buffer is not None

    def matrix(
        self,
        target: str,
        source: str,
        stamp: Stamp,
        timeout: float,
        should_stop: Callable[[], bool] = lambda: False,
        purpose: str = 'result',
    ) -> np.ndarray:
        """
        Return T_target_source (4, 4) at ``stamp``.

        :param target: frame to express points in.
        :param source: frame that the points are given in.
        :param stamp: acquisition time of the points; zero: the newest transform.
        :param timeout: how long to wait for it, by a steady clock [s].
        :param should_stop: polled while waiting; true: it is no longer wanted.
        :param purpose: what it is needed for, for the error.
        :raises TransformError: a frame has no name, tf2 is missing, or it has no transform.
        :raises Cancelled: ``should_stop`` returned true.
        """
        target, source = target.removeprefix('/'), source.removeprefix('/')
        if not target or not source:
            raise TransformError(target, source, 'a frame without a name', purpose)
        if target == source:
            return np.eye(4)
        if self._buffer is None:
            raise TransformError(target, source, MISSING_TF2, purpose)
        if stamp.sec < 0:
            raise TransformError(target, source, f'the stamp {stamp.sec} s is negative', purpose)
        time_wanted = Time.from_msg(stamp, clock_type=ClockType.ROS_TIME)
        deadline = time.monotonic() + timeout
        while True:
            # The buffer's own wait goes by a clock that may stand still, and hears no stop.
            try:
                found = self._buffer.lookup_transform(
                    target, source, time_wanted, timeout=Duration(seconds=0))
            except self._errors as error:
                if should_stop():
                    raise Cancelled() from error
                if time.monotonic() >= deadline:
                    raise TransformError(target, source, str(error), purpose) from error
                time.sleep(POLL_PERIOD)
            else:
                return transform_matrix(found.transform)


def transform_matrix(transform: Transform) -> np.ndarray:
    """Return a geometry_msgs Transform as (4, 4)."""
    quat = transform.rotation
    quat_xyzw = torch.tensor([quat.x, quat.y, quat.z, quat.w], dtype=torch.float64)
    matrix = np.eye(4)
    matrix[:3, :3] = unitquat_to_rotmat(quat_xyzw / quat_xyzw.norm()).numpy()
    matrix[:3, 3] = (transform.translation.x, transform.translation.y, transform.translation.z)
    return matrix


def transform_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return ``points`` (N, 3) of the source frame in the target frame."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def plan_in_frame(plan: GraspPlan, matrix: np.ndarray) -> GraspPlan:
    """Return ``plan`` with every pose, point, normal, force and vertex in the target frame."""
    if np.array_equal(matrix, np.eye(4)):
        return plan
    pose = torch.as_tensor(matrix, dtype=plan.grasps.grasp.translation.dtype)
    rotation, shift = pose[:3, :3], pose[:3, 3]
    return replace(
        plan,
        grasps=plan.grasps.each(lambda batch: batch.transformed(rotation, shift)),
        contacts=tuple(_contacts_in_frame(c, rotation, shift) for c in plan.contacts),
        approach_direction=plan.approach_direction @ rotation.T.to(plan.approach_direction),
        surface=surface_in_frame(plan.surface, matrix),
        other_surfaces=tuple(surface_in_frame(each, matrix) for each in plan.other_surfaces),
        cloud=None if plan.cloud is None else transform_points(matrix, plan.cloud),
    )


def pairs_in_frame(plan: TwoHandPlan, matrix: np.ndarray) -> TwoHandPlan:
    """Return a plan of two hands with everything in the target frame."""
    first, second = (plan_in_frame(each, matrix) for each in plan.plans)
    return replace(plan, first=first, second=second)


def surface_in_frame(surface: ObjectSurface, matrix: np.ndarray) -> ObjectSurface:
    """Return ``surface`` of the source frame in the target frame."""
    return replace(surface, vertices=transform_points(matrix, surface.vertices))


def _contacts_in_frame(
    contacts: Contacts, rotation: torch.Tensor, shift: torch.Tensor
) -> Contacts:
    rotation, shift = rotation.to(contacts.points.dtype), shift.to(contacts.points.dtype)
    return Contacts(
        contacts.links,
        contacts.points @ rotation.T + shift,
        contacts.normals @ rotation.T,
        contacts.forces @ rotation.T,
        contacts.spreads,
    )

# SPDX-License-Identifier: Apache-2.0
"""Frames: transforms are exact, and failed lookups give precise errors."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, Vector3
from plans import make_plan

from dexlite_ros.errors import Cancelled, TransformError
from dexlite_ros.grasp import STAGES
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.ros.transforms import (
    FrameTransforms,
    plan_in_frame,
    transform_matrix,
    transform_points,
)

STAMP = Time(sec=5)
HALF = float(np.sqrt(0.5))
# A quarter turn about z, then one metre along x.
TURN = Transform(
    translation=Vector3(x=1.0, y=0.0, z=0.0), rotation=Quaternion(x=0.0, y=0.0, z=HALF, w=HALF))


class LookupFailed(Exception):
    """Raised by the stand-in, as TransformException is by tf2_ros."""


class OneTransform:
    """Stand-in for tf2_ros.Buffer, which the wheels lack: it knows camera -> base only."""

    def __init__(self, late: float = 0.0) -> None:
        self.asked: list[tuple] = []
        self._from = time.monotonic() + late

    def lookup_transform(self, target, source, stamp, timeout):
        self.asked.append((target, source, stamp.nanoseconds, timeout.nanoseconds))
        if (target, source) != ('base', 'camera') or time.monotonic() < self._from:
            raise LookupFailed(f'"{target}" passed to lookupTransform does not exist')
        return SimpleNamespace(transform=TURN)


def test_equal_frames_need_no_tf2() -> None:
    """This also holds if one has the leading slash of ROS 1."""
    frames = FrameTransforms(None)
    assert not frames.available
    np.testing.assert_array_equal(frames.matrix('camera', 'camera', STAMP, 0.1), np.eye(4))
    np.testing.assert_array_equal(frames.matrix('/camera', 'camera', STAMP, 0.1), np.eye(4))


def test_without_tf2_other_frames_are_an_error_that_names_the_package() -> None:
    """Different frames are never silently treated as equal."""
    with pytest.raises(TransformError, match=r"'camera' to 'base'.*tf2-ros") as caught:
        FrameTransforms(None).matrix('base', 'camera', STAMP, 0.1)
    assert caught.value.code == 10


@pytest.mark.parametrize(('target', 'source'), [('', 'camera'), ('base', ''), ('', '')])
def test_a_frame_without_a_name_is_an_error(target: str, source: str) -> None:
    """Two empty names are not the same frame."""
    with pytest.raises(TransformError, match='without a name'):
        FrameTransforms(None).matrix(target, source, STAMP, 0.1)


def test_lookups_are_made_at_the_stamp_of_the_cloud() -> None:
    """The buffer is queried for the cloud's time, and never waits itself."""
    buffer = OneTransform()
    matrix = FrameTransforms(buffer, (LookupFailed,)).matrix('base', '/camera', STAMP, 0.2)
    assert buffer.asked == [('base', 'camera', 5 * 10**9, 0)]
    np.testing.assert_allclose(transform_points(matrix, np.array([[1.0, 0, 2]])), [[1, 1, 2]])


def test_a_failed_lookup_keeps_the_reason() -> None:
    """The message of tf2 reaches the caller, with what the transform was needed for."""
    frames = FrameTransforms(OneTransform(), (LookupFailed,))
    with pytest.raises(
            TransformError, match='for the tool: "map" passed to lookupTransform does not exist'):
        frames.matrix('map', 'camera', STAMP, 0.0, purpose='tool')


def test_a_late_transform_is_waited_for() -> None:
    """Up to the timeout, and no longer."""
    buffer = OneTransform(late=0.1)
    frames = FrameTransforms(buffer, (LookupFailed,))
    with pytest.raises(TransformError):
        frames.matrix('base', 'camera', STAMP, 0.03)
    started = time.monotonic()
    np.testing.assert_allclose(
        frames.matrix('base', 'camera', STAMP, 5.0), transform_matrix(TURN))
    assert time.monotonic() - started < 1.0


def test_waiting_ends_when_the_result_is_not_wanted() -> None:
    """Cancelling is heard long before the timeout."""
    frames = FrameTransforms(OneTransform(), (LookupFailed,))
    started = time.monotonic()
    with pytest.raises(Cancelled):
        frames.matrix(
            'map', 'camera', STAMP, 60.0, should_stop=lambda: time.monotonic() - started > 0.05)
    assert time.monotonic() - started < 1.0


def test_a_negative_stamp_has_no_transform() -> None:
    """It is an error with its value, not an exception of rclpy."""
    with pytest.raises(TransformError, match='-3 s is negative'):
        FrameTransforms(OneTransform(), (LookupFailed,)).matrix(
            'base', 'camera', Time(sec=-3), 0.1)


def test_listening_without_tf2_gives_frames_without_tf2() -> None:
    """A missing tf2_ros is not an exception."""
    try:
        import tf2_ros  # noqa: F401
    except ImportError:
        assert not FrameTransforms.listen(None).available
    else:
        pytest.skip('tf2_ros is installed')


def test_a_plan_moves_as_one_rigid_body() -> None:
    """Hands, contacts, ways, surfaces and points all move by the same transform."""
    matrix = transform_matrix(TURN)
    plan = make_plan()
    moved = plan_in_frame(plan, matrix)
    kinematics = HandKinematics(SHADOW_RIGHT)
    for stage in STAGES:
        before = kinematics(getattr(plan.grasps, stage)).position.numpy()
        after = kinematics(getattr(moved.grasps, stage)).position.numpy()
        expected = transform_points(matrix, before.reshape(-1, 3)).reshape(before.shape)
        np.testing.assert_allclose(after, expected, atol=1e-5)
    for old, new in zip(plan.contacts, moved.contacts):
        np.testing.assert_allclose(new.points, transform_points(matrix, old.points.numpy()), 1e-5)
        turn = torch.tensor(matrix[:3, :3], dtype=torch.float32)
        torch.testing.assert_close(new.normals, old.normals @ turn.T)
        torch.testing.assert_close(new.forces, old.forces @ turn.T)
    np.testing.assert_allclose(
        moved.approach_direction, plan.approach_direction.numpy() @ matrix[:3, :3].T, atol=1e-6)
    for old, new in [
            (plan.cloud, moved.cloud), (plan.surface.vertices, moved.surface.vertices),
            (plan.other_surfaces[0].vertices, moved.other_surfaces[0].vertices)]:
        np.testing.assert_allclose(new, transform_points(matrix, old), atol=1e-9)
    assert moved.score is plan.score


def test_the_identity_leaves_the_plan_alone() -> None:
    """In the cloud's own frame the plan stays the same bit for bit."""
    plan = make_plan()
    assert plan_in_frame(plan, np.eye(4)) is plan

# SPDX-License-Identifier: Apache-2.0
"""Clouds and plans keep every number when converted to messages and back."""

import struct

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Time
from plans import make_plan
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from dexlite_ros.errors import BadCloud
from dexlite_ros.grasp import STAGES
from dexlite_ros.msg import DexGrasp, DexGraspArray, SynthesisReport
from dexlite_ros.plan import PairMetrics, TwoHandPlan
from dexlite_ros.ros.conversions import (
    best_joint_states,
    best_pose,
    duration,
    grasp_array,
    METRICS,
    pose_array,
    report_message,
    ResultLabels,
    seconds,
    staged_grasps,
)
from dexlite_ros.ros.point_clouds import (
    finite_cloud,
    finite_points,
    is_unset,
    OBSTACLES,
    point_cloud_message,
    usable_points,
)

POINTS = np.array([[0.1, -0.2, 0.3], [1.5, 0.25, -0.125], [0.0, 4.0, 0.5], [2.0, 3.0, 7.0]])
STAMP = Time(sec=12, nanosec=34)
LABELS = ResultLabels(Header(stamp=STAMP, frame_id='camera'), 7, 'mug', (1.0, 2.0, 2.5))


def packed(
    points: np.ndarray,
    order: str = '<',
    kind: str = 'f',
    lead: int = 0,
    gap: int = 0,
    tail: int = 0,
    row_padding: int = 0,
    width: int | None = None,
) -> PointCloud2:
    """Build a cloud byte by byte, with ``lead``, ``gap`` and ``tail`` bytes of other data."""
    size = struct.calcsize(kind)
    width = width or len(points)
    data = bytearray()
    for index, point in enumerate(points):
        data += b'\xab' * lead
        data += struct.pack(f'{order}{kind}', point[0]) + b'\xcd' * gap
        data += struct.pack(f'{order}2{kind}', point[1], point[2]) + b'\xef' * tail
        if (index + 1) % width == 0:
            data += b'\x99' * row_padding
    step = lead + 3 * size + gap + tail
    offsets = (lead, lead + size + gap, lead + 2 * size + gap)
    datatype = PointField.FLOAT32 if kind == 'f' else PointField.FLOAT64
    return PointCloud2(
        header=Header(frame_id='camera'),
        height=len(points) // width,
        width=width,
        fields=[
            *([PointField(name='rgb', offset=0, datatype=PointField.UINT8, count=1)] * bool(lead)),
            *(PointField(name=n, offset=o, datatype=datatype, count=1)
              for n, o in zip('xyz', offsets)),
        ],
        is_bigendian=order == '>',
        point_step=step,
        row_step=step * width + row_padding,
        data=bytes(data),
    )


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('kind', ['f', 'd'])
@pytest.mark.parametrize(
    'layout',
    [
        {},
        {'tail': 4},
        {'lead': 3, 'gap': 5, 'tail': 7},
        {'width': 2},
        {'width': 2, 'row_padding': 11, 'lead': 1},
    ],
    ids=str,
)
def test_every_layout_gives_the_same_points(order: str, kind: str, layout: dict) -> None:
    """Byte order, width, padding and organisation do not change the points."""
    points = finite_points(packed(POINTS, order, kind, **layout))
    precision = 1e-7 if kind == 'f' else 0.0
    np.testing.assert_allclose(points, POINTS, rtol=precision)
    assert points.dtype == np.float64 and points.dtype.isnative


def test_a_cloud_comes_back() -> None:
    """A cloud is read as it was written, also after serialisation."""
    message = point_cloud_message(POINTS, 'camera', STAMP)
    wired = deserialize_message(serialize_message(message), PointCloud2)
    np.testing.assert_allclose(finite_points(wired), POINTS, rtol=1e-7)
    assert (wired.header.frame_id, wired.header.stamp) == ('camera', STAMP)
    assert wired.is_dense


def test_points_that_are_not_finite_are_left_out() -> None:
    """Organised clouds mark missing depth with NaN, some with infinity."""
    holes = POINTS.copy()
    holes[1, 2], holes[2, 0] = np.nan, np.inf
    points = finite_points(packed(holes, width=2))
    np.testing.assert_allclose(points, POINTS[[0, 3]], rtol=1e-7)


def test_finite_points_of_an_organised_cloud_keep_their_pixels() -> None:
    """Column and row of each; a list of points has none."""
    holes = POINTS.copy()
    holes[1, 2] = np.nan
    cloud = finite_cloud(packed(holes, width=2), np.ones(3))
    np.testing.assert_allclose(cloud.points, POINTS[[0, 2, 3]], rtol=1e-7)
    assert cloud.pixels is not None and cloud.viewpoint is not None
    assert cloud.pixels.tolist() == [[0, 0], [0, 1], [1, 1]] and cloud.image_size == (2, 2)
    assert cloud.viewpoint.tolist() == [1.0, 1.0, 1.0]
    assert finite_cloud(packed(holes)).pixels is None


@pytest.mark.parametrize('bad', [np.nan, 0.0, np.inf])
@pytest.mark.parametrize('share', [0.25, 1.0])
def test_no_point_is_dropped_for_its_normal(bad: float, share: float) -> None:
    """Normals are ignored, whatever a driver writes there."""
    normals = np.tile([0.0, 0.0, 1.0], (4, 1))
    normals[:int(4 * share)] = bad
    message = point_cloud_message(POINTS, 'camera', STAMP, normals)
    np.testing.assert_allclose(finite_points(message), POINTS, rtol=1e-7)


def test_normals_of_any_type_are_not_read() -> None:
    """Only x, y and z have to be floats."""
    message = point_cloud_message(POINTS, 'camera', STAMP, np.zeros((4, 3)))
    for field in message.fields[3:]:
        field.datatype = PointField.INT32
    assert len(finite_points(message)) == 4


def test_a_million_points_take_a_moment(benchmark_seconds: float = 0.5) -> None:
    """Reading takes a few passes over the bytes."""
    import time

    rng = np.random.default_rng(0)
    message = point_cloud_message(rng.random((1_000_000, 3)), 'camera', STAMP)
    start = time.perf_counter()
    points = finite_points(message)
    assert time.perf_counter() - start < benchmark_seconds
    assert points.shape == (1_000_000, 3)


def spoilt(**changes: object) -> PointCloud2:
    """Return a good cloud with some fields of the message replaced."""
    message = packed(POINTS)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


INTEGERS = [PointField(name=n, offset=4 * i, datatype=PointField.INT32, count=1)
            for i, n in enumerate('xyz')]
BEYOND = [PointField(name=n, offset=4 * i + 4, datatype=PointField.FLOAT32, count=1)
          for i, n in enumerate('xyz')]


@pytest.mark.parametrize(
    ('message', 'words'),
    [
        (PointCloud2(), 'empty'),
        (spoilt(width=0, data=b''), 'empty'),
        (spoilt(width=0), 'promises 0'),
        (spoilt(data=b''), 'promises 48'),
        (spoilt(fields=packed(POINTS).fields[:2]), 'no field z'),
        (spoilt(fields=INTEGERS), 'datatype 5'),
        (spoilt(fields=BEYOND), 'past point_step'),
        (spoilt(data=packed(POINTS).data[:-1]), 'promises 48'),
        (spoilt(row_step=10), 'row_step'),
        (packed(np.full((5, 3), np.nan)), 'none of its 5 points'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_a_bad_cloud_says_what_is_wrong(message: PointCloud2, words: str) -> None:
    """Each fault has its own message, which names the cloud."""
    with pytest.raises(BadCloud, match=f'the object cloud .*{words}'):
        finite_points(message)
    with pytest.raises(BadCloud, match='the obstacle cloud '):
        finite_points(message, OBSTACLES)


@pytest.mark.parametrize(
    ('message', 'unset'),
    [
        (PointCloud2(), True),
        (PointCloud2(header=Header(frame_id='camera'), is_dense=True, height=1), True),
        (PointCloud2(fields=packed(POINTS).fields), False),
        (PointCloud2(data=b'1234'), False),
        (PointCloud2(height=1, width=4), False),
        (packed(np.full((5, 3), np.nan)), False),
    ],
    ids=['default', 'header only', 'fields', 'data', 'size', 'all NaN'],
)
def test_only_a_message_that_was_never_filled_is_unset(message: PointCloud2, unset: bool) -> None:
    """Fields, data or a size mean that somebody wrote a cloud."""
    assert is_unset(message) == unset


@pytest.mark.parametrize(
    'message',
    [
        PointCloud2(),
        PointCloud2(fields=packed(POINTS).fields, point_step=12),
        PointCloud2(fields=packed(POINTS).fields, point_step=12, height=1),
        packed(np.full((5, 3), np.nan)),
        packed(np.full((4, 3), np.inf), width=2),
    ],
    ids=['default', 'fields', 'no width', 'all NaN', 'infinite'],
)
def test_a_cloud_without_finite_points_may_be_usable(message: PointCloud2) -> None:
    """For obstacles it means that there are none."""
    assert usable_points(message, OBSTACLES).shape == (0, 3)


def test_a_plan_survives_the_wire() -> None:
    """Poses, joints and order are preserved to float32 precision."""
    plan = make_plan()
    array = grasp_array(plan, LABELS)
    wired = deserialize_message(serialize_message(array), DexGraspArray)
    back = staged_grasps(wired)
    for stage in STAGES:
        sent, received = getattr(plan.grasps, stage), getattr(back, stage)
        torch.testing.assert_close(received.translation, sent.translation, rtol=0, atol=1e-6)
        torch.testing.assert_close(received.rotation, sent.rotation, rtol=0, atol=1e-5)
        torch.testing.assert_close(received.joints, sent.joints, rtol=0, atol=1e-6)


def test_every_number_of_a_grasp_is_in_its_own_field() -> None:
    """Metrics match by name, NaN if not computed; the trajectory has three increasing times."""
    plan = make_plan()
    for rank, grasp in enumerate(grasp_array(plan, LABELS).grasps):
        assert (grasp.rank, grasp.id, grasp.object_id) == (rank, f'7.{rank}', 'mug')
        assert grasp.header == LABELS.header
        for name in METRICS:
            expected = float(getattr(plan.metrics, name)[rank])
            assert getattr(grasp, name) == pytest.approx(expected, abs=1e-6)
        expected = float(plan.success_probability[rank])
        assert grasp.success_probability == pytest.approx(expected, abs=1e-6)
        assert grasp.sim_result == DexGrasp.SIM_NOT_RUN
        assert tuple(grasp.hand_trajectory.joint_names) == plan.joint_names
        times = [seconds(p.time_from_start) for p in grasp.hand_trajectory.points]
        assert times == [1.0, 2.0, 2.5]
        lengths = {len(getattr(grasp, f'contact_{name}'))
                   for name in ('links', 'points', 'normals', 'forces')}
        assert lengths == {2 + rank}


def test_quaternions_are_unit() -> None:
    """They are normalised in double precision, as tf2 and MoveIt require."""
    for grasp in grasp_array(make_plan(20), LABELS).grasps:
        q = grasp.grasp_pose.orientation
        assert q.x**2 + q.y**2 + q.z**2 + q.w**2 == pytest.approx(1.0, abs=1e-12)


def test_the_small_topics_repeat_the_result() -> None:
    """Pose array, best pose and joint states contain the numbers of the result."""
    result = grasp_array(make_plan(), LABELS)
    assert pose_array(result).poses == [grasp.grasp_pose for grasp in result.grasps]
    assert best_pose(result).pose == result.grasps[0].grasp_pose
    joints = best_joint_states(result)
    assert joints.header == result.header
    assert joints.name[:2] == ['rh_WRJ2', 'rh_WRJ1'] and list(joints.position[:2]) == [0.0, 0.0]
    grasp = result.grasps[0].hand_trajectory.points[DexGrasp.POINT_GRASP]
    assert list(joints.position[2:]) == list(grasp.positions)
    assert len(joints.name) == len(joints.position) == 24


def test_the_report_keeps_times_and_counts() -> None:
    """Every rejection count and step time is in the field of its name."""
    report = make_plan().report
    message = deserialize_message(serialize_message(report_message(report)), SynthesisReport)
    for name, value in vars(report.rejected).items():
        assert getattr(message, f'rejected_{name}') == value
    for name, value in vars(report.times).items():
        assert getattr(message, f'{name}_time') == pytest.approx(value)
    assert message.seed == 12345678901
    assert message.stopped_early
    assert message.seen_fraction == pytest.approx(0.75)
    assert report_message(None) == SynthesisReport()


@pytest.mark.parametrize('value', [0.0, 0.25, 1.0, 12.999999999])
def test_durations_round_trip(value: float) -> None:
    """Nanoseconds stay below a whole second."""
    assert seconds(duration(value)) == pytest.approx(value, abs=1e-9)
    assert 0 <= duration(value).nanosec < 10**9


def test_pairs_are_neighbours():
    """Ranks 2 k and 2 k + 1 are both halves of pair k; grasps of one hand are in no pair."""
    first, second = make_plan(3, seed=1), make_plan(3, seed=2)
    values = torch.tensor([0.01, 0.02, 0.03])
    plan = TwoHandPlan(first, second, PairMetrics(values, values, values, values), 1.0)
    result = deserialize_message(
        serialize_message(grasp_array(plan, LABELS)), DexGraspArray)
    assert [grasp.pair for grasp in result.grasps] == [0, 0, 1, 1, 2, 2]
    assert [grasp.id for grasp in result.grasps] == [f'7.{rank}' for rank in range(6)]
    assert [grasp.rank for grasp in result.grasps] == list(range(6))
    assert result.grasps[3].pair_residual == pytest.approx(0.02)
    palm = result.grasps[3].grasp_pose.position
    assert [palm.x, palm.y, palm.z] == pytest.approx(
        second.grasps.grasp.translation[1].tolist())
    alone = grasp_array(first, LABELS).grasps[0]
    assert alone.pair == -1 and np.isnan(alone.pair_residual)

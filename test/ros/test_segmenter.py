# SPDX-License-Identifier: Apache-2.0
"""A cloud of a whole scene goes in, and two clouds with its stamp and frame come out."""

from collections.abc import Iterator
import sys
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import PointCloud2, PointField
from table_scenes import AIM, box, CAMERA, CARTON, FLOOR, look, PACK, TABLE, THINGS, WALL
import tf2_double

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.ros.point_clouds import finite_points, point_cloud_message
from dexlite_ros.ros.segmenter import segmenter_node
from dexlite_ros.ros.segmenter.docs import page_with_table
from dexlite_ros.ros.segmenter.segmenter_node import Segmenter
from dexlite_ros.ros.transforms import MISSING_TF2

STAMP = Time(sec=12, nanosec=34)
SEEN = look()
ROOM = SEEN.moved(SEEN.pose)


class Bench:
    """A segmenter, a camera and a listener in one process."""

    def __init__(self, hear: bool = True, **parameters: object) -> None:
        """Connect all three; hear what is logged, or leave the logger as it is."""
        self.segmenter = Node('segmenter', parameter_overrides=[
            Parameter(name.replace('__', '.'), value=value)
            for name, value in parameters.items()])
        self.told: list[str] = []
        if hear:
            log = self.segmenter.get_logger()
            log.warning = log.error = self.told.append
            self.segmenter.get_logger = lambda: log
        self.work = Segmenter(self.segmenter)
        self.node = Node('listener')
        self.camera = self.node.create_publisher(PointCloud2, 'points', 1)
        self.heard: dict[str, list[PointCloud2]] = {'object_cloud': [], 'obstacle_cloud': []}
        self.order: list[str] = []
        for topic in self.heard:
            self.node.create_subscription(PointCloud2, topic, self._listen(topic), 5)
        self.executor = SingleThreadedExecutor()
        for node in (self.segmenter, self.node):
            self.executor.add_node(node)

    def _listen(self, topic: str):
        def listen(message: PointCloud2) -> None:
            self.heard[topic].append(message)
            self.order.append(topic)
        return listen

    def codes(self) -> set[str]:
        """Return the codes of what was logged."""
        return {each.partition(':')[0] for each in self.told}

    def show(self, cloud: PointCloud2, wanted: int, told: int = 0) -> None:
        """Publish a cloud until so many messages, and lines of the log, have come."""
        deadline = time.monotonic() + 20.0
        while time.monotonic() < deadline:
            self.camera.publish(cloud)
            for _ in range(20):
                self.executor.spin_once(timeout_sec=0.01)
                if len(self.order) >= wanted and len(self.told) >= told:
                    return
        raise AssertionError(f'{self.order} came, and was told {self.told}')

    def points(self, topic: str) -> np.ndarray:
        """Return the points (N, 3) of the first message."""
        return finite_points(self.heard[topic][0])

    def close(self) -> None:
        """Disconnect."""
        self.executor.shutdown()
        self.segmenter.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def bench() -> Iterator[type[Bench]]:
    """Return a way to make benches, each closed in the end."""
    rclpy.init()
    made: list[Bench] = []

    def make(hear: bool = True, **parameters: object) -> Bench:
        made.append(Bench(hear, **parameters))
        return made[-1]
    yield make
    for each in made:
        each.close()
    rclpy.try_shutdown()


def organised(seen) -> PointCloud2:
    """Return a scene as a camera sends it, NaN where nothing was measured."""
    points = np.full((CAMERA.height, CAMERA.width, 3), np.nan)
    points[seen.cloud.pixels[:, 1], seen.cloud.pixels[:, 0]] = seen.cloud.points
    message = point_cloud_message(points.reshape(-1, 3), 'lens', STAMP)
    message.height, message.width = CAMERA.height, CAMERA.width
    message.row_step = message.point_step * CAMERA.width
    return message


def thing_of(points: np.ndarray, seen=SEEN) -> int:
    """Return which thing most points are of."""
    own = {tuple(each) for each in points.astype(np.float32)}
    mine = [tuple(each) in own for each in seen.cloud.points.astype(np.float32)]
    return int(np.bincount(seen.labels[mine]).argmax())


@pytest.mark.parametrize(('parameters', 'expected'), [
    ({}, 1), ({'target': 'nearest'}, 2), ({'target': 'centre'}, 1),
    ({'target': 'point', 'target_point': np.median(
        SEEN.cloud.points[SEEN.labels == 2], axis=0).tolist()}, 2)],
    ids=['largest', 'nearest', 'centre', 'point'])
def test_one_object_and_everything_else(bench, parameters, expected):
    """Both have the stamp and frame of the scene, and no point is in both."""
    own = bench(**parameters)
    own.show(organised(SEEN), 2)
    for topic in own.heard:
        header = own.heard[topic][0].header
        assert (header.stamp, header.frame_id) == (STAMP, 'lens')
    part, rest = own.points('object_cloud'), own.points('obstacle_cloud')
    assert thing_of(part) == expected
    assert not {tuple(each) for each in part} & {tuple(each) for each in rest}
    assert not own.told


@pytest.mark.parametrize(('things', 'furniture', 'codes'), [
    ((), (TABLE,), {'nothing_stands', 'no_object'}),
    ((), (TABLE, FLOOR, WALL), {'nothing_stands', 'no_object'}),
    ((box((0.75, 0.05, 0.2), 0.0, 0.2),), (TABLE, FLOOR),
     {'nothing_stands', 'no_object', 'obstacle_too_large'}),
    ((box((0.16, 0.06, 0.2), 0.0, 0.265),), (TABLE, box((6.0, 0.02, 4.0), 0.0, 0.305, -1.0)),
     {'ambiguous', 'no_object'})], ids=['empty', 'room', 'too large', 'corner'])
def test_obstacles_alone(bench, things, furniture, codes):
    """Nothing is published as the object, and the log says why."""
    own = bench()
    own.show(organised(look(things, furniture)), 1, len(codes))
    assert not own.heard['object_cloud'] and own.codes() == codes
    assert len(own.points('obstacle_cloud')) > 1000


@pytest.mark.parametrize(('place', 'code'), [
    ((0.45, 0.0, 0.6), 'target_far'), ((0.2, -0.1, 0.25), 'target_refused')])
def test_no_other_object_than_the_one_that_is_meant(bench, place, code):
    """Far from every object, or at what is none, nothing is published as the object."""
    ball = box((0.06, 0.06, 0.06), 0.2, -0.1, 0.22)
    seen = look((*THINGS, ball), (TABLE, FLOOR))
    aim = (np.array(place) - seen.pose[:3, 3]) @ seen.pose[:3, :3]
    own = bench(target='point', target_point=aim.tolist(), target_reach=0.2)
    own.show(organised(seen), 1, 2)
    assert not own.heard['object_cloud'] and code in own.codes()


@pytest.mark.parametrize(('things', 'aim', 'code'), [
    ((CARTON, box((0.1, 0.04, 0.16), 0.02, -0.12)), AIM, 'target_partly_hidden'),
    ((PACK,), (0.3, 0.05, 0.1), 'target_at_border')], ids=['hidden', 'cut'])
def test_an_object_of_which_more_may_be_is_warned_of(bench, things, aim, code):
    """A carton behind a box, and a pack on the border of the image, are published all the same."""
    seen = look(things, aim=aim)
    place = np.median(seen.cloud.points[seen.labels == 1], axis=0).tolist()
    own = bench(target='point', target_point=place, scene__max_cut=1.0)
    own.show(organised(seen), 2, 1)
    assert thing_of(own.points('object_cloud'), seen) == 1
    assert code in own.codes()


def test_the_sensor_in_another_frame(bench):
    """Seen from its viewpoint, a scene in the frame of the room has the same object."""
    cloud = point_cloud_message(ROOM.cloud.points, 'room', STAMP)
    own = bench(viewpoint=SEEN.pose[:3, 3].tolist(), up=[0.0, 0.0, 1.0])
    own.show(cloud, 2)
    assert thing_of(own.points('object_cloud'), ROOM) == 1
    wrong = bench(up=[0.0, 0.0, 1.0])
    wrong.show(cloud, len(own.order) + 1, 1)
    assert not wrong.heard['object_cloud'] and 'no_object' in wrong.codes()


def test_frames_that_cannot_be_looked_up(bench):
    """Nothing is published, rather than something seen from elsewhere."""
    own = bench(viewpoint_frame='lens')
    own.show(organised(SEEN), 2)
    other = bench(viewpoint_frame='camera_link', tf_timeout=0.01)
    own.order.clear()
    other.show(organised(SEEN), 0, 1)
    assert other.codes() == {'TransformError'} and not other.heard['object_cloud']
    assert MISSING_TF2 in other.told[0] or 'camera_link' in other.told[0]


def test_the_sensor_and_up_from_tf(bench, monkeypatch):
    """A cloud in the frame of the room, the sensor's frame in tf, and up in that one."""
    monkeypatch.setitem(sys.modules, 'tf2_ros', tf2_double.module())
    own = bench(viewpoint_frame='lens', up=SEEN.up.tolist(), up_frame='lens')
    quat = Rotation.from_matrix(SEEN.pose[:3, :3]).as_quat()
    transform = TransformStamped(child_frame_id='lens', transform=Transform(
        translation=Vector3(**dict(zip('xyz', SEEN.pose[:3, 3].tolist()))),
        rotation=Quaternion(**dict(zip('xyzw', quat.tolist())))))
    transform.header.frame_id = 'room'
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    own.node.create_publisher(TransformStamped, '/tf_static', latched).publish(transform)
    own.show(point_cloud_message(ROOM.cloud.points, 'room', STAMP), 2)
    assert thing_of(own.points('object_cloud'), ROOM) == 1
    assert own.codes() <= {'TransformError'}  # until the transform has come


def test_an_error_is_logged_and_the_next_cloud_segmented(bench, monkeypatch):
    """Whatever a library raises for one cloud, the node goes on."""
    own = bench(rate=0.0)
    with monkeypatch.context() as patch:
        def fail(*_):
            raise RuntimeError('broken')
        patch.setattr(segmenter_node, 'segment', fail)
        own.show(organised(SEEN), 0, 1)
    assert own.codes() == {'RuntimeError'} and 'broken' in own.told[0]
    own.show(organised(SEEN), 2)
    assert own.heard['object_cloud']


def test_a_closed_segmenter_publishes_nothing(bench):
    """Clouds that still come are left alone."""
    own = bench(rate=0.0)
    own.show(organised(SEEN), 2)
    own.work.close()
    own.order.clear()
    for _ in range(5):
        own.camera.publish(organised(SEEN))
        own.executor.spin_once(timeout_sec=0.1)
    assert len(own.order) <= 1 and not own.told  # one may have been on its way


def test_errors_and_warnings_reach_the_log(bench, monkeypatch, capfd):
    """One after the other, though rclpy allows a line of code one severity only."""
    own = bench(hear=False, rate=0.0)
    blind = point_cloud_message(np.full((100, 3), np.nan), 'lens', STAMP)

    def fail(*_):
        raise RuntimeError('broken')
    written = ''
    monkeypatch.setattr(segmenter_node, 'segment', fail)
    for cloud, line in ((blind, '[WARN]'), (organised(SEEN), '[ERROR]')):
        deadline = time.monotonic() + 10.0
        while line not in written and time.monotonic() < deadline:
            own.camera.publish(cloud)
            own.executor.spin_once(timeout_sec=0.05)
            written += capfd.readouterr().err
        assert line in written


def test_large_clouds_are_thinned(bench):
    """Neither has more points than wanted, nor are obstacles denser than their spacing."""
    own = bench(max_points=700, obstacle_spacing=0.05)
    own.show(organised(SEEN), 2)
    assert 300 < len(own.points('object_cloud')) <= 700
    rest = own.points('obstacle_cloud')
    low = np.unique(np.floor((rest - rest.min(0)) / 0.05 + 1e-4), axis=0)
    assert len(low) > 0.8 * len(rest) and len(rest) <= 700


def test_bad_clouds_are_left_out(bench):
    """Neither topic hears of them, the log does, and the next good cloud is segmented."""
    own = bench(rate=0.0)
    colours = organised(SEEN)
    colours.fields = [PointField(name='rgb', datatype=PointField.FLOAT32, count=1)]
    blind = point_cloud_message(np.full((100, 3), np.nan), 'lens', STAMP)
    short = organised(SEEN)
    short.data = short.data[:100]
    for count, bad in enumerate((colours, blind, short, PointCloud2()), 1):
        own.show(bad, 0, 1)
        assert own.codes() == {'BadCloud'} and not own.order, count
    for odd in (np.tile([0.1, 0.2, 0.5], (900, 1)), np.zeros((5, 3)), np.full((9, 3), 3e38)):
        own.show(point_cloud_message(odd, 'lens', STAMP), 0, 1)
    own.order.clear()
    own.show(organised(SEEN), 2)
    assert own.heard['object_cloud'] and not any('error' in each.lower() for each in own.told[1:])


def test_other_layouts(bench):
    """Big-endian float64 with padding is the same cloud."""
    points = SEEN.cloud.points
    layout = np.dtype({
        'names': ['x', 'y', 'z'], 'formats': ['>f8'] * 3, 'offsets': [8, 16, 32], 'itemsize': 48})
    data = np.zeros(len(points), layout)
    for name, column in zip('xyz', points.T):
        data[name] = column
    message = PointCloud2(
        height=1, width=len(points), is_bigendian=True, point_step=48, row_step=48 * len(points),
        fields=[PointField(name=name, offset=offset, datatype=PointField.FLOAT64, count=1)
                for name, offset in zip('xyz', (8, 16, 32))])
    message.header.frame_id = 'lens'
    message.data = data.tobytes()
    own = bench()
    own.show(message, 2)
    assert thing_of(own.points('object_cloud')) == 1


def test_the_input_is_overridden_as_usual(bench):
    """By parameters of ROS 2; a wrong one is refused with its name."""
    name = 'qos_overrides./points.subscription'
    node = Node('segmenter', parameter_overrides=[
        Parameter(f'{name}.durability', value='transient_local')])
    Segmenter(node)
    found = next(each.qos_profile for each in node.subscriptions
                 if each.topic_name == '/points')
    assert found.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert found.reliability == ReliabilityPolicy.RELIABLE
    node.destroy_node()
    bad = Node('segmenter', parameter_overrides=[Parameter(f'{name}.durability', value='no')])
    with pytest.raises(InvalidRequest, match='qos_overrides./points'):
        Segmenter(bad)
    bad.destroy_node()


@pytest.mark.parametrize('parameters', [
    {'target': 'best'}, {'target_point': [1.0]}, {'target_point': [np.nan, 0.0, 0.0]},
    {'up': [0.0, 0.0, 2.0]}, {'viewpoint': [np.inf, 0.0, 0.0]}])
def test_wrong_parameters_are_refused(bench, parameters):
    """The error names them."""
    with pytest.raises(InvalidRequest, match=next(iter(parameters))):
        bench(**parameters)


def test_the_page_has_the_table(root):
    """Rewrite it with python -m dexlite_ros.ros.segmenter.docs."""
    text = (root / 'docs/segmenter.md').read_text()
    assert '| `scene.max_size` |' in text
    assert text == page_with_table(text)

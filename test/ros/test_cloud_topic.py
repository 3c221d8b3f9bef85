# SPDX-License-Identifier: Apache-2.0
"""Topics of clouds: quality of service, and why no cloud arrived."""

from collections.abc import Iterator
import threading

import pytest

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from planner_process import box_points, cloud_message, LATCHED, wait_for
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    qos_profile_sensor_data,
    QoSProfile,
    ReliabilityPolicy,
)
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.ros.cloud_topic import CloudTopic
from dexlite_ros.ros.process import spin

OVERRIDE = 'qos_overrides./arm/object_cloud.subscription'
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class Scene:
    """A listening node and a camera in one context."""

    def __init__(self, **overrides: str) -> None:
        self.context = Context()
        self.context.init()
        given = [Parameter(f'{OVERRIDE}.{name}', value=value) for name, value in overrides.items()]
        self.camera = Node('camera', namespace='arm', context=self.context)
        self.node = Node(
            'listener', namespace='arm', context=self.context, parameter_overrides=given)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.stop = threading.Event()
        self.thread = spin(self.executor, self.node, self.stop)

    def listen(self) -> CloudTopic:
        """Subscribe."""
        topic = CloudTopic(self.node, 'object_cloud', 'object', ReentrantCallbackGroup())
        self.executor.wake()
        return topic

    def publish(self, qos: QoSProfile, kind: type = PointCloud2) -> None:
        """Publish one message on the topic, whoever listens."""
        message = cloud_message(box_points()) if kind is PointCloud2 else kind()
        self.camera.create_publisher(kind, 'object_cloud', qos).publish(message)

    def close(self) -> None:
        """Remove everything."""
        self.stop.set()
        self.executor.wake()
        self.thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        self.camera.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def scenes() -> Iterator[list[Scene]]:
    """Close the scenes that a test adds."""
    scenes: list[Scene] = []
    yield scenes
    for scene in scenes:
        scene.close()


def test_a_topic_without_publisher(scenes: list[Scene]) -> None:
    """The name is the resolved one."""
    scenes.append(scene := Scene())
    topic = scene.listen()
    assert topic.name == '/arm/object_cloud'
    assert topic.publishers() == 'it has no publisher'


def test_a_publisher_that_sends_nothing(scenes: list[Scene]) -> None:
    """It is counted, and nothing is wrong with it."""
    scenes.append(scene := Scene())
    topic = scene.listen()
    for _ in range(2):
        scene.camera.create_publisher(PointCloud2, 'object_cloud', qos_profile_sensor_data)
    wait_for(lambda: scene.node.count_publishers('object_cloud') == 2)
    assert topic.publishers() == 'it has 2 publishers'


def test_a_publisher_with_other_quality_of_service(scenes: list[Scene]) -> None:
    """A reliable subscription does not hear a best-effort publisher."""
    scenes.append(scene := Scene(reliability='reliable'))
    topic = scene.listen()
    scene.publish(BEST_EFFORT)
    wait_for(lambda: scene.node.count_publishers('object_cloud') == 1)
    text = topic.publishers()
    assert "the QoS of '/arm/camera' does not match" in text
    assert f'{OVERRIDE}.*' in text and 'eliab' in text


def test_a_publisher_of_another_type(scenes: list[Scene]) -> None:
    """Both types are named."""
    scenes += [scene := Scene(), other := Scene()]  # one participant cannot hold both
    topic = scene.listen()
    other.publish(BEST_EFFORT, String)
    wait_for(lambda: scene.node.count_publishers('object_cloud') == 1)
    assert 'publishes std_msgs/msg/String, not sensor_msgs/msg/PointCloud2' in topic.publishers()


def test_a_latched_cloud_is_explained_or_received(scenes: list[Scene]) -> None:
    """By default it does not arrive, and the message says which parameter to set; then it does."""
    for overrides in ({}, {'durability': 'transient_local'}):
        scenes.append(scene := Scene(**overrides))
        scene.publish(LATCHED)
        topic = scene.listen()
        wait_for(lambda scene=scene: scene.node.count_publishers('object_cloud') == 1)
        if overrides:
            wait_for(lambda topic=topic: topic.cache.age is not None)
            assert topic.publishers() == 'it has 1 publisher'
        else:
            text = topic.publishers()
            assert 'latched' in text
            assert f'set {OVERRIDE}.durability to transient_local' in text
            assert topic.cache.age is None
        scenes.pop().close()


def test_overrides_of_one_topic_leave_others_alone(scenes: list[Scene]) -> None:
    """The shared sensor profile of rclpy stays what it is."""
    scenes.append(scene := Scene(durability='transient_local', depth='3'))
    with pytest.raises(Exception, match='depth'):
        scene.listen()
    scenes.append(scene := Scene(durability='transient_local'))
    scene.listen()
    other = CloudTopic(scene.node, 'obstacle_cloud', 'obstacle', ReentrantCallbackGroup())
    assert other._subscription.qos_profile.durability == DurabilityPolicy.VOLATILE
    assert qos_profile_sensor_data.durability == DurabilityPolicy.VOLATILE


def test_an_override_that_is_no_policy_is_named(scenes: list[Scene]) -> None:
    """The error has the parameter and the value."""
    scenes.append(scene := Scene(durability='sticky'))
    with pytest.raises(InvalidRequest, match=f'{OVERRIDE}.*sticky'):
        scene.listen()


def test_closing_leaves_nothing(scenes: list[Scene]) -> None:
    """Neither subscription nor callback of the clock."""
    scenes.append(scene := Scene())
    before = len(list(scene.node.subscriptions))
    for _ in range(3):
        scene.listen().close()
    assert len(list(scene.node.subscriptions)) == before

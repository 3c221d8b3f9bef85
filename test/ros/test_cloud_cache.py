# SPDX-License-Identifier: Apache-2.0
"""The newest cloud is kept, and its age is told by the node's clock."""

import pytest
from rclpy.clock import ClockType, ROSClock
from rclpy.time import Time
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import StaleCloud
from dexlite_ros.ros.cloud_cache import CloudCache
from dexlite_ros.ros.point_clouds import OBSTACLES


def simulated_clock(seconds: float) -> ROSClock:
    """Return a clock that stands at a time, as in a simulation that pauses."""
    clock = ROSClock()
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(
        Time(nanoseconds=int(1e9 * seconds), clock_type=ClockType.ROS_TIME))
    return clock


def cloud(stamp: int) -> PointCloud2:
    """Return a cloud taken at so many seconds."""
    message = PointCloud2()
    message.header.stamp.sec = stamp
    return message


@pytest.fixture
def cache() -> CloudCache:
    """Return an empty cache whose clock shows 100 s."""
    return CloudCache(simulated_clock(100.0), OBSTACLES)


def test_without_a_cloud_there_is_none(cache):
    """After clearing it is the same."""
    for _ in range(2):
        assert cache.age is None
        assert cache.newest(1.0, 0.1) is None
        cache.store(cloud(99))
        cache.clear()


def test_only_the_newest_is_kept(cache):
    """A second cloud replaces the first."""
    cache.store(cloud(98))
    cache.store(newest := cloud(99))
    assert cache.newest(0.0, 0.1) is newest and cache.age == pytest.approx(1.0)


def test_age_counts_from_the_stamp(cache):
    """Older than allowed is an error with both numbers; 0 allows any age."""
    cache.store(cloud(97))
    assert cache.newest(3.5, 0.1).header.stamp.sec == 97
    with pytest.raises(StaleCloud, match='obstacle cloud is 3.*2'):
        cache.newest(2.0, 0.1)
    assert cache.newest(0.0, 0.1).header.stamp.sec == 97


@pytest.mark.parametrize('stamp', [103, -5])
def test_any_stamp_can_be_stored(cache, stamp):
    """Also one of the future or before all time; whether it counts is decided when asked."""
    cache.store(cloud(stamp))
    assert cache.age == pytest.approx(100 - stamp)
    assert cache.newest(0.0, 0.1).header.stamp.sec == stamp
    with pytest.raises(StaleCloud):
        cache.newest(2.0, 0.1)


def test_a_cloud_without_stamp_is_as_old_as_its_arrival(cache):
    """Some drivers leave the stamp at zero."""
    cache.store(cloud(0))
    assert cache.age == pytest.approx(0.0)
    assert cache.newest(0.1, 0.0) is not None

# SPDX-License-Identifier: Apache-2.0
"""The newest cloud of a topic, not yet decoded, and its age."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from sensor_msgs.msg import PointCloud2

from dexlite_ros.errors import NoCloud, StaleCloud


@dataclass(frozen=True)
class _Received:
    message: PointCloud2
    taken: Time
    """Time of acquisition by the header's stamp; time of arrival if the stamp is zero."""


class CloudCache:
    """
    Holds one message, and may be written and read in different threads.

    Because the callback only stores, it keeps up with any camera; decoding happens on demand.
    """

    def __init__(self, topic: str, clock: Clock) -> None:
        self._topic = topic
        self._clock = clock
        self._received: _Received | None = None

    def store(self, message: PointCloud2) -> None:
        """Replace the cloud."""
        stamp = message.header.stamp
        stamped = stamp.sec != 0 or stamp.nanosec != 0
        self._received = _Received(
            message,
            Time.from_msg(stamp, clock_type=ClockType.ROS_TIME) if stamped else self._clock.now(),
        )

    def clear(self) -> None:
        """Discard the cloud."""
        self._received = None

    @property
    def age(self) -> float | None:
        """Time since the cloud was acquired [s], by the node's clock; None without a cloud."""
        received = self._received
        return None if received is None else self._since(received)

    def newest(self, max_age: float) -> PointCloud2:
        """
        Return the cloud.

        :param max_age: largest age to accept [s]; 0: any age.
        :raises NoCloud: none was received.
        :raises StaleCloud: it is older than that.
        """
        received = self._received
        if received is None:
            raise NoCloud(self._topic)
        age = self._since(received)
        if 0.0 < max_age < age:
            raise StaleCloud(age, max_age)
        return received.message

    def _since(self, received: _Received) -> float:
        return (self._clock.now() - received.taken).nanoseconds * 1e-9

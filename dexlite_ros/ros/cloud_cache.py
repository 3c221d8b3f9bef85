# SPDX-License-Identifier: Apache-2.0
"""The newest cloud of a topic, not yet decoded, and its age."""

from __future__ import annotations

from dataclasses import dataclass

from builtin_interfaces.msg import Time as Stamp
from rclpy.clock import Clock
from sensor_msgs.msg import PointCloud2

from dexlite_ros.ros.freshness import age, require_fresh
from dexlite_ros.ros.point_clouds import OBJECT


@dataclass(frozen=True)
class _Received:
    message: PointCloud2
    taken: Stamp
    """Time of acquisition by the header's stamp; time of arrival if the stamp is zero."""


class CloudCache:
    """
    Holds one message, and may be written and read in different threads.

    Because the callback only stores, it keeps up with any camera; decoding happens on demand.
    """

    def __init__(self, clock: Clock, subject: str = OBJECT) -> None:
        """
        Start empty.

        :param clock: the node's
        :param subject: which cloud it is, for errors: OBJECT or OBSTACLES
        """
        self._clock = clock
        self._subject = subject
        self._received: _Received | None = None

    def store(self, message: PointCloud2) -> None:
        """Replace the cloud."""
        stamp = message.header.stamp
        stamped = stamp.sec != 0 or stamp.nanosec != 0
        self._received = _Received(message, stamp if stamped else self._clock.now().to_msg())

    def clear(self) -> None:
        """Discard the cloud."""
        self._received = None

    @property
    def age(self) -> float | None:
        """Time since the cloud was acquired [s], by the node's clock; None without a cloud."""
        received = self._received
        return None if received is None else age(received.taken, self._now())

    def newest(self, max_age: float, max_lead: float) -> PointCloud2 | None:
        """
        Return the cloud; None if none was received.

        :param max_age: largest age to accept [s]; 0: any stamp.
        :param max_lead: largest lead of its stamp over the clock to accept [s].
        :raises StaleCloud: its stamp is older or further ahead.
        """
        received = self._received
        if received is None:
            return None
        require_fresh(received.taken, self._now(), max_age, max_lead, self._subject)
        return received.message

    def _now(self) -> float:
        return self._clock.now().nanoseconds * 1e-9

# SPDX-License-Identifier: Apache-2.0
"""Whether the stamp of a cloud fits the time of the node, and if not, the likely cause."""

from __future__ import annotations

from builtin_interfaces.msg import Time as Stamp

from dexlite_ros.errors import StaleCloud

WALL_TIME = 10**9
"""Seconds since 1970 in 2001; smaller times are simulated, or counted from a start."""


def age(stamp: Stamp, now: float) -> float:
    """Return the time from ``stamp`` to ``now`` [s]; negative for a stamp in the future."""
    return now - (stamp.sec + stamp.nanosec * 1e-9)


def require_fresh(
    stamp: Stamp, now: float, max_age: float, max_lead: float, subject: str = 'object'
) -> None:
    """
    Raise an error unless a cloud was acquired shortly before now.

    :param stamp: time of acquisition
    :param now: time of the node's clock [s]
    :param max_age: largest age to accept [s]; 0: any stamp
    :param max_lead: largest lead of the stamp over the clock to accept [s]
    :param subject: which cloud it is, for the error
    :raises StaleCloud: with the likely cause
    """
    if max_age <= 0.0:
        return
    seconds = age(stamp, now)
    if stamp.sec < 0:
        raise StaleCloud(f'has the negative stamp {stamp.sec} s', _DRIVER, subject)
    if seconds > max_age:
        raise StaleCloud(
            f'is {seconds:.2f} s old, more than max_cloud_age = {max_age:.2f} s',
            _why_old(stamp, now), subject)
    if seconds < -max_lead:
        raise StaleCloud(
            f'is stamped {-seconds:.2f} s ahead of the clock of this node, more than '
            f'max_cloud_lead = {max_lead:.2f} s', _why_ahead(stamp, now), subject)


_DRIVER = 'its driver does not stamp clouds with the time of ROS: correct that'


def _why_old(stamp: Stamp, now: float) -> str:
    if stamp.sec < WALL_TIME <= now:
        return (
            f'its stamp {stamp.sec} s is not wall time: either the driver counts from its own '
            'start (time since boot), so make it stamp with the time of ROS; or the cloud is '
            'simulated or recorded, so set use_sim_time to true')
    return 'publish a newer one or raise the parameter'


def _why_ahead(stamp: Stamp, now: float) -> str:
    if now <= 0.0:
        return (
            'use_sim_time is true but no time was received on /clock: publish it, or set '
            'use_sim_time to false')
    if now < WALL_TIME <= stamp.sec:
        return (
            'the stamp is wall time but this node uses simulated time: set use_sim_time to false '
            'here, or to true in the publisher')
    return (
        'the clocks of the two computers are not synchronised (see chrony or PTP), or only one '
        'side has use_sim_time')

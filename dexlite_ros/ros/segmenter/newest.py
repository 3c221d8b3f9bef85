# SPDX-License-Identifier: Apache-2.0
"""Work on the newest of the messages that arrive, not more often than wanted."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Generic, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

Message = TypeVar('Message')


class Newest(Generic[Message]):
    """Passes on messages at a limited rate; those that a newer one overtakes are dropped."""

    def __init__(
        self, node: Node, work: Callable[[Message], None], rate: Callable[[], float],
        group: CallbackGroup,
    ) -> None:
        """
        Start with nothing to do.

        :param work: called for each message that is passed on
        :param rate: returns how many those are per second at most [Hz]; 0: all
        :param group: in which ``take`` is called as well, one at a time
        """
        self._work, self._rate = work, rate
        self._waiting: Message | None = None
        self._due = 0.0
        # Steady: simulated time may stand still.
        self._timer = node.create_timer(
            1.0, self._pass_on, group, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()

    def take(self, message: Message) -> None:
        """Pass a message on now, or when it is due and no newer one has come."""
        self._waiting = message
        left = self._due - time.monotonic()
        if left <= 0:
            self._pass_on()
        else:
            self._timer.timer_period_ns = int(1e9 * left) + 1
            self._timer.reset()

    def _pass_on(self) -> None:
        self._timer.cancel()
        message, self._waiting = self._waiting, None
        if message is None:
            return
        rate = self._rate()
        self._due = time.monotonic() + (1.0 / rate if rate > 0 else 0.0)
        self._work(message)

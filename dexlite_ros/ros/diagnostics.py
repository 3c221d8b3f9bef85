# SPDX-License-Identifier: Apache-2.0
"""The node's health on /diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import resource

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
import torch


@dataclass(frozen=True)
class Outcome:
    """Outcome of the last request."""

    count: int = 0
    """Number of requests answered so far."""
    code: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Health:
    """Content of one status message."""

    level: bytes
    """DiagnosticStatus.OK, WARN, ERROR or STALE."""
    message: str
    hardware: str
    values: Mapping[str, object]


class DiagnosticsPublisher:
    """Publishes a status at a fixed rate, by a steady clock, even if simulated time is paused."""

    def __init__(
        self, node: Node, period: float, group: CallbackGroup, health: Callable[[], Health]
    ) -> None:
        """
        Start publishing.

        :param node: node whose name appears in the status.
        :param period: time between two messages [s].
        :param group: callback group that is not blocked by a synthesis.
        :param health: called for each message.
        """
        self._node = node
        self._health = health
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._timer = node.create_timer(
            period, self._publish, callback_group=group,
            clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        health = self._health()
        message = DiagnosticArray(
            status=[DiagnosticStatus(
                level=health.level,
                name=f'{self._node.get_fully_qualified_name()}: grasp synthesis',
                message=health.message,
                hardware_id=health.hardware,
                values=[KeyValue(key=k, value=str(v)) for k, v in health.values.items()],
            )]
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


def memory_use() -> dict[str, str]:
    """Return the peak memory use of the process and, if present, of the CUDA device."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    use = {'memory peak [GiB]': f'{peak:.2f}'}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        use['device memory peak [GiB]'] = f'{torch.cuda.max_memory_allocated() / 2**30:.2f}'
    return use

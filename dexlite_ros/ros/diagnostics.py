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
    """How the last request ended."""

    count: int = 0
    """Requests answered so far."""
    code: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Health:
    """One status."""

    level: bytes
    """DiagnosticStatus.OK, WARN, ERROR or STALE."""
    message: str
    hardware: str
    values: Mapping[str, object]


class DiagnosticsPublisher:
    """Publishes a status at a fixed rate, by a steady clock: also when simulated time stands."""

    def __init__(
        self, node: Node, period: float, group: CallbackGroup, health: Callable[[], Health]
    ) -> None:
        """
        Start publishing.

        :param node: named in the status.
        :param period: [s]
        :param group: must not wait for a synthesis.
        :param health: asked each time.
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
    """Return the largest memory use so far, of the process and of the CUDA device if there is."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    use = {'memory peak [GiB]': f'{peak:.2f}'}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        use['device memory peak [GiB]'] = f'{torch.cuda.max_memory_allocated() / 2**30:.2f}'
    return use

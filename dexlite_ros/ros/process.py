# SPDX-License-Identifier: Apache-2.0
"""
Signal handling of a process that runs nodes.

Signals are handled here instead of in rclpy, which would shut down the context while callbacks are
running. This way requests are still answered, and no traceback is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import os
import signal
import threading

import rclpy
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions


def initialise(args: Sequence[str] | None) -> None:
    """Initialise rclpy; until ``stop_on_signal``, a signal ends the process with status 0."""
    _handle(lambda *_: os._exit(0))  # nothing to clean up while modules are still loading
    rclpy.init(
        args=None if args is None else list(args), signal_handler_options=SignalHandlerOptions.NO)


def stop_on_signal() -> threading.Event:
    """Return an event that SIGINT and SIGTERM will set from now on."""
    stop = threading.Event()
    _handle(lambda *_: stop.set())
    return stop


def spin(executor: Executor, node: Node, stop: threading.Event) -> threading.Thread:
    """Spin ``executor`` in a thread until ``stop``; callback errors are logged, not fatal."""
    thread = threading.Thread(target=_spin, args=(executor, node, stop), daemon=True)
    thread.start()
    return thread


def _handle(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _spin(executor: Executor, node: Node, stop: threading.Event) -> None:
    executor.add_node(node)
    while not stop.is_set():
        try:
            executor.spin_once(timeout_sec=0.5)
        except Exception as error:  # rclpy's own, e.g. for an impossible lifecycle transition
            if not stop.is_set():
                node.get_logger().error(f'a callback failed: {type(error).__name__}: {error}')

"""
The executable: ``ros2 run dexlite_ros planner_node``.

Signals are handled here and not by rclpy, which would pull the context away from under running
callbacks: this way requests still get their answer (CANCELLED), and nothing prints a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

if TYPE_CHECKING:
    from dexlite_ros.ros.node import PlannerNode

THREADS = 24
"""Enough for a full queue of waiting requests (16) beside clouds, control and transitions."""
PATIENCE = 1.0
"""How long the planner may take to notice the end [s]."""


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the node until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None takes the process's own.
    :return: exit status; 0 after a signal, 1 when the parameters are refused.
    """
    stop = threading.Event()
    _handle_signals(lambda *_: os._exit(0))  # nothing to wind up while modules are loaded
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = _create_node()
        if node is None:
            return 1
        _handle_signals(lambda *_: stop.set())
        return _run(node, stop)
    finally:
        rclpy.try_shutdown()


def _handle_signals(handler: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _create_node() -> PlannerNode | None:
    """Return the node, or None with one line in the log when a parameter is refused."""
    # Late, because torch takes seconds to load and a signal is to be obeyed meanwhile.
    from rclpy.exceptions import InvalidParameterTypeException, ParameterException

    from dexlite_ros.errors import DexliteError
    from dexlite_ros.ros.node import PlannerNode

    try:
        return PlannerNode()
    except InvalidParameterTypeException as error:
        get_logger('dexlite_planner').fatal(f'{error}; write whole floats as 5.0')
    except (ParameterException, DexliteError) as error:
        get_logger('dexlite_planner').fatal(str(error))
    return None


def _run(node: PlannerNode, stop: threading.Event) -> int:
    executor = MultiThreadedExecutor(THREADS)
    executor.add_node(node)
    spinner = threading.Thread(target=_spin, args=(executor, node, stop), daemon=True)
    spinner.start()
    stop.wait()
    ended = node.close(PATIENCE)
    time.sleep(0.1)  # cancelled requests are being answered
    executor.shutdown(timeout_sec=0.2)
    spinner.join(0.2)
    if not ended or spinner.is_alive():
        # A thread deep in a library would crash the interpreter's shutdown.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    node.destroy_node()
    return 0


def _spin(
    executor: MultiThreadedExecutor, node: PlannerNode, stop: threading.Event
) -> None:
    """Spin until the end; what a callback of rclpy itself raises must not end the node."""
    while not stop.is_set():
        try:
            executor.spin_once(timeout_sec=1.0)
        except Exception as error:  # e.g. an impossible lifecycle transition was asked for
            if not stop.is_set():
                node.get_logger().error(f'a callback failed: {type(error).__name__}: {error}')


if __name__ == '__main__':
    sys.exit(main())

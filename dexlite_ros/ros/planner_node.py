"""The executable: ``ros2 run dexlite_ros planner_node``."""

from __future__ import annotations

from collections.abc import Sequence
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.logging import get_logger

from dexlite_ros.ros.process import initialise, spin, stop_on_signal

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
    initialise(args)
    try:
        node = _create_node()
        return 1 if node is None else _run(node, stop_on_signal())
    finally:
        rclpy.try_shutdown()


def _create_node() -> PlannerNode | None:
    """Return the node, or None with one line in the log when a parameter is refused."""
    # Late, because torch takes seconds to load and a signal is to be obeyed meanwhile.
    from rclpy.exceptions import InvalidParameterTypeException, ParameterException

    from dexlite_ros.errors import DexliteError
    from dexlite_ros.ros.node import PlannerNode

    try:
        return PlannerNode()
    except InvalidParameterTypeException as error:
        get_logger('planner').fatal(f'{error}; write whole floats as 5.0')
    except (ParameterException, DexliteError) as error:
        get_logger('planner').fatal(str(error))
    return None


def _run(node: PlannerNode, stop: threading.Event) -> int:
    executor = MultiThreadedExecutor(THREADS)
    spinner = spin(executor, node, stop)
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


if __name__ == '__main__':
    sys.exit(main())

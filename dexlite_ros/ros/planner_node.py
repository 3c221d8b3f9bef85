# SPDX-License-Identifier: Apache-2.0
"""The executable: ``ros2 run dexlite_ros planner_node``."""

from __future__ import annotations

from collections.abc import Sequence
import os
import sys
import threading
from typing import NoReturn, TYPE_CHECKING

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.logging import get_logger

from dexlite_ros.ros.process import initialise, spin, stop_on_signal

if TYPE_CHECKING:
    from dexlite_ros.ros.node import PlannerNode

THREADS = 24
"""Enough for a full queue of waiting requests (16) beside clouds, control and transitions."""
PATIENCE = 1.0
"""How long calls may take to be answered [s]."""
LAST_MOMENT = 1.4
"""Time after a signal at which the process ends, whatever has not stopped by then [s]."""


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the node until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process.
    :return: 1 if a parameter is rejected; a signal ends the process with 0.
    """
    initialise(args)
    node = _create_node()
    if node is not None:
        _run(node, stop_on_signal(LAST_MOMENT))
    rclpy.try_shutdown()
    return 1


def _create_node() -> PlannerNode | None:
    """Return the node, or None with one line in the log if a parameter is rejected."""
    # Imported late, because torch takes seconds to load and signals must be obeyed meanwhile.
    from rclpy.exceptions import InvalidParameterTypeException, ParameterException

    from dexlite_ros.errors import DexliteError
    from dexlite_ros.ros.node import PlannerNode

    try:
        return PlannerNode()
    except InvalidParameterTypeException as error:
        get_logger('planner').fatal(f'{error}; write floats with a decimal point, e.g. 5.0')
    except (ParameterException, DexliteError) as error:
        get_logger('planner').fatal(str(error))
    return None


def _run(node: PlannerNode, stop: threading.Event) -> NoReturn:
    executor = MultiThreadedExecutor(THREADS)
    answered = threading.Event()
    spinner = spin(executor, node, answered)
    stop.wait()
    # The executor still spins, as it sends the answers. The planner ends with the process.
    node.close(PATIENCE, planner_timeout=0.0)
    answered.set()
    executor.shutdown(timeout_sec=0.2)
    spinner.join(0.2)
    node.destroy_node()
    rclpy.try_shutdown()
    # The interpreter's regular exit would wait for planner threads that do not stop.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == '__main__':
    sys.exit(main())

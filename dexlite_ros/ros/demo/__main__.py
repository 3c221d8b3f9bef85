# SPDX-License-Identifier: Apache-2.0
"""
End-to-end demo: ``python -m dexlite_ros.ros.demo``.

Starts the planner node as a separate process and publishes what a depth camera measures of an
object and of the table and a neighbour around it. Calls the service, prints the ten best grasps
and draws what was seen, the surface that was made of it and the best three hands.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
import sys
import threading
import time

from builtin_interfaces.msg import Duration
import rclpy

from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.demo.examples import DEFAULT_EXAMPLE, EXAMPLES
from dexlite_ros.ros.node_processes import nodes, stay_on_this_machine
from dexlite_ros.ros.process import initialise, raise_on_signal
from dexlite_ros.srv import GraspSynthesis

PERIOD = 0.3
"""Time between two clouds [s]."""
DISCOVERY = 10.0
"""Longest time for node and publisher to find each other before the node is called anyway [s]."""


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the demo.

    :param args: command line; None: that of the process.
    :return: exit status; the error code if there is no grasp.
    """
    parser = argparse.ArgumentParser(prog='demo', description='A cloud in, grasps out.')
    parser.add_argument('--output', type=Path, default=Path('output/demo.png'), help='picture')
    parser.add_argument(
        '--example', choices=EXAMPLES, default=DEFAULT_EXAMPLE,
        help='table: a tube behind a neighbour, seen by one camera (default); all-sides: a mug '
             'without a table, seen by three')
    parser.add_argument('--seed', type=int, default=1, help='of the grasps; 0: a new one')
    options = parser.parse_args(args)
    stay_on_this_machine()
    initialise([])
    raise_on_signal()
    print('starting the planner node ...', flush=True)
    try:
        with nodes(['dexlite_ros.ros.planner_node']):
            return _run(options)
    except TimeoutError as error:
        print(f'no grasps: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()


def _run(options: argparse.Namespace) -> int:
    # Imported here, so that they load while the node is loading, too.
    from dexlite_ros.ros.demo.cloud_publisher import CloudPublisher
    from dexlite_ros.ros.demo.demo_client import report

    example = EXAMPLES[options.example]()
    publisher = CloudPublisher(example)
    with PlannerClient() as client, _repeated(publisher.publish):
        client.wait_until_active()
        deadline = time.monotonic() + DISCOVERY
        while not publisher.listeners and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(PERIOD)  # by then the node has received the clouds
        print(f'the node is active; asking for grasps of the {example.name} ...', flush=True)
        status = report(client, options.output, request=GraspSynthesis.Request(
            object_id=example.name, seed=options.seed, timeout=Duration(sec=25)))
    publisher.destroy_node()
    return status


@contextmanager
def _repeated(action: Callable[[], None]) -> Iterator[None]:
    """Run ``action`` in a thread, at once and then every PERIOD."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.is_set():
            action()
            stop.wait(PERIOD)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == '__main__':
    sys.exit(main())

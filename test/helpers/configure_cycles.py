# SPDX-License-Identifier: Apache-2.0
"""
What a node leaves behind when it is configured and cleaned up again and again.

    tools/run.sh python test/helpers/configure_cycles.py --count 20

Uses the installed tf2_ros, or its stand-in.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
import ctypes
import gc
from importlib.util import find_spec
from pathlib import Path
import sys
import threading
import time

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
import tf2_double

from dexlite_ros.ros.node import PlannerNode
from dexlite_ros.ros.process import spin

SETTLING = 1.2
"""Time in which the executor lets go of what was destroyed [s]."""
COUNTED = ('JumpHandle', 'GraspPlanner', 'CallGroup', 'Buffer', 'TransformListener')
"""Names of classes whose instances are counted; the last two are those of tf2_ros."""
PARAMETERS = {'autostart': False, 'warm_up': False, 'device': 'cpu', 'method': 'hull'}


def cycles(count: int) -> list[dict[str, int]]:
    """Return the counts after each cycle, and the memory of the process [MiB]."""
    with _tf2():
        return _cycles(count)


@contextmanager
def _tf2() -> Iterator[None]:
    """Put the stand-in where tf2_ros is not installed."""
    if find_spec('tf2_ros') is not None:
        yield
        return
    sys.modules['tf2_ros'] = tf2_double.module()
    try:
        yield
    finally:
        del sys.modules['tf2_ros']


def _cycles(count: int) -> list[dict[str, int]]:
    rclpy.init()
    node = PlannerNode(parameter_overrides=[
        Parameter(name, value=value) for name, value in PARAMETERS.items()])
    executor, stop = MultiThreadedExecutor(4), threading.Event()
    thread = spin(executor, node, stop)
    counts = []
    before = _alive()
    try:
        for _ in range(count):
            for step in (node.trigger_configure, node.trigger_activate):
                assert step() == TransitionCallbackReturn.SUCCESS
            assert len(list(node.subscriptions)) == 4, 'two clouds and two topics of tf2'
            for step in (node.trigger_deactivate, node.trigger_cleanup):
                assert step() == TransitionCallbackReturn.SUCCESS
            time.sleep(SETTLING)
            counts.append(_left(node, before))
        return counts
    finally:
        node.close(1.0)
        stop.set()
        executor.wake()
        thread.join()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()


def _alive() -> Counter[str]:
    """Return the number of instances of each class, of whoever made them."""
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects())


def _left(node: Node, before: Counter[str]) -> dict[str, int]:
    alive = _alive()
    ctypes.CDLL(None).malloc_trim(0)  # what is free but kept by the allocator is no leak
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return {
        **{name: len(list(getattr(node, name))) for name in (
            'subscriptions', 'publishers', 'services', 'clients', 'timers', 'waitables',
            'guards')},
        **{name: alive[name] - before[name] for name in COUNTED},
        'planner threads': sum(each.name == 'planner' for each in threading.enumerate()),
        'memory': pages * 4 // 1024}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--count', type=int, default=20, help='number of cycles')
    for number, counts in enumerate(cycles(parser.parse_args().count), start=1):
        sys.stdout.write(f'{number}: {counts}\n')


if __name__ == '__main__':
    main()

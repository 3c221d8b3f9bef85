# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes of their own, as on a robot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
import random
import signal
import subprocess
import sys

PATIENCE = 10.0
"""Time that a process has to end [s]."""
Process = subprocess.Popen[bytes]


def stay_on_this_machine() -> None:
    """Keep traffic on this machine, and two runs from hearing each other."""
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))


@contextmanager
def nodes(*commands: Sequence[str]) -> Iterator[tuple[Process, ...]]:
    """
    Run modules as processes, and stop them as Ctrl-C would, however this ends.

    :param commands: name of a module and its ROS arguments
    """
    running = tuple(start_node(*each) for each in commands)
    try:
        yield running
    finally:
        stop_nodes(running)


def start_node(module: str, *arguments: str) -> Process:
    """Run a module as a process, with ROS arguments."""
    return subprocess.Popen([sys.executable, '-m', module, '--ros-args', *arguments])


def stop_nodes(running: Sequence[Process]) -> None:
    """Stop processes as Ctrl-C would, and those that do not obey within ``PATIENCE`` for good."""
    for process in running:
        process.send_signal(signal.SIGINT)
    for process in running:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def parameters(**values: object) -> list[str]:
    """Return ROS arguments that set parameters; '__' stands for a dot in a name."""
    return [word for name, value in values.items()
            for word in ('-p', f"{name.replace('__', '.')}:={_text(value)}")]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

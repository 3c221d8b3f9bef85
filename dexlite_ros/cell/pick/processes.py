# SPDX-License-Identifier: Apache-2.0
"""The planner and the segmenter as processes of their own, as on a robot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import signal
import subprocess
import sys

PATIENCE = 10.0
"""Time that a process has to end [s]."""


@contextmanager
def nodes(*commands: Sequence[str]) -> Iterator[None]:
    """
    Run modules as processes, and stop them as Ctrl-C would, however this ends.

    :param commands: name of a module and its ROS arguments
    """
    running = [
        subprocess.Popen([sys.executable, '-m', module, '--ros-args', *arguments])
        for module, *arguments in commands]
    try:
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def parameters(**values: object) -> list[str]:
    """Return ROS arguments that set parameters; '__' stands for a dot in a name."""
    return [word for name, value in values.items()
            for word in ('-p', f"{name.replace('__', '.')}:={_text(value)}")]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

# SPDX-License-Identifier: Apache-2.0
"""
Signal handling of a process that runs nodes.

Signals are handled here instead of in rclpy, which would shut down the context while callbacks are
running. This way requests are still answered, and no traceback is printed.

Python runs signal handlers in the main thread only, and only once that thread executes bytecode
again. A signal that the kernel delivers to another thread does not wake a main thread that waits
for a lock, so it would be lost. The interpreter's C handler, however, writes each signal to a pipe
in whichever thread it arrives; a thread of its own reads that pipe here.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
import os
import signal
import sys
import threading
import time

import rclpy
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def raise_on_signal() -> None:
    """
    Let SIGINT and SIGTERM raise KeyboardInterrupt in the main thread.

    For programs that have something to put away, such as other processes, and run no node alone.
    """
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)


class _SignalReader:
    """Reads signals from the pipe and acts on them."""

    def __init__(self) -> None:
        self._stop: threading.Event | None = None
        self._patience = math.inf
        self._pipe: tuple[int, int] | None = None

    def listen(self) -> None:
        """Hear signals from now on; called in the main thread."""
        self._stop = None
        for number in SIGNALS:
            signal.signal(number, _heard)
        if self._pipe is None:
            self._pipe = os.pipe()
            os.set_blocking(self._pipe[1], False)
            threading.Thread(target=self._read, name='signals', daemon=True).start()
        signal.set_wakeup_fd(self._pipe[1])

    def set_on_signal(self, stop: threading.Event, patience: float) -> None:
        """Set ``stop`` at the next signal, and end the process ``patience`` seconds later."""
        self._patience = patience
        self._stop = stop

    def _read(self) -> None:
        assert self._pipe is not None
        while True:
            # A handler that replaced this module's is in charge of its signal itself.
            if any(signal.getsignal(each) is _heard for each in os.read(self._pipe[0], 64)):
                self._act()

    def _act(self) -> None:
        if self._stop is None:  # nothing to clean up while modules are still loading
            os._exit(0)
        # From now on no thread that still computes keeps the others waiting for long.
        sys.setswitchinterval(0.0005)
        self._stop.set()
        if self._patience < math.inf:
            time.sleep(self._patience)
            sys.stderr.write('the process is ended although not everything has stopped\n')
            sys.stderr.flush()
            os._exit(0)


def _heard(*_: object) -> None:
    """Replace the default action of a signal; the reader acts instead."""


_reader = _SignalReader()


def initialise(args: Sequence[str] | None) -> None:
    """Initialise rclpy; until ``stop_on_signal``, a signal ends the process with status 0."""
    _reader.listen()
    rclpy.init(
        args=None if args is None else list(args), signal_handler_options=SignalHandlerOptions.NO)


def stop_on_signal(patience: float = math.inf) -> threading.Event:
    """
    Return an event that SIGINT and SIGTERM will set from now on.

    :param patience: time from the signal to the end of the process, with status 0, if it has not
        ended by itself [s]
    """
    stop = threading.Event()
    _reader.set_on_signal(stop, patience)
    return stop


def spin(executor: Executor, node: Node, stop: threading.Event) -> threading.Thread:
    """Spin ``executor`` in a thread until ``stop``; callback errors are logged, not fatal."""
    thread = threading.Thread(target=_spin, args=(executor, node, stop), daemon=True)
    thread.start()
    return thread


def _spin(executor: Executor, node: Node, stop: threading.Event) -> None:
    executor.add_node(node)
    while not stop.is_set():
        try:
            executor.spin_once(timeout_sec=0.5)
        except Exception as error:  # rclpy's own, e.g. for an impossible lifecycle transition
            if not stop.is_set():
                node.get_logger().error(f'a callback failed: {type(error).__name__}: {error}')

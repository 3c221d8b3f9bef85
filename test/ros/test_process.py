# SPDX-License-Identifier: Apache-2.0
"""Signals are heard in whichever thread they arrive, and end a process in time."""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import math, os, sys, threading, time
from dexlite_ros.ros.process import initialise, stop_on_signal

patience = float(sys.argv[2])
initialise([])
# Threads that the kernel may choose for the signal: it then interrupts no wait of the main one.
for _ in range(8):
    threading.Thread(target=time.sleep, args=(60.0,), daemon=True).start()
stop = stop_on_signal(patience) if sys.argv[1] != 'loading' else threading.Event()
print('ready', flush=True)
stop.wait()
if sys.argv[1] == 'stuck':
    time.sleep(60.0)
print('stopped', flush=True)
os._exit(3)
"""
ROUNDS = 5


def run(mode: str, number: int, patience: str = 'inf') -> tuple[int, str, str, float]:
    """Send a signal to the program; return status, output, errors and the time to its end [s]."""
    process = subprocess.Popen(
        [sys.executable, '-c', PROGRAM, mode, patience], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    started = time.monotonic()
    process.send_signal(number)
    out, errors = process.communicate(timeout=20.0)
    return process.returncode, out, errors, time.monotonic() - started


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event_while_the_main_thread_waits_for_it(number: int) -> None:
    """The wait has no time-out, and still no signal is lost."""
    for _ in range(ROUNDS):
        status, out, errors, seconds = run('waiting', number)
        assert (status, out, errors, seconds < 2.0) == (3, 'stopped\n', '', True)


def test_before_that_a_signal_ends_the_process() -> None:
    """While modules are loading there is nothing to clean up."""
    status, out, _, seconds = run('loading', signal.SIGTERM)
    assert (status, out, seconds < 2.0) == (0, '', True)


def test_what_does_not_stop_is_ended() -> None:
    """After its patience the process ends with status 0 and says why."""
    status, out, errors, seconds = run('stuck', signal.SIGINT, '0.3')
    assert (status, out, 0.25 < seconds < 2.0) == (0, '', True)
    assert 'not everything has stopped' in errors

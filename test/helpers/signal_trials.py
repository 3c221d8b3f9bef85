# SPDX-License-Identifier: Apache-2.0
"""
Signals at random moments: whether the node ends in time, and every call is answered.

    tools/run.sh python test/helpers/signal_trials.py --count 100

Each trial starts a planner process, calls it over DDS, and sends SIGINT or SIGTERM: while the
node starts by itself, while a lifecycle manager configures it, or while calls run and wait.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
import random
import signal
import subprocess
import sys
import tempfile
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from planner_process import box_points, cloud_message, LONG, PlannerProcess, QUICK, request
import rclpy

from dexlite_ros.msg import SynthesisReport
from dexlite_ros.srv import GraspSynthesis

PHASES = ('starting', 'planning', 'configuring', 'planning')
IN_TIME = 2.0
"""Longest time from the signal to the end of the process [s]."""


@dataclass(frozen=True)
class Trial:
    """What one signal did."""

    phase: str
    delay: float
    """From the start of the process, or from sending the calls, to the signal [s]."""
    sent: signal.Signals
    status: int
    """Exit status of the process."""
    seconds: float
    """From the signal to the end of the process; 30 if it did not end."""
    codes: tuple[int | None, ...]
    """
    Error codes of the answers to the calls that were in flight; None: no answer. An answer to
    configure counts as CANCELLED if it is "failed".
    """

    @property
    def ended(self) -> bool:
        """Whether the process ended in time."""
        return self.seconds < IN_TIME


def run_trial(index: int, folder: Path, seed: int) -> Trial:
    """
    Run one trial.

    :param index: chooses the phase, and names the node
    :param folder: gets the node's output
    :param seed: of delay, signal and calls
    """
    rng = random.Random(f'{seed}/{index}')
    phase = PHASES[index % len(PHASES)]
    node = PlannerProcess(
        f'/trial{index}', folder / f'{index}.log', device='cpu', queue_size=2,
        warm_up=phase != 'planning', autostart=phase != 'configuring')
    try:
        if phase == 'planning':
            node.client.wait_until_active(120.0)
            _connect(node)
            calls, delay = _send_calls(node, rng), rng.uniform(0.0, 3.0)
            time.sleep(delay)
        elif phase == 'configuring':
            node.wait_for_state('unconfigured')
            calls, delay = [_configure(node)], rng.uniform(0.0, 6.0)
            time.sleep(delay)
        else:
            calls, delay = _wait_while_starting(node, rng.uniform(0.0, 8.0))
        number = rng.choice((signal.SIGINT, signal.SIGTERM))
        calls = [call for call in calls if not call.done()]
        try:
            status, seconds = node.end(number)
        except subprocess.TimeoutExpired:
            status, seconds = -signal.SIGKILL, 30.0
        deadline = time.monotonic() + 1.0
        while not all(call.done() for call in calls) and time.monotonic() < deadline:
            time.sleep(0.01)
        return Trial(phase, delay, number, status, seconds, tuple(map(_code, calls)))
    finally:
        node.close()


def _connect(node: PlannerProcess) -> None:
    """Call service and action once without a cloud, so that both sides have found each other."""
    for ask in (node.client.synthesize, lambda wanted, timeout: node.client.start(
            wanted, timeout=timeout).result(timeout)):
        for _ in range(20):
            try:
                ask(request(), timeout=3.0)
                break
            except TimeoutError:  # the answer was sent before the client was found
                continue


def _send_calls(node: PlannerProcess, rng: random.Random) -> list:
    """
    Send up to three calls of the service or the action; return the futures of their results.

    The first runs for longer than any delay, so that one is in flight for certain.
    """
    calls = []
    for number in range(rng.randint(1, 3)):
        wanted = request(
            cloud=cloud_message(box_points()),
            **(rng.choice((LONG, QUICK)) if number else LONG))
        if rng.random() < 0.5:
            calls.append(node.client.synthesize_async(wanted))
        else:
            calls.append(node.client.start(wanted, timeout=30.0)._result)
    return calls


def _wait_while_starting(node: PlannerProcess, delay: float) -> tuple[list, float]:
    """Wait, and call the node as soon as it has its service."""
    calls = []
    deadline = time.monotonic() + delay
    client = node.client._client('grasp_synthesis', GraspSynthesis)
    while time.monotonic() < deadline:
        if not calls and client.service_is_ready():
            calls.append(node.client.synthesize_async(
                request(cloud=cloud_message(box_points()), **LONG)))
        time.sleep(0.005)
    return calls, delay


def _configure(node: PlannerProcess) -> object:
    """Ask for the transition; return the future of the answer."""
    client = node.client._client('change_state', ChangeState)
    assert client.wait_for_service(10.0)
    return client.call_async(ChangeState.Request(
        transition=Transition(id=Transition.TRANSITION_CONFIGURE)))


def _code(call: object) -> int | None:
    if not call.done():
        return None
    answer = call.result()
    if isinstance(answer, ChangeState.Response):
        return SynthesisReport.NONE if answer.success else SynthesisReport.CANCELLED
    # That of an action wraps the result together with the status of the goal.
    response = answer.result if hasattr(answer, 'status') else answer
    return response.report.error_code


def summary(trials: list[Trial]) -> str:
    """Return the counts of a series."""
    flying = [code for trial in trials for code in trial.codes]
    lines = [
        f'{sum(trial.ended for trial in trials)} of {len(trials)} processes ended within '
        f'{IN_TIME:g} s; slowest {max(trial.seconds for trial in trials):.2f} s, exit statuses '
        f'{dict(Counter(trial.status for trial in trials))}',
        f'{sum(code is not None for code in flying)} of {len(flying)} calls in flight were '
        f'answered; error codes {dict(Counter(flying))}']
    for phase in dict.fromkeys(PHASES):
        of_phase = [trial for trial in trials if trial.phase == phase]
        lines.append(f'{phase}: {len(of_phase)} signals, {sum(len(t.codes) for t in of_phase)} '
                     'calls in flight')
    return '\n'.join(lines)


def main() -> int:
    """Run a series; return 0 if all is well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--count', type=int, default=100, help='number of signals')
    parser.add_argument('--jobs', type=int, default=2, help='processes at the same time')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--logs', type=Path, help='existing folder for the output of the nodes')
    options = parser.parse_args()
    rclpy.init()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        trials = []
        for trial in pool.map(
                lambda index: run_trial(index, options.logs or Path(folder), options.seed),
                range(options.count)):
            trials.append(trial)
            sys.stdout.write(f'{trial}\n')
            sys.stdout.flush()
    rclpy.try_shutdown()
    sys.stdout.write(f'{summary(trials)}\n')
    well = all(trial.ended and None not in trial.codes for trial in trials)
    return 0 if well else 1


if __name__ == '__main__':
    sys.exit(main())

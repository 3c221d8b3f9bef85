# SPDX-License-Identifier: Apache-2.0
"""
The executable ``demo_client``: calls the planner once and shows a table and a picture.

    ros2 run dexlite_ros demo_client --output output/grasps.png

It may be started before the planner and before any cloud: it waits up to ``--patience`` seconds
for the planner to become active and as long again for the first cloud, then says what is missing.
See ``ask`` for an example of how to call the node.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
import time

import rclpy
from rclpy.utilities import remove_ros_args

from dexlite_ros.msg import DexGraspArray, SynthesisReport
from dexlite_ros.output.grasp_table import grasp_table, TableRow
from dexlite_ros.ros.client import DEFAULT_PLANNER, PlannerClient
from dexlite_ros.ros.demo.sight import SightListener
from dexlite_ros.ros.demo.sight_picture import draw_sight, HANDS
from dexlite_ros.ros.process import initialise
from dexlite_ros.srv import GraspSynthesis

ROWS = 10
PATIENCE = 60.0
"""How long to wait for the planner, and then for the first cloud [s]."""
INTERVAL = 0.5
"""Time between two calls while there is no cloud yet [s]."""
NOT_YET = (SynthesisReport.NO_CLOUD, SynthesisReport.STALE_CLOUD)


def ask(
    client: PlannerClient, request: GraspSynthesis.Request, patience: float = PATIENCE
) -> GraspSynthesis.Response:
    """
    Call the planner, and repeat the call while it has received no cloud, or none that is new.

    :param client: connected to an active planner.
    :param request: the request to send.
    :param patience: how long to wait for the first cloud [s]; the last response is returned then.
    :raises TimeoutError: the planner does not answer.
    """
    deadline = time.monotonic() + patience
    while True:
        response = client.synthesize(request, timeout=120.0)
        if response.report.error_code not in NOT_YET or time.monotonic() > deadline:
            return response
        time.sleep(INTERVAL)


def table(result: DexGraspArray) -> str:
    """Return the best grasps as text: rank, score, wrist position, residual, penetration."""
    rows = (
        TableRow(
            grasp.rank, grasp.score,
            (grasp.grasp_pose.position.x, grasp.grasp_pose.position.y,
             grasp.grasp_pose.position.z), grasp.residual, grasp.penetration)
        for grasp in result.grasps[:ROWS])
    return f'palm positions in frame "{result.header.frame_id}"\n{grasp_table(rows)}'


def summary(report: SynthesisReport) -> str:
    """Return the number of grasps, the time of each step, the likely surfaces, the warnings."""
    line = (
        f'{report.num_returned} grasps from {report.num_candidates} starts in '
        f'{report.total_time:.2f} s on {report.device} (surface {report.surface_time:.2f}, '
        f'starts {report.propose_time:.2f}, refinement {report.refine_time:.2f}, '
        f'stages {report.stage_time:.2f}, ranking {report.rank_time:.2f}), seed {report.seed}')
    likely = ', '.join(f'{each.method} {each.weight:.0%}' for each in report.hypotheses)
    surface = (
        f'surface: {likely}; planned on the first, {report.seen_fraction:.0%} of it measured '
        f'(viewpoint: {report.viewpoint_source})')
    return '\n'.join([line, surface, *(
        f'warning: {each.code}: {each.message}' for each in report.warnings)])


def main(args: Sequence[str] | None = None) -> int:
    """
    Call a running planner once.

    :param args: command line; None: that of the process.
    :return: exit status; the error code if the planner returns no grasp, 1 if it does not answer.
    """
    parser = argparse.ArgumentParser(
        prog='demo_client', description='Call a running planner once.')
    parser.add_argument('--planner', default=DEFAULT_PLANNER, help='name of the planner node')
    parser.add_argument('--output', type=Path, default=Path('output/grasps.png'), help='picture')
    parser.add_argument(
        '--patience', type=_seconds, default=PATIENCE, metavar='SECONDS',
        help='how long to wait for the planner, and then for the first cloud (default: '
             f'{PATIENCE:g})')
    options = parser.parse_args(remove_ros_args(sys.argv if args is None else args)[1:])
    initialise(args)
    try:
        with PlannerClient(options.planner) as client:
            return report(client, options.output, options.patience, options.planner)
    except TimeoutError as error:
        print(f'no grasps: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()


def _seconds(text: str) -> float:
    value = float(text)  # argparse names the option and the text if this fails
    if not 0.0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is not a time of 0 s or more')
    return value


def report(
    client: PlannerClient, path: Path, patience: float = PATIENCE, planner: str = DEFAULT_PLANNER,
    request: GraspSynthesis.Request | None = None,
) -> int:
    """
    Wait for planner and cloud, call once, print the table and draw the picture.

    :param client: need not be connected to a running planner yet.
    :param path: PNG to write.
    :param patience: how long to wait for the planner, and then for the first cloud [s].
    :param planner: its name, as for the client.
    :param request: what to ask for; None: an empty request.
    :return: 0, or the error code if the planner returns no grasp.
    :raises TimeoutError: the planner does not become active, or does not answer.
    """
    listener = SightListener(client, planner)
    try:
        client.wait_until_active(patience)
    except TimeoutError as error:
        raise TimeoutError(
            f'{error}; start it ("ros2 launch dexlite_ros planner.launch.py") or name it '
            '(--planner)') from None
    response = ask(client, request or GraspSynthesis.Request(), patience)
    if response.report.error_code != SynthesisReport.NONE:
        waited = f' (waited {patience:g} s)' if response.report.error_code in NOT_YET else ''
        print(f'no grasps: {response.report.error_msg}{waited}', file=sys.stderr)
        return response.report.error_code
    print(table(response.result))
    print(summary(response.report), flush=True)
    sight = listener.of(response)
    if isinstance(sight, str):
        print(f'no picture: {sight}', file=sys.stderr)
        return 0
    written = draw_sight(response.result, response.report, sight, path)
    print(f'picture of the best {min(HANDS, len(response.result.grasps))}: {written.resolve()}')
    return 0


if __name__ == '__main__':
    sys.exit(main())

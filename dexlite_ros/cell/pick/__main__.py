# SPDX-License-Identifier: Apache-2.0
"""
Pick one object after the other in a simulated cell: ``python -m dexlite_ros.cell.pick``.

Planner and segmenter run as processes of their own; they and the executor know the cell by its
topics alone. Prints a table of what was tried and lifted, and writes it and an animation.
"""

from __future__ import annotations

from dataclasses import dataclass
import os
from pathlib import Path
import random
import signal
import sys
import threading
from typing import Annotated

import numpy as np
import rclpy
import tyro

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.pick.film import Film
from dexlite_ros.cell.pick.processes import nodes, parameters
from dexlite_ros.cell.pick.record import PickRecord, row, table, write_records
from dexlite_ros.cell.pick.session import running_cell
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.objects.sources import find_objects, Target
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.pick.executor import PickSettings
from dexlite_ros.ros.process import initialise


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Pick objects in a simulated cell, over the topics of a real one."""

    objects: str = 'household:600-610'
    """Where the objects come from: procedural:N, household:N-M, or a folder of meshes."""
    count: Annotated[int, tyro.conf.arg(metavar='N')] = 10
    """Objects to pick, the first ones of the source."""
    attempts: int = 3
    """Grasps to try for each of them."""
    camera: CameraName = 'kinect'
    """Make of the camera, with its errors."""
    seed: int = 1
    """Of poses, camera errors and plans."""
    real_time_factor: float = 1.0
    """Simulated per real time, at most."""
    filmed: int = 3
    """Objects that the animation shows; 0: no animation."""
    output: Path = Path('output/pick')
    """Folder of report.json and pick.gif."""


def main() -> int:
    """Run the picks; return 0 if anything was lifted."""
    options = tyro.cli(Pick, prog='pick')
    # Keep traffic on this machine, and two cells from hearing each other.
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))
    targets = find_objects(options.objects)[:options.count]
    film, records = Film(), []
    initialise([])
    # Ctrl-C ends the pick, not the process: the nodes are stopped and the results written.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with nodes(
                ['dexlite_ros.ros.planner_node', *parameters(use_sim_time=True)],
                ['dexlite_ros.ros.segmenter.segmenter_node', '-r', 'points:=camera/depth/points',
                 *parameters(use_sim_time=True)],
        ), PlannerClient() as planner:
            print('starting the planner and the segmenter ...', flush=True)
            planner.wait_until_active()
            for index, target in enumerate(targets):
                shown = film if index < options.filmed else None
                records.append(_pick(target, index, planner, options, shown))
                print(row(records[-1]), flush=True)
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
    finally:
        rclpy.try_shutdown()
    if not records:
        return 130
    print(table(records))
    options.output.mkdir(parents=True, exist_ok=True)
    write_records(options.output / 'report.json', records, {
        'objects': options.objects, 'camera': options.camera, 'seed': options.seed,
        'attempts': options.attempts})
    print(f"report: {options.output / 'report.json'}")
    if options.filmed:
        print(f"animation: {film.write(options.output / 'pick.gif')}")
    return 0 if any(each.lifted for each in records) else 1


def _pick(
    target: Target, index: int, planner: PlannerClient, options: Pick, film: Film | None
) -> PickRecord:
    """Lay one object out, pick it, and return what became of it."""
    rng = np.random.default_rng([options.seed, index])
    simulation = CellSimulation(
        find_hand(DEFAULT_HAND), lay_out([target], np.array(EYE), rng), options.camera,
        options.seed + index)
    settings = PickSettings(attempts=options.attempts)
    over = threading.Event()
    with running_cell(simulation, planner, options.real_time_factor, settings) as executor:
        if film is not None:
            threading.Thread(
                target=film.watch, args=(simulation, target.name, over), daemon=True).start()
        try:
            began = simulation.state().time
            attempts = executor.pick(target.name, options.seed)
            seconds = simulation.state().time - began
        finally:
            over.set()
    return PickRecord(target.name, tuple(attempts), max(simulation.rises()), seconds)


if __name__ == '__main__':
    sys.exit(main())

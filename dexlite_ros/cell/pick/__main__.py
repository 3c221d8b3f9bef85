# SPDX-License-Identifier: Apache-2.0
"""
Pick one object after the other in a simulated cell: ``python -m dexlite_ros.cell.pick``.

Planner and segmenter run as processes of their own; they and the executor know the cell by its
topics alone. Prints a table of what was tried and lifted, and writes it and an animation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
import sys
from typing import Annotated

import rclpy
from rclpy.utilities import remove_ros_args
import tyro

from dexlite_ros.cell.pick.film import Film
from dexlite_ros.cell.pick.picks import pick_layout, PickConditions
from dexlite_ros.cell.pick.record import HEAD, PickRecord, row, summary, write_records
from dexlite_ros.cell.pick.session import planner_and_segmenter, running_cell, RunningCell
from dexlite_ros.errors import DexliteError
from dexlite_ros.offline.objects.sources import find_objects, Target
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.node_processes import stay_on_this_machine
from dexlite_ros.ros.process import initialise, raise_on_signal

HEAP = 5
"""Objects on the table together, in clutter."""
Layout = tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Pick objects in a simulated cell, over the topics of a real one."""

    objects: tuple[str, ...] = ('household:600-610',)
    """Where the objects come from: procedural:N, household:N-M, or a folder of meshes."""
    split: str | None = None
    """Only objects of this split of a folder's manifest."""
    tier: str | None = None
    """Only objects of this tier of it."""
    count: Annotated[int, tyro.conf.arg(metavar='N')] = 10
    """Objects to pick of each source, spread evenly over it."""
    clutter: bool = False
    """Five objects on the table at a time, instead of one."""
    layouts: Annotated[int, tyro.conf.arg(metavar='N')] = 1
    """How often all are picked, laid out another way each time."""
    attempts: Annotated[int, tyro.conf.arg(metavar='N')] = 3
    """Grasps to try for each of them."""
    camera: CameraName = 'kinect'
    """Make of the camera, with its errors."""
    seed: int = 1
    """Of poses, camera errors and plans."""
    real_time_factor: float = 1.0
    """Simulated per real time, at most."""
    judge: bool = False
    """Let the judge of the evaluations say what it thinks of each first grasp, too."""
    start_nodes: bool = True
    """Start planner and segmenter; no: they are there already."""
    filmed: Annotated[int, tyro.conf.arg(metavar='N')] = 3
    """Layouts that the animation shows; 0: no animation."""
    output: Path = Path('output/pick')
    """Folder of report.json and pick.gif."""


@dataclass
class Progress:
    """What has been done so far."""

    records: list[PickRecord] = field(default_factory=list)
    objects: int = 0
    """How many there were to pick in the layouts so far."""
    film: Film = field(default_factory=Film)


def main() -> int:
    """Run the picks; return 0 if anything was lifted."""
    options = tyro.cli(Pick, prog='pick', args=remove_ros_args(sys.argv)[1:])
    if options.start_nodes:
        stay_on_this_machine()
    initialise([])
    # Ctrl-C ends the pick, not the process: the nodes are stopped and the results written.
    raise_on_signal()
    done = Progress()
    try:
        layouts = _layouts(options)
        with _planner(options) as planner, \
                running_cell(planner, options.real_time_factor) as cell:
            _run(layouts, cell, options, done)
    except (DexliteError, TimeoutError) as error:
        print(f'stopped: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
    finally:
        rclpy.try_shutdown()
    if not done.records:
        return 130
    print(summary(done.records, done.objects))
    print(f"report: {options.output / 'report.json'}")
    if options.filmed:
        print(f"animation: {done.film.write(options.output / 'pick.gif')}")
    return 0 if any(each.lifted for each in done.records) else 1


@contextmanager
def _planner(options: Pick) -> Iterator[PlannerClient]:
    if options.start_nodes:
        print('starting the planner and the segmenter ...', flush=True)
        with planner_and_segmenter() as (planner, _):
            yield planner
    else:
        with PlannerClient() as planner:
            planner.wait_until_active()
            yield planner


def _layouts(options: Pick) -> list[Layout]:
    """Return which objects are on the table together, in order."""
    targets: list[Target] = []
    for source in options.objects:
        found = find_objects(source, options.split, options.tier)
        count = min(options.count, len(found))
        targets += [found[index * len(found) // count] for index in range(count)]
    # Those that are next to each other in a source are often alike: a heap takes from all over.
    heaps = -(-len(targets) // HEAP) if options.clutter else len(targets)
    return [tuple(targets[index::heaps]) for index in range(heaps)]


def _run(
    layouts: Sequence[Layout], cell: RunningCell, options: Pick, done: Progress
) -> None:
    """Pick everything; print and write each pick as soon as it is over."""
    conditions = PickConditions(options.camera, options.attempts, options.judge)
    question = {**asdict(options), 'output': str(options.output)}
    options.output.mkdir(parents=True, exist_ok=True)
    print(HEAD)
    for number in range(options.layouts * len(layouts)):
        targets = layouts[number % len(layouts)]
        done.objects += len(targets)
        film = done.film if number < options.filmed else None
        for record in pick_layout(targets, options.seed, number, cell, conditions, film):
            done.records.append(record)
            print(row(record), flush=True)
            write_records(options.output / 'report.json', done.records, done.objects, question)


if __name__ == '__main__':
    sys.exit(main())

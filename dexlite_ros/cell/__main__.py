# SPDX-License-Identifier: Apache-2.0
"""
The executable ``cell``: a simulated cell that runs until Ctrl-C.

    ros2 run dexlite_ros cell --ros-args -p objects:=household:600-610 -p count:=3
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import sys
from typing import get_args

import numpy as np
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.cell.topics import CellTopics, FASTEST, SLOWEST
from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.ros.parameters.table import Entry, ParameterTable
from dexlite_ros.ros.process import initialise, spin, stop_on_signal


@dataclass(frozen=True)
class CellSettings:
    """The parameters; CELL_TABLE describes them."""

    objects: str = 'household:600-610'
    count: int = 1
    camera: CameraName = 'kinect'
    seed: int = 1
    real_time_factor: float = 1.0
    camera_period: float = 1.0

    def __post_init__(self) -> None:
        if self.camera not in get_args(CameraName):
            raise InvalidRequest(
                "parameter 'camera'", self.camera, f"one of {', '.join(get_args(CameraName))}")


CELL_TABLE = ParameterTable(CellSettings(), (
    Entry(
        'objects', 'Where the objects come from: procedural:N, household:N-M, or a folder of '
        'meshes.', read_only=True),
    Entry('count', 'Objects on the table, the first ones of the source.', 0, 20, read_only=True),
    Entry('camera', 'Make of the camera, with its errors: ideal, kinect, stereo.', read_only=True),
    Entry('seed', 'Of the poses and of the errors.', 0, 2**31 - 1, read_only=True),
    Entry(
        'real_time_factor', 'Simulated per real time, at most.', SLOWEST, FASTEST,
        read_only=True),
    Entry('camera_period', 'Simulated time between two images [s].', 0.02, 100.0, read_only=True),
))


def main(args: Sequence[str] | None = None) -> int:
    """
    Run a cell until SIGINT or SIGTERM.

    :param args: command line with ROS arguments; None: that of the process
    :return: exit status; 1 if a parameter is rejected
    """
    initialise(args)
    node = Node('cell')
    topics = _topics(node)
    if topics is not None:
        stop = stop_on_signal(5.0)
        thread = spin(SingleThreadedExecutor(), node, stop)
        topics.run(stop)
        thread.join(1.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0 if topics is not None else 1


def _topics(node: Node) -> CellTopics | None:
    """Return the cell's topics, or None with one line in the log if a parameter is rejected."""
    try:
        CELL_TABLE.declare(node)
        settings = CELL_TABLE.read(node)
        objects = lay_out(
            find_objects(settings.objects)[:settings.count], np.array(EYE),
            np.random.default_rng(settings.seed))
        simulation = CellSimulation(
            find_hand(DEFAULT_HAND), objects, settings.camera, settings.seed)
        return CellTopics(node, simulation, settings.real_time_factor, settings.camera_period)
    except (ParameterException, DexliteError) as error:
        node.get_logger().fatal(str(error))
        return None


if __name__ == '__main__':
    sys.exit(main())

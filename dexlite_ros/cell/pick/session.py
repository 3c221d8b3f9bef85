# SPDX-License-Identifier: Apache-2.0
"""What runs around picks: planner and segmenter, the cell, and the executor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
import threading

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.cell.layout import CellObject
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.cell.topics import CellTopics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.node_processes import nodes, parameters, Process
from dexlite_ros.ros.pick.executor import GraspExecutor, PickSettings
from dexlite_ros.ros.pick.robot import Robot
from dexlite_ros.ros.process import spin

RELIABLE = {'qos_overrides./camera/depth/points.subscription.reliability': 'reliable'}
"""Parameter of the segmenter: clouds are sent again until they arrive whole."""


@contextmanager
def planner_and_segmenter() -> Iterator[tuple[PlannerClient, tuple[Process, ...]]]:
    """Run planner and segmenter as processes; yield a client of the former, once it is active."""
    with nodes(
            ['dexlite_ros.ros.planner_node', *parameters(use_sim_time=True)],
            ['dexlite_ros.ros.segmenter.segmenter_node', '-r', 'points:=camera/depth/points',
             *parameters(use_sim_time=True, **RELIABLE)],
    ) as processes, PlannerClient() as planner:
        planner.wait_until_active()
        yield planner, processes


@dataclass(frozen=True)
class RunningCell:
    """A cell at work, and whoever picks in it: they know each other by their topics alone."""

    topics: CellTopics
    robot: Robot
    planner: PlannerClient

    def lay_out(
        self, objects: Sequence[CellObject], camera: CameraName = 'kinect', seed: int = 0
    ) -> CellSimulation:
        """
        Put other objects on the table; the hand is at home again, and time goes on.

        :param seed: of the camera's errors
        :raises UnusableObject: for an object that cannot be used
        """
        simulation = CellSimulation(
            find_hand(DEFAULT_HAND), objects, camera, seed, self.topics.simulation.state().time)
        self.topics.show(simulation)
        return simulation

    def executor(self, settings: PickSettings) -> GraspExecutor:
        """Return what picks in the cell."""
        simulation = self.topics.simulation
        return GraspExecutor(
            self.planner, self.robot, simulation.home, simulation.open_posture, settings)


@contextmanager
def running_cell(planner: PlannerClient, real_time_factor: float = 1.0) -> Iterator[RunningCell]:
    """
    Run a cell with an empty table.

    The nodes stay as long as it does: readers of Fast DDS keep memory of every writer they meet.

    :param real_time_factor: simulated per real time, at most
    """
    stop = threading.Event()
    cell, client = Node('cell'), Node('pick')
    simulation = CellSimulation(find_hand(DEFAULT_HAND), ())
    topics = CellTopics(cell, simulation, real_time_factor)
    executors = SingleThreadedExecutor(), SingleThreadedExecutor()
    threads = [spin(executor, node, stop) for executor, node in zip(executors, (cell, client))]
    threads.append(threading.Thread(target=topics.run, args=(stop,), daemon=True))
    threads[-1].start()
    try:
        robot = Robot(client, [pair.joints for pair in simulation.hand.couplings])
        robot.wait_until_ready()
        yield RunningCell(topics, robot, planner)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for executor in executors:
            executor.shutdown()
        cell.destroy_node()
        client.destroy_node()

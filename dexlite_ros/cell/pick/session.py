# SPDX-License-Identifier: Apache-2.0
"""One layout of the cell with everything around it: nodes, robot, executor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import threading

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.cell.topics import CellTopics
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.pick.executor import GraspExecutor, PickSettings
from dexlite_ros.ros.pick.robot import Robot
from dexlite_ros.ros.process import spin


@contextmanager
def running_cell(
    simulation: CellSimulation, planner: PlannerClient, real_time_factor: float,
    settings: PickSettings,
) -> Iterator[GraspExecutor]:
    """Run a cell, and yield an executor that knows it by its topics alone."""
    stop = threading.Event()
    cell, client = Node('cell'), Node('pick')
    topics = CellTopics(cell, simulation, real_time_factor)
    executors = SingleThreadedExecutor(), SingleThreadedExecutor()
    threads = [spin(executor, node, stop) for executor, node in zip(executors, (cell, client))]
    threads.append(threading.Thread(target=topics.run, args=(stop,), daemon=True))
    threads[-1].start()
    try:
        robot = Robot(client, [pair.joints for pair in simulation.hand.couplings])
        robot.wait_until_ready()
        yield GraspExecutor(planner, robot, simulation.home, simulation.open_posture, settings)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for executor in executors:
            executor.shutdown()
        cell.destroy_node()
        client.destroy_node()

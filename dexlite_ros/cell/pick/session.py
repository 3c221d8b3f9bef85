# SPDX-License-Identifier: Apache-2.0
"""What runs around a pick: planner and segmenter, and a layout of the cell with its executor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
import random
import threading

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.cell.topics import CellTopics
from dexlite_ros.ros.client import PlannerClient
from dexlite_ros.ros.node_processes import nodes, parameters, Process
from dexlite_ros.ros.pick.executor import GraspExecutor, PickSettings
from dexlite_ros.ros.pick.robot import Robot
from dexlite_ros.ros.process import spin


def stay_on_this_machine() -> None:
    """Keep traffic on this machine, and two cells from hearing each other."""
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))


@contextmanager
def planner_and_segmenter() -> Iterator[tuple[PlannerClient, tuple[Process, ...]]]:
    """Run planner and segmenter as processes; yield a client of the former, once it is active."""
    with nodes(
            ['dexlite_ros.ros.planner_node', *parameters(use_sim_time=True)],
            ['dexlite_ros.ros.segmenter.segmenter_node', '-r', 'points:=camera/depth/points',
             *parameters(use_sim_time=True)],
    ) as processes, PlannerClient() as planner:
        planner.wait_until_active()
        yield planner, processes


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

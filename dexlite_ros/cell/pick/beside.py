# SPDX-License-Identifier: Apache-2.0
"""
What the judge says of the first grasp of a pick, so that losses are known by where they come from.

A grasp that the judge lifts and the cell does not is lost while it is carried out. A plan on what
the camera measured of the object in truth, without ROS, that the judge lifts where it does not
lift the first, is lost between camera and planner.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.cell.pick.record import PickRecord
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.errors import BadCloud, NoGraspFound, ScaleError
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.msg import DexGraspArray
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.offline.physics.judge import judge
from dexlite_ros.offline.scenes.depth_camera import DepthImage
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.ros.conversions import staged_grasps

TEST = 'table-lift'
REST_STRIDE = 4
"""One in so many of the points besides the object's is given to the planner."""


def beside(
    record: PickRecord, simulation: CellSimulation, image: DepthImage, seed: int
) -> PickRecord:
    """
    Return the record of a pick of one object with what the judge says.

    :param image: of the object as it was laid out
    :param seed: of the plan without ROS
    """
    executed = record.attempts[0].grasp
    return replace(
        record,
        judged=None if executed is None else _lifts(
            staged_grasps(DexGraspArray(grasps=[executed])), simulation.camera.pose, simulation),
        judged_apart=_planned_apart(simulation, image, seed))


def _planned_apart(simulation: CellSimulation, image: DepthImage, seed: int) -> bool:
    """Return whether the judge lifts the best grasp of a plan on the camera's true labels."""
    points, measured = image.points(), np.isfinite(image.depth)
    cloud, rest = (points[measured & (image.labels == 1)], points[measured & (image.labels == 0)])
    try:
        plan = _planner().plan(
            PointCloud(cloud, viewpoint=np.zeros(3)), PlanRequest(max_grasps=5, seed=seed),
            obstacles=rest[::REST_STRIDE])
    except (BadCloud, NoGraspFound, ScaleError):
        return False
    return _lifts(plan.grasps[[0]], simulation.camera.pose, simulation)


@cache
def _planner() -> GraspPlanner:
    planner = GraspPlanner()
    planner.warm_up()
    return planner


def _lifts(
    grasp: StagedGrasp, to_world: NDArray[np.float64], simulation: CellSimulation
) -> bool:
    """Return whether a grasp (1), in the camera's frame, lifts the object as it was laid out."""
    turn, shift = (torch.from_numpy(part) for part in (to_world[:3, :3], to_world[:3, 3]))
    grasps = grasp.each(lambda batch: batch.to(torch.float64).transformed(turn, shift))
    verdict = next(judge(grasps, simulation.objects[0].pieces, TEST, table=0.0))
    return verdict.passed
